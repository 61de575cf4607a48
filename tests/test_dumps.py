"""The five pages saved from the web; they are not part of the project and may be missing."""

import re
from functools import cache
from pathlib import Path

import pytest

from core.markdown import blocks
from core.settings import IngestSettings
from core.types import Document
from ingest.load import load
from ingest.split import asked, count_questions

DUMPS = Path(__file__).parents[2] / "shared" / "dumps"
pytestmark = pytest.mark.skipif(not DUMPS.is_dir(), reason=f"the saved pages are not at {DUMPS}")


@cache
def dump(number: str) -> list[Document]:
    (path,) = DUMPS.glob(f"{number}_*.txt")
    return load(path, f"dumps/{path.name}", IngestSettings())


def headings(document: Document, depth: int) -> list[str]:
    return [block.heading for block in blocks(document.text) if block.kind == "heading" and block.depth == depth]


def test_the_export_has_31_documents() -> None:
    documents = dump("001")
    assert len(documents) == 31
    assert len({document.id for document in documents}) == 31
    assert sum(document.question is not None for document in documents) == 30
    assert all("#" in document.sources[0] and document.sources[0].endswith(".md") for document in documents)
    roles = {role for document in documents for role in document.tags.get("role", ())}
    assert roles == {"ai-architect", "ai-engineer", "ai-researcher", "data-scientist", "ml-engineer"}
    for document in documents[1:]:
        assert (document.question or "?!") in document.text.replace("\n> ", " ")
        assert "### Answer" in document.text
        assert "### What This Question Tests" in document.text
        assert document.text.split("\n")[-1].startswith("- ")
    assert sum(len(document.text) for document in documents) > 150_000


def test_the_report_has_nine_questions() -> None:
    (document,) = dump("003")
    assert count_questions(document) == 9
    assert document.tags == {"role": ("machine-learning-engineer",)}
    assert headings(document, 2)[-1] == "Overall summary"
    parts = ["Candidate answer", "Score", "Strengths", "Weaknesses", "Improvement tips", "Justification"]
    assert headings(document, 3) == parts * 9


def test_the_review_has_six_exchanges_and_six_actions() -> None:
    (document,) = dump("000")
    names = headings(document, 3)
    assert len(names) == 12
    for name, word in zip(names, ["platform", "variance", "attention", "FFN", "tree", "RAG"], strict=False):
        assert word in name
    assert names[5] == "Why choose RAG over fine-tuning?"
    assert "Comment" not in document.text
    assert "Previously" not in document.text


def test_the_preparation_page_has_its_31_items() -> None:
    (document,) = dump("002")
    assert count_questions(document) == 31
    assert [re.sub(r":.*", "", name) for name in headings(document, 2)] == [
        *(f"Part {n}" for n in range(1, 6)),
        "Study Plan",
    ]
    starts = [re.match(r"[A-Za-z]+", name).group() for name in headings(document, 3)]  # type: ignore[union-attr]
    assert starts == ["Q"] * 15 + ["Problem"] * 4 + ["Design"] * 3 + ["Q"] * 5 + ["Question"] * 4


def test_the_mock_interviews_have_14_questions() -> None:
    (document,) = dump("004")
    assert count_questions(document) == 14
    found = [asked(name) or "" for name in headings(document, 3)]
    assert all(len(name.split()) >= 6 for name in found)
    assert "Ideal" not in document.text
    assert "Interviewer" not in document.text
    assert [line.strip() for line in document.text.split("\n") if "```" in line] == ["```python", "```", "```", "```"]
    assert "θ ← θ + α∇_θlog π_θ(a_t|s_t)G_t" in document.text
    assert "Var(ŷ) = ρσ²+(1-ρ)σ²/T" in document.text


DAMAGE = re.compile("[âÃÂÎÏÐð][\u0080-¿€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|β[€†‰ˆ’”]|[ΒΓΞΟ][¶Ά²±©]|\ufffd|[\x80-\x9f]|¶")


@pytest.mark.parametrize("number", ["000", "001", "002", "003", "004"])
def test_no_damage_is_left(number: str) -> None:
    for document in dump(number):
        assert not DAMAGE.search(document.text + document.title + (document.question or ""))
        if number == "001":
            assert not re.search(r"β(?![₁₂0-9])|[Γπ]", document.text)
