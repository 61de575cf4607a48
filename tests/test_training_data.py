"""What the models learn from: statements about edited passages and out of frames; nothing measured is learned."""

import json
import random
from pathlib import Path

import numpy as np

from core.settings import DATA
from core.weights import packaged_model
from recipes.counterfactuals import version, versions
from recipes.frames import Frame, cases, frames
from recipes.pairs import kept_out
from recipes.statements import Row, contrast_rows, couple_rows
from recipes.token_file import Texts, TokenFile

TRAINING = DATA / "training"


class Chosen:
    """Draws that make the edits named, and keep every statement."""

    def __init__(self, *made: int) -> None:
        self._made = made
        self._turn = -1

    def choice(self, _: object) -> float:
        return 0.5

    def sample(self, numbers: range, _: int) -> list[int]:
        return [*numbers]

    def random(self) -> float:
        self._turn += 1
        return 0.0 if self._turn in self._made else 0.9


EDITS = [
    {"change": "swap", "old": "A lowers B", "new": "B lowers A", "says": "B falls by A.", "edited": "A falls by B."},
    {"change": "number", "old": "in 3 days", "new": "in 9 days", "says": "Three days.", "edited": "Nine days."},
    {"change": "addition", "old": "days.", "new": "days, at night.", "says": "It lowers.", "edited": "At night."},
]


def test_the_statements_of_an_edit_change_their_labels_with_it() -> None:
    before = version("A lowers B in 3 days.", EDITS, Chosen())
    after = version("A lowers B in 3 days.", EDITS, Chosen(0))

    assert before.passage == "A lowers B in 3 days."
    assert [holds for _, holds, _ in before.statements] == [True, False] * 3
    assert after.passage == "B lowers A in 3 days."
    assert ("B falls by A.", False, "swap") in after.statements
    assert ("A falls by B.", True, "swap") in after.statements


def test_an_edit_that_another_one_overlaps_is_left_out_with_its_statements() -> None:
    after = version("A lowers B in 3 days.", EDITS, Chosen(1, 2))

    assert after.passage == "A lowers B in 9 days."
    assert "addition" not in {kind for _, _, kind in after.statements}


def test_what_measures_shares_no_passage_with_what_is_learned() -> None:
    passage = rows("counterfactuals.jsonl")[0]["passage"]
    measured = " ".join(passage.split()[5:20])

    assert 0 in {number for number, _ in versions(1, [])}
    assert 0 not in {number for number, _ in versions(1, [measured])}


def rows(name: str) -> list[dict]:
    return [json.loads(line) for line in (TRAINING / name).read_text(encoding="utf-8").splitlines()]


FRAME = Frame(
    forms=["{A} feeds {B}.", "{B} is fed by {A}.", "It is {A} that feeds {B}.", "What feeds {B} is {A}."],
    denials=["{A} starves {B}."],
    unsaid=["{A} feeds {B} at night."],
    things=["ann", "bob", "cleo", "dan", "eve"],
    others=["ann", "bob", "cleo", "dan", "eve"],
    directed=True,
    contrast=False,
)


def test_what_a_frame_states_holds_exactly_where_its_passage_says_so() -> None:
    for passage, statements in cases([FRAME], 300):
        said = {_couple(each) for each in passage.split(". ") if "starves" not in each}
        denied = {_couple(each) for each in passage.split(". ") if "starves" in each}
        for statement, holds, kind in statements:
            if "starves" in statement:
                assert holds == (statement.rstrip(".") in {each.rstrip(".") for each in passage.split(". ")})
            elif _couple(statement) not in said & denied:
                assert holds == (_couple(statement) in said and "night" not in statement), (passage, statement, kind)


def _couple(sentence: str) -> tuple[str, str]:
    """Who feeds whom."""
    first, second = (word for word in sentence.lower().rstrip(".").split() if word in FRAME.things)
    return (second, first) if "is fed by" in sentence or "What feeds" in sentence else (first, second)


def test_every_frame_can_be_filled_in() -> None:
    rng = random.Random(0)
    for frame in frames():
        assert len(set(frame.couples(rng)[:2])) == 2
        for sentence in (*frame.forms, *frame.denials, *frame.unsaid):
            assert (sentence.count("{A}"), sentence.count("{B}")) == (1, 1)


def test_what_measures_the_verifier_is_in_no_couple_it_learns_from() -> None:
    learned = {row.statement for row in couple_rows()}

    assert learned.isdisjoint(row.statement for row in contrast_rows())
    assert {row["card"] for row in rows("couples.jsonl")}.isdisjoint(
        json.loads(line)["card"] for line in (DATA / "golden" / "statements.jsonl").read_text().splitlines()
    )


def test_the_pairs_of_a_group_are_kept_out_together() -> None:
    of = [Row("c", text, 1, "true", group, "own") for group in map(str, range(99)) for text in ("a", "b")]
    kept = {row.group for row in of if kept_out(row)}

    assert 5 < len(kept) < 25
    assert kept.isdisjoint(row.group for row in of if not kept_out(row))


def test_texts_come_back_from_a_file_as_their_tokens(tmp_path: Path) -> None:
    texts = Texts()
    numbers = [texts.number(text) for text in ("a cat", "two cats", "a cat")]
    texts.save(tmp_path / "file", packaged_model() / "tokenizer.json", {"some.rows": np.array([numbers])})
    file = TokenFile(tmp_path / "file")

    assert numbers == [0, 1, 0]
    assert file.text(1).tolist() == [2048, 8870]
    assert file.names("rows") == ["some"]
    assert file.arrays["some.rows"].tolist() == [numbers]
