"""The shape of the code: who imports whom, where vendors live, how long files are, what documents name."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "core": set(),
    "ingest": {"core"},
    "service": {"core"},
    "eval": {"core", "service"},
    "cli": {"core", "ingest", "service", "eval"},
}
HOMES = {
    "chromadb": 1,
    "rank_bm25": 1,
    "openai": 1,
    "redis": 1,
    "ragas": 1,
    "langchain_text_splitters": 1,
    "sentence_transformers": 2,
}
SOURCES = [path for package in MAY_IMPORT for path in sorted((ROOT / package).rglob("*.py"))]


def imported(path: Path) -> set[str]:
    """Top-level names of the modules that a file imports, inside functions too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} imports relatively"
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_packages_import_along_the_arrows_only(package: str) -> None:
    others = set(MAY_IMPORT) - {package} - MAY_IMPORT[package]
    crossing = {
        str(path.relative_to(ROOT)): found
        for path in (ROOT / package).rglob("*.py")
        if (found := imported(path) & (others | {"tests", "recipes"}))
    }

    assert crossing == {}


@pytest.mark.parametrize("vendor", HOMES)
def test_a_vendor_has_one_home(vendor: str) -> None:
    homes = [str(path.relative_to(ROOT)) for path in SOURCES if vendor in imported(path)]

    assert len(homes) <= HOMES[vendor], homes


def test_the_packages_of_pyproject_are_the_folders() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]

    found = {
        ".".join(path.relative_to(ROOT).parent.parts)
        for path in ROOT.glob("**/__init__.py")
        if ".venv" not in path.parts
    }
    assert set(listed) == found


def test_tests_are_flat_and_no_package() -> None:
    here = Path(__file__).parent

    assert not (here / "__init__.py").exists()
    assert [path for path in here.rglob("*.py") if path.parent != here] == []


def test_no_file_is_longer_than_250_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in SOURCES
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 250
    }

    assert long == {}


def test_every_module_says_what_it_is() -> None:
    mute = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path.name != "__init__.py" and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]

    assert mute == []


def test_one_pipeline_a_package() -> None:
    packages = ("ingest", "service", "eval")

    assert [package for package in packages if not (ROOT / package / "pipeline.py").is_file()] == []


DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "data" / "README.md"]
_NAMED = re.compile(r"(?<![\w/.*])((?:core|ingest|service|eval|cli|data|docs|tests|recipes)/[\w./-]*\w)(?![\w*{<…])")
# Made at run time.
_MADE = ("data/index",)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_documents_name_no_file_that_is_missing(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    named = {name for name in _NAMED.findall(text) if not name.startswith(_MADE)}
    linked = set(re.findall(r"\]\((?!\w+:|#)([^)#]+)", text))
    missing = {name for name in named if not (ROOT / name).exists()}
    missing |= {link for link in linked if not (document.parent / link).exists()}

    assert missing == set()
