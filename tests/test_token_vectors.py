"""Late interaction by hand: the best cosine over a chunk's tokens for each token of the question."""

from pathlib import Path

import numpy as np
import pytest

from core.late_interaction import cosines, quantise
from core.token_vectors import TokenVectors, TokenVectorsWriter

# No component is beyond ±0.4, where bytes clip.
EAST, NORTH, BETWEEN = [0.4, 0.0, 0.0], [0.0, 0.4, 0.0], [0.2, 0.2, 0.0]


def stored(folder: Path, *chunks: list[list[float]]) -> TokenVectors:
    writer = TokenVectorsWriter(folder)
    writer.append([quantise(np.array(chunk, np.float32).reshape(-1, 3)) for chunk in chunks])
    writer.close()
    return TokenVectors.load(folder)


def test_each_question_token_meets_its_best_chunk_token(tmp_path: Path) -> None:
    vectors = stored(tmp_path, [EAST, BETWEEN], [], [NORTH])
    question = np.array([EAST, NORTH], np.float32)

    best = vectors.best_matches(question, np.array([0, 1, 2]))

    np.testing.assert_allclose(best, [[0.16, 0.08], [0.0, 0.0], [0.0, 0.16]], atol=0.003)


def test_chunks_are_scored_in_the_order_asked(tmp_path: Path) -> None:
    vectors = stored(tmp_path, [EAST], [NORTH], [BETWEEN])
    question = np.array([EAST], np.float32)

    best = vectors.best_matches(question, np.array([2, 0]))

    np.testing.assert_allclose(best, [[0.08], [0.16]], atol=0.003)


@pytest.mark.parametrize("chunks", [pytest.param((), id="no chunks"), pytest.param(([], []), id="only empty chunks")])
def test_an_index_without_tokens_opens(chunks: tuple[list[list[float]], ...], tmp_path: Path) -> None:
    vectors = stored(tmp_path, *chunks)

    best = vectors.best_matches(np.ones((2, 3), np.float32), np.arange(len(chunks)))

    assert best.tolist() == [[0.0, 0.0]] * len(chunks)


def test_bytes_keep_cosines_to_a_hundredth() -> None:
    random = np.random.default_rng(0)
    unit = random.standard_normal((50, 384)).astype(np.float32)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)

    np.testing.assert_allclose(cosines(unit, quantise(unit)), unit @ unit.T, atol=0.01)
    assert quantise(np.array([[9.0, -9.0, 0.0]], np.float32)).tolist() == [[255, 1, 128]]


@pytest.mark.parametrize(("asked", "stored"), [(0, 2), (2, 0), (0, 0)])
def test_nothing_asked_or_nothing_stored_has_no_cosines(asked: int, stored: int) -> None:
    assert cosines(np.ones((asked, 3), np.float32), quantise(np.ones((stored, 3), np.float32))).shape == (stored, asked)


def test_closing_a_writer_again_leaves_its_files_alone(tmp_path: Path) -> None:
    writer = TokenVectorsWriter(tmp_path)
    writer.append([quantise(np.ones((2, 3), np.float32))])
    writer.close()
    before = (tmp_path / "token_offsets.npy").stat().st_mtime_ns

    writer.close()

    assert (tmp_path / "token_offsets.npy").stat().st_mtime_ns == before, "rewritten while read"
