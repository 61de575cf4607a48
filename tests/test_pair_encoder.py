"""The encoder that reads question and passage together: its graph against PyTorch, its bounds, and clear cases."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import core.pair_encoder
import core.weights
from core.errors import ModelUnavailable
from core.pair_encoder import ADAPTER, FIRST, SECOND, PairEncoder
from core.weights import packaged_model
from recipes import encoder_adapter
from recipes import pair_encoder as recipe
from recipes.pair_encoder import Group, Reader

QUESTION = "Why does dropout need a larger network?"
PASSAGES = [
    "Dropout switches units off at random, so fewer of them are active, and a wider layer makes up for it.",
    "Batch normalisation keeps the mean and the variance of each layer's input. " * 30,
    "Cats.",
]


@pytest.fixture(scope="module")
def pairs() -> PairEncoder:
    return PairEncoder()


@pytest.fixture(scope="module")
def reader() -> Reader:
    reader = Reader(packaged_model())
    adapter = {
        name if name.startswith("heads") else f"model.{name}": each.float() for name, each in load_file(ADAPTER).items()
    }
    assert not reader.load_state_dict(adapter, strict=False).unexpected_keys
    return reader.eval()


@pytest.mark.parametrize("task", recipe.TASKS)
def test_the_graph_computes_what_was_trained(task: str, pairs: PairEncoder, reader: Reader) -> None:
    tokenizer = pairs._tokenizer
    asked, *read = (tokenizer.encode(text, add_special_tokens=False).ids for text in (QUESTION, *PASSAGES))
    groups = [Group(task, _text(ids[:SECOND]), [_text(asked), _text(asked)], [1.0, 0.0]) for ids in read]
    with torch.no_grad():
        expected = reader(groups).numpy()

    assert pairs.log_odds(task, QUESTION, PASSAGES).repeat(2) == pytest.approx(expected, abs=1e-3)
    assert np.ptp(expected) > 0.01


def _text(ids: list[int]) -> torch.Tensor:
    return torch.tensor([recipe.CLS, *ids, recipe.SEP])


def test_recipes_that_run_without_the_project_agree_with_it() -> None:
    assert (recipe.FIRST, recipe.SECOND, recipe.ADAPTER) == (FIRST, SECOND, ADAPTER)
    assert encoder_adapter.ADAPTER == core.weights.ADAPTER


def test_a_passage_scores_the_same_alone_and_in_company(pairs: PairEncoder) -> None:
    alone = [pairs.log_odds("answers", QUESTION, [passage])[0] for passage in PASSAGES]

    assert pairs.log_odds("answers", QUESTION, PASSAGES) == pytest.approx(alone, abs=1e-3)


def test_a_passage_that_answers_scores_above_others(pairs: PairEncoder) -> None:
    assert pairs.log_odds("answers", QUESTION, PASSAGES).argmax() == 0


def test_texts_without_tokens_and_beyond_what_is_read_have_scores(pairs: PairEncoder) -> None:
    long_question, long_passage = "why " * (FIRST + 9), "word " * (SECOND + 9)

    assert pairs.log_odds("answers", QUESTION, []).shape == (0,)
    assert np.isfinite(pairs.log_odds("answers", "", ["", "."])).all()
    assert pairs.log_odds("answers", long_question, [long_passage]) == pytest.approx(
        pairs.log_odds("answers", "why " * FIRST, ["word " * SECOND])
    )


def test_an_adapter_that_is_missing_is_an_error_with_advice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(core.pair_encoder, "ADAPTER", tmp_path / "none.safetensors")

    with pytest.raises(ModelUnavailable, match="restore it from the repository"):
        _ = PairEncoder().fingerprint


def test_an_adapter_that_is_damaged_is_an_error_with_advice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    damaged = tmp_path / "pair_adapter.safetensors"
    shutil.copy(ADAPTER, damaged)
    damaged.write_bytes(damaged.read_bytes()[:1000])
    monkeypatch.setattr(core.pair_encoder, "ADAPTER", damaged)

    with pytest.raises(ModelUnavailable, match="does not load"):
        PairEncoder().log_odds("answers", QUESTION, PASSAGES)
