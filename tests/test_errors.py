"""The tree of errors: each has a status and a title, and says what to do where it is raised."""

import ast
import inspect
from pathlib import Path

import pytest

from core import errors
from core.errors import PrepError

ROOT = Path(__file__).parent.parent
TREE = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, PrepError)]
PACKAGES = ("core", "ingest", "service", "cli")


@pytest.mark.parametrize("kind", TREE)
def test_every_error_has_a_status_a_title_and_a_place_in_the_drawn_tree(kind: type[PrepError]) -> None:
    assert 400 <= kind.status < 600
    assert kind.title == kind.title.strip() != ""
    assert kind.__name__ in (errors.__doc__ or "")
    assert kind is PrepError or kind.title != PrepError.title


def test_an_error_reads_as_what_happened_and_what_to_do() -> None:
    error = errors.IndexBusy("another ingest is writing", "try again")

    assert str(error) == "another ingest is writing: try again"
    assert (error.message, error.advice, error.retryable) == ("another ingest is writing", "try again", True)
    assert str(PrepError("plain")) == "plain"


def test_no_error_is_raised_without_advice() -> None:
    names = {kind.__name__ for kind in TREE}
    bare = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for package in PACKAGES
        for path in (ROOT / package).glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
        if len(node.args) + len(node.keywords) < 2
    ]

    assert bare == []
