"""Labelled statements out of relation frames (data/training/frames.jsonl).

A frame says one claim about two slots in many ways (`forms`), denies it (`denials`) and adds to it what does not
follow (`unsaid`). Filled with things of which it need not be true, a form makes a passage and the others statements
about it: who does what to whom has to be read, since neither the words nor knowledge of the world tell it.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

from core.settings import DATA

FRAMES = DATA / "training" / "frames.jsonl"
DENIED, SECOND, SHARED_FILLER = 0.3, 0.5, 0.25
"""How often a passage denies the claim, says it of a second couple of things, which shares one with the first."""
OTHERS = (0, 0, 1, 2, 3)
"""Sentences of other frames in a passage."""
Statement = tuple[str, bool, str]


@dataclass(frozen=True, slots=True)
class Frame:
    """`directed`: exchanging the fillers makes another claim; both then come from one list, else `others` fill B.

    `contrast`: a form says something of A and something else of B, each true of its own.
    """

    forms: list[str]
    denials: list[str]
    unsaid: list[str]
    things: list[str]
    others: list[str]
    directed: bool
    contrast: bool

    def couples(self, rng: random.Random) -> tuple[str, str, str, str, str]:
        """Things for A and B, for A and B of a second claim, and one that is not in the passage."""
        if self.directed:
            a, b, a2, b2, absent = rng.sample(self.things, 5)
        else:
            (a, a2), (b, b2, absent) = rng.sample(self.things, 2), rng.sample(self.others, 3)
        if rng.random() < SHARED_FILLER:
            a2, b2 = rng.choice([(a, b2), (a2, b)])
        return a, b, a2, b2, absent


def frames() -> list[Frame]:
    """Every frame of the file."""
    rows = map(json.loads, FRAMES.read_text(encoding="utf-8").splitlines())
    return [
        Frame(
            forms=row["forms"],
            denials=row["denials"],
            unsaid=row["unsaid"],
            things=row["fillers"]["A"],
            others=row["fillers"]["B"] or row["fillers"]["A"],
            directed=row["directed"],
            contrast=row["contrast"],
        )
        for row in rows
    ]


def cases(of: list[Frame], count: int) -> Iterator[tuple[str, list[Statement]]]:
    """Passages, each with about as many statements that hold as do not, and the kind of each."""
    rng = random.Random(0)  # noqa: S311
    for _ in range(count):
        passage, statements = _case(rng.choice(of), of, rng)
        true, false = ([each for each in statements if each[1] is holds] for holds in (True, False))
        shown = max(1, min(len(true), len(false)))
        yield passage, _some(true, shown, rng) + _some(false, shown + rng.randrange(2), rng)


def _case(frame: Frame, of: list[Frame], rng: random.Random) -> tuple[str, list[Statement]]:
    a, b, a2, b2, absent = frame.couples(rng)
    denied, second, denied_second = rng.random() < DENIED, rng.random() < SECOND, rng.random() < DENIED
    sentences = [_filled(rng.choice(frame.denials if denied else frame.forms), a, b)]
    statements = _denied(frame, a, b, sentences[0], rng) if denied else _said(frame, a, b, absent, sentences[0], rng)
    if second:
        sentences.append(_filled(rng.choice(frame.denials if denied_second else frame.forms), a2, b2))
        statements += [(_filled(rng.choice(frame.forms), a2, b2), not denied_second, "negation")]
        if not (denied or denied_second or frame.contrast or a == a2 or b == b2):
            statements += [(_filled(rng.choice(frame.forms), *mixed), False, "cross") for mixed in ((a, b2), (a2, b))]
    others = (other for other in rng.sample(of, min(len(of), rng.choice(OTHERS))) if other is not frame)
    sentences += [_filled(rng.choice(each.forms + each.denials), *each.couples(rng)[:2]) for each in others]
    rng.shuffle(sentences)
    return " ".join(sentences), statements


def _said(frame: Frame, a: str, b: str, absent: str, said: str, rng: random.Random) -> list[Statement]:
    """Statements about a passage that says the claim."""
    statements = [(_filled(form, a, b), True, "true") for form in rng.sample(frame.forms, 3)]
    statements = [each for each in statements if each[0] != said] + [(said, True, "true")] * (rng.random() < 0.1)
    statements.append((_filled(rng.choice(frame.denials), a, b), False, "negation"))
    statements.append((_filled(rng.choice(frame.unsaid), a, b), False, "addition"))
    if frame.directed:
        statements += [(_filled(form, b, a), False, "swap") for form in rng.sample(frame.forms, 2)]
    return [*statements, (_filled(rng.choice(frame.forms), a, absent), False, "elsewhere")]


def _denied(frame: Frame, a: str, b: str, said: str, rng: random.Random) -> list[Statement]:
    """Statements about a passage that denies the claim; denials need not follow from one another."""
    false = [(_filled(form, a, b), False, "negation") for form in rng.sample(frame.forms, 2)]
    return [(said, True, "true"), *false]


def _filled(sentence: str, a: str, b: str) -> str:
    text = sentence.replace("{A}", a).replace("{B}", b)
    return text[0].upper() + text[1:]


def _some(statements: list[Statement], count: int, rng: random.Random) -> list[Statement]:
    return rng.sample(statements, min(count, len(statements)))
