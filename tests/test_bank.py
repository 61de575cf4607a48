"""The question bank: every card is well-formed, linked, new in its wording, and its code runs."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Literal

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field

DATA = Path(__file__).parents[1] / "data"
CORPUS = DATA / "corpus"
DUMPS = Path(__file__).parents[2] / "shared" / "dumps"
SECTIONS = ["Full answer", "Say it in 30 seconds", "What trips people up"]
Role = Literal["ai-engineer", "ml-engineer", "ai-researcher", "data-scientist", "ai-architect"]
# Questions (and, for the review, its six actions) which each source document asks.
ASKED = {"000": 13, "001": 30, "002": 32, "003": 9, "004": 14}


class FrontMatter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    question: str = Field(min_length=10)
    aliases: list[str] = Field(min_length=2, max_length=25)
    roles: list[Role] = Field(min_length=1)
    topic: str
    level: Literal["junior", "mid", "senior"]
    kind: Literal["concept", "comparison", "coding", "design", "behavioural"]
    tests: str = Field(min_length=10)
    provenance: list[str] = Field(min_length=1)
    follow_ups: list[str] = Field(min_length=1)


def read(path: Path) -> tuple[FrontMatter, str]:
    _, head, body = path.read_text(encoding="utf-8").split("---\n", 2)
    return FrontMatter.model_validate(yaml.safe_load(head)), body


CARDS = {path.relative_to(CORPUS).with_suffix("").as_posix(): read(path) for path in sorted(CORPUS.rglob("*.md"))}


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def without_code(body: str) -> str:
    return re.sub(r"^```.*?^```", "", body, flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("card", CARDS)
def test_a_card_has_its_parts(card: str) -> None:
    front, body = CARDS[card]
    prose = without_code(body)
    point, spoken = prose.split("## Full answer")[0], prose.split("## Say it in 30 seconds")[-1].split("\n## ")[0]
    assert front.topic == card.split("/")[0]
    assert re.findall(r"^## (.+)$", prose, re.MULTILINE) == SECTIONS
    assert not re.search(r"^# ", prose, re.MULTILINE)
    assert 10 <= len(words(point)) <= 90
    assert 65 <= len(spoken.split()) <= 100
    assert set(front.follow_ups) <= set(CARDS) - {card}


def test_no_two_cards_ask_the_same_question() -> None:
    asked = Counter(" ".join(words(q)) for front, _ in CARDS.values() for q in {front.question, *front.aliases})
    assert [question for question, times in asked.items() if times > 1] == []


def test_the_bank_covers_every_question_of_its_sources() -> None:
    rows = [json.loads(line) for line in (DATA / "coverage.jsonl").read_text(encoding="utf-8").splitlines()]
    assert Counter(row["source"][:3] for row in rows) == ASKED
    for row in rows:
        for card in row["cards"]:
            assert f"{row['source']}#{row['question']}" in CARDS[card][0].provenance
    assert sum(front.provenance == ["original"] for front, _ in CARDS.values()) >= 40


@pytest.mark.skipif(not DUMPS.is_dir(), reason="the source documents are not at hand")
def test_no_run_of_twelve_words_is_shared_with_a_source() -> None:
    runs = set()
    for dump in DUMPS.iterdir():
        text = words(dump.read_text(encoding="utf-8", errors="replace").replace("\\n", " "))
        runs |= {tuple(text[i : i + 12]) for i in range(len(text) - 11)}
    shared = {}
    for card, (_, body) in CARDS.items():
        text = words(body)
        shared[card] = [run for i in range(len(text) - 11) if (run := tuple(text[i : i + 12])) in runs]
    assert {card: found for card, found in shared.items() if found} == {}


@pytest.mark.parametrize("card", [card for card, (_, body) in CARDS.items() if "```python" in body])
def test_the_code_of_a_card_runs(card: str, tmp_path: Path) -> None:
    for block in re.findall(r"^```python\n(.*?)^```", CARDS[card][1], re.DOTALL | re.MULTILINE):
        run = subprocess.run([sys.executable, "-c", block], cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert run.returncode == 0, run.stderr
