"""From what a language model writes, in whatever pieces it comes, to sentences with numbers."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import GeneratorFailed
from core.types import DraftSentence
from service.draft_parser import DraftParser


def parsed(text: str, size: int = 10_000) -> list[DraftSentence]:
    parser, found = DraftParser(), []
    for start in range(0, len(text), size):
        found += parser.feed(text[start : start + size])
    return [*found, *parser.finish()]


def pairs(text: str, size: int = 10_000) -> list[tuple[str, tuple[int, ...]]]:
    return [(sentence.text, sentence.citations) for sentence in parsed(text, size)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("One [1]. Two [2].", [("One.", (1,)), ("Two.", (2,))], id="before the full stop"),
        pytest.param("One. [1] Two. [2]", [("One.", (1,)), ("Two.", (2,))], id="after the full stop"),
        pytest.param("One.[1] Two.[2][3]", [("One.", (1,)), ("Two.", (2, 3))], id="glued to it"),
        pytest.param("One [1, 3]. Two [2-4].", [("One.", (1, 3)), ("Two.", (2, 3, 4))], id="lists and ranges"),
        pytest.param("One【1】. Two [Passage 2].", [("One.", (1,)), ("Two.", (2,))], id="other shapes"),
        pytest.param("One［１］. Two【2†source】.", [("One.", (1,)), ("Two.", (2,))], id="full width"),
        pytest.param("One. Two [2].", [("One.", (2,)), ("Two.", (2,))], id="one for two sentences"),
        pytest.param("One [1]. Two.\n\nThree.", [("One.", (1,)), ("Two.", (1,)), ("Three.", ())], id="per paragraph"),
        pytest.param("# Head\n\nOne [1].", [("One.", (1,))], id="headings are left out"),
        pytest.param("Why:\n- a [1]\n- b [2]", [("Why:", (1,)), ("a", (1,)), ("b", (2,))], id="items"),
        pytest.param("Use `x[0]` here [1].", [("Use `x[0]` here.", (1,))], id="an index in code"),
        pytest.param("<think>Hm. [9]</think>One [1].", [("One.", (1,))], id="thoughts are left out"),
        pytest.param("<think>Hm. [9]", [], id="nothing but a thought"),
        pytest.param("One [1000000000].", [("One [1000000000].", ())], id="no number of a passage"),
        pytest.param("One\u200b [\u200b1].", [("One.", (1,))], id="invisible characters"),
        pytest.param(
            "- One [1]. Two.\n- Three. [2]", [("One.", (1,)), ("Two.", (1,)), ("Three.", (2,))], id="long item"
        ),
        pytest.param("- One. Two. [1, 2]", [("One.", (1, 2)), ("Two.", (1, 2))], id="one for an item"),
        pytest.param("One **[2]**. Two _[1]_.", [("One.", (2,)), ("Two.", (1,))], id="in bold"),
        pytest.param("One ([2], [3]). Two. (Source [1])", [("One.", (2, 3)), ("Two.", (1,))], id="in brackets"),
        pytest.param("One [2] and [3]. Two [[1]].", [("One.", (2, 3)), ("Two.", (1,))], id="in a row, and twice"),
        pytest.param("One (see sources [2]; [4]).", [("One.", (2, 4))], id="led to"),
        pytest.param("One (Passage [2], Passage [3]).", [("One.", (2, 3))], id="named outside"),
        pytest.param("One [Passage 2, Passage 5].", [("One.", (2, 5))], id="each with its name"),
        pytest.param("One<sup>[2]</sup>. Two [1](#p1).", [("One.", (2,)), ("Two.", (1,))], id="raised or linked"),
        pytest.param("One <think>No. [9]\n\nOr? </think>[1].", [("One.", (1,))], id="a thought in between"),
        pytest.param("Hm, no.\n\nSo?\n</think>\nOne [1].", [("One.", (1,))], id="a thought without a beginning"),
        pytest.param("The tag `</think>` ends it [1].", [("The tag `</think>` ends it.", (1,))], id="a tag in code"),
        pytest.param("", [], id="nothing"),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 10_000])
def test_sentences_and_their_numbers(text: str, expected: list[tuple[str, tuple[int, ...]]], size: int) -> None:
    assert pairs(text, size) == expected


def test_blocks_stay_whole() -> None:
    text = "Code [1]:\n\n```python\nx = a[0]\n\ny = 1\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n$$x = 1$$\n"

    assert [(sentence.kind, sentence.text) for sentence in parsed(text, 5)][1:] == [
        ("code", "```python\nx = a[0]\n\ny = 1\n```"),
        ("table", "| a | b |\n|---|---|\n| 1 | 2 |"),
        ("formula", "$$x = 1$$"),
    ]


def test_a_sentence_is_given_before_the_reply_has_ended() -> None:
    parser = DraftParser()

    assert [sentence.text for sentence in parser.feed("One [1]. Two goes o")] == ["One."]


def test_a_thought_that_was_given_as_the_reply_is_a_fault_of_the_model() -> None:
    thought = "Passage [2] says so.\nIs it so?\n</think>\n"

    assert pairs(f"{thought}One [1].") == [("One.", (1,))]
    with pytest.raises(GeneratorFailed, match="thought aloud"):
        pairs(f"{thought}One [1].", 5)


def test_a_part_longer_than_any_source_cites_nothing() -> None:
    for text in ("a " * 9_000 + "[1].", "- " + "One. " * 3_000 + "[1]", "```\n" + "x\n" * 9_000 + "```\n[1]"):
        for size in (7, 1_000_000):
            first, *rest = parsed(f"{text}\n\nTwo [2].", size)
            assert len(first.text) < 5_000
            assert first.citations == ()
            assert ("Two.", (2,)) in [(sentence.text, sentence.citations) for sentence in rest]


@pytest.mark.parametrize(
    "text",
    [
        "![" * 200_000,
        "[1" + "1" * 60_000 + "]",
        "a" + " " * 30_000 + "b",
        "a." * 50_000 + "/",
        "." * 200_000,
        "\n" * 200_000,
        "\\(" * 60_000,
        "- " + "Aa b. " * 30_000,
        "**[1]" * 30_000,
        "<think" * 30_000,
    ],
    ids=lambda text: repr(text[:8]),
)
@pytest.mark.parametrize("size", [100, 1_000_000])
def test_no_reply_takes_quadratic_time(text: str, size: int) -> None:
    start = time.process_time()
    parsed(text, size)

    assert time.process_time() - start < 2


@given(st.text("ab A.[]1`*|\n# -<", max_size=60), st.integers(1, 9))
def test_any_text_in_any_pieces_is_parsed(text: str, size: int) -> None:
    assert all(sentence.text for sentence in parsed(text, size))
