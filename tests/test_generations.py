"""The pointer, the leases and the sweep."""

import os
from pathlib import Path

import pytest

from core.errors import IndexBusy, IndexMissing, IndexUnavailable
from core.generations import Generations


@pytest.fixture
def generations(tmp_path: Path) -> Generations:
    return Generations(tmp_path / "index")


def made(generations: Generations) -> int:
    with generations.writing():
        number, _ = generations.create()
        generations.publish(number)
    return number


def sweep(generations: Generations) -> list[int]:
    with generations.writing():
        return [number for number, _ in generations.stale()]


def test_the_pointer_names_what_was_published_last(generations: Generations) -> None:
    assert generations.current() is None
    first, second = made(generations), made(generations)

    assert first < second == generations.current()


def test_without_an_index_the_advice_is_to_ingest(generations: Generations) -> None:
    with pytest.raises(IndexMissing, match="prep ingest"):
        generations.lease()


def test_a_generation_that_is_read_is_not_swept(generations: Generations) -> None:
    old = made(generations)
    folder, lease = generations.lease()
    made(generations)

    assert sweep(generations) == []
    assert folder.is_dir()
    lease.close()
    assert sweep(generations) == [old]
    assert not folder.exists()


def test_what_a_killed_ingest_left_is_swept_and_its_number_not_reused(generations: Generations) -> None:
    made(generations)
    with generations.writing():
        left, folder = generations.create()
    (folder / "lease").unlink()

    assert made(generations) > left
    assert left in sweep(generations)
    assert not folder.exists()


@pytest.mark.parametrize("pointer", [pytest.param("", id="empty"), pytest.param("seven", id="no number")])
def test_a_broken_pointer_is_named_with_advice(pointer: str, generations: Generations) -> None:
    made(generations)
    (generations.directory / "CURRENT").write_text(pointer)

    with pytest.raises(IndexUnavailable, match="ingest again"):
        generations.lease()


def test_a_pointer_to_a_lost_generation_is_named_with_advice(generations: Generations) -> None:
    made(generations)
    (generations.directory / "CURRENT").write_text("99")

    with pytest.raises(IndexUnavailable, match="generation 99 is missing"):
        generations.lease()


def test_a_second_writer_is_told_to_wait(generations: Generations) -> None:
    with generations.writing(), pytest.raises(IndexBusy), Generations(generations.directory).writing():
        pass

    assert made(generations) == generations.current()


def test_a_folder_that_cannot_be_made_is_named_with_advice(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with (
        pytest.raises(IndexUnavailable, match="PREP_INDEX__DIRECTORY"),
        Generations(tmp_path / "file" / "index").writing(),
    ):
        pass


def test_collections_of_two_indexes_have_different_names(tmp_path: Path) -> None:
    names = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        first, second = (Generations(tmp_path / name).collection(1) for _ in range(2))
        assert first == second
        names.add(first)

    assert len(names) == 2


def test_the_pointer_is_moved_in_one_step(generations: Generations, monkeypatch: pytest.MonkeyPatch) -> None:
    first = made(generations)
    seen: list[int | None] = []
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda *paths: (seen.append(generations.current()), replace(*paths)))

    second = made(generations)

    assert (seen, generations.current()) == ([first], second)
