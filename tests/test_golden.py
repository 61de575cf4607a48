"""The golden set: quotes are in the bank, absences were looked for, no question gives its answer away."""

import json
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest
import yaml

DATA = Path(__file__).parents[1] / "data"
CARDS = {
    path.relative_to(DATA / "corpus").with_suffix("").as_posix(): path.read_text(encoding="utf-8").split("---\n", 2)
    for path in (DATA / "corpus").rglob("*.md")
}


def rows(name: str) -> list[dict]:
    return [json.loads(line) for line in (DATA / "golden" / name).read_text(encoding="utf-8").splitlines()]


QUESTIONS = rows("questions.jsonl")
STATEMENTS = rows("statements.jsonl")
ANSWERABLE = [row for row in QUESTIONS if row["answerable"]]
ABSENT = [row for row in QUESTIONS if not row["answerable"]]


def plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def test_the_set_is_as_large_and_as_mixed_as_it_says() -> None:
    assert sum(row["tags"]["style"] != "multi" for row in ANSWERABLE) >= 140
    assert sum(row["tags"]["style"] == "multi" for row in ANSWERABLE) >= 25
    assert len(ABSENT) >= 60
    kinds = Counter(row["absent"] for row in ABSENT)
    assert kinds["near_miss"] >= 30
    assert min(kinds["off_topic"], kinds["adversarial"]) >= 10
    assert abs(sum(row["split"] == "dev" for row in QUESTIONS) - len(QUESTIONS) / 2) <= 3
    assert len({row["id"] for row in QUESTIONS}) == len({plain(row["question"]) for row in QUESTIONS}) == len(QUESTIONS)


@pytest.mark.parametrize("row", ANSWERABLE, ids=lambda row: row["id"])
def test_an_answerable_question_has_its_answer_in_the_bank(row: dict) -> None:
    assert row["spans"]
    assert {span["card"] for span in row["spans"]} <= set(row["cards"])
    for span in row["spans"]:
        assert span["quote"] in CARDS[span["card"]][2]
    assert len(row["cards"]) >= (2 if row["tags"]["style"] == "multi" else 1)
    assert 2 <= len(row["key_points"]) <= 6
    assert row["reference"]


@pytest.mark.parametrize("row", ABSENT, ids=lambda row: row["id"])
def test_an_absent_answer_has_been_looked_for(row: dict) -> None:
    assert len(row["searched"]) >= 20
    assert set(row.get("nearest", [])) <= set(CARDS)


def test_no_question_repeats_a_heading_or_an_alias() -> None:
    taken = set()
    for _, head, body in CARDS.values():
        front = yaml.safe_load(head)
        taken |= {plain(text) for text in [front["question"], *front["aliases"], *re.findall(r"^#+ (.+)$", body, re.M)]}
    assert [row["id"] for row in QUESTIONS if plain(row["question"]) in taken] == []


def test_questions_about_one_card_stand_on_one_side_of_the_split() -> None:
    sides = defaultdict(set)
    for row in ANSWERABLE:
        sides[row["cards"][0]].add(row["split"])
    assert [card for card, split in sides.items() if len(split) > 1] == []


@pytest.mark.parametrize("row", STATEMENTS, ids=lambda row: row["id"])
def test_a_statement_is_judged_against_a_passage_of_the_bank(row: dict) -> None:
    assert row["context"] in CARDS[row["card"]][2]
    assert (row["label"] == 1) == (row["change"] in ("verbatim", "paraphrase"))
    assert row["statement"] != row["context"] or row["change"] == "verbatim"


def test_statements_cover_every_kind_of_change() -> None:
    kinds = Counter(row["change"] for row in STATEMENTS)
    assert len(STATEMENTS) >= 200
    assert set(kinds) == {"verbatim", "paraphrase", "number", "negation", "swap", "addition", "elsewhere"}
    assert min(kinds.values()) >= 10
