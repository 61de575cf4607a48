"""Which files an ingest reads of the paths it is given."""

import os
from pathlib import Path

import pytest
from fakes import HashEncoder, settings_at, write

from ingest.pipeline import ingest
from ingest.sources import discover


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    return write(tmp_path / "docs", a="# Alpha\n\nOne.\n", b="# Beta\n\nTwo.\n")


def read(*paths: Path) -> tuple[list[str], list[str]]:
    """Names of the files to read, and what is said of those that are not."""
    found = discover(paths)
    return [each.name for each in found if not each.problem], [str(each.problem) for each in found if each.problem]


def test_a_folder_gives_its_files_in_order_without_hidden_ones_and_unknown_formats(docs: Path) -> None:
    write(docs / "deeper", c="# C\n")
    write(docs / ".git", d="# D\n")
    for name in (".hidden.md", "picture.png", "noformat"):
        (docs / name).write_text("x")

    assert read(docs) == (["docs/a.md", "docs/b.md", "docs/deeper/c.md"], [])


def test_a_file_reached_twice_is_read_once(docs: Path) -> None:
    (docs / "again.md").symlink_to("a.md")

    assert read(docs, docs / "a.md", docs / ".." / "docs") == (["docs/a.md", "docs/b.md"], [])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("absent.md", "no such file", id="missing"),
        pytest.param("program.exe", "not a format", id="unknown suffix"),
        pytest.param("pipe.md", "not a format", id="a pipe"),
    ],
)
def test_a_path_that_cannot_be_read_is_named_and_the_rest_goes_on(
    name: str, said: str, docs: Path, tmp_path: Path
) -> None:
    (tmp_path / "program.exe").touch()
    os.mkfifo(tmp_path / "pipe.md")

    names, problems = read(tmp_path / name, docs)

    assert len(names) == 2
    assert [said in problem and name in problem for problem in problems] == [True]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        pytest.param("../secret.md", "out of the folder", id="out of the folder"),
        pytest.param("nowhere.md", "to nothing", id="to nothing"),
    ],
)
def test_a_symbolic_link_out_of_the_folder_is_not_followed(target: str, said: str, docs: Path, tmp_path: Path) -> None:
    write(tmp_path, secret="# Secret\n\nNot meant to be read.\n")
    (docs / "link.md").symlink_to(target)
    (docs / "up").symlink_to("..", target_is_directory=True)

    names, problems = read(docs)

    assert names == ["docs/a.md", "docs/b.md"]
    assert [said in problem for problem in problems] == [True]


def test_a_folder_with_the_index_in_it_does_not_feed_the_index_to_itself(docs: Path) -> None:
    settings = settings_at(docs / "index")
    ingest([docs], settings, HashEncoder())

    assert ingest([docs], settings, HashEncoder()).documents == 2
