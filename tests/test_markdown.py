"""The blocks of a Markdown text as offsets into it."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.markdown import blocks, heading_path, without_markup

PARTS = {
    "heading": "## A *fine* heading",
    "paragraph": "Some words\nover two lines.",
    "item": "- one item",
    "code": "```python\n# no heading\n\nx = [1]\n```",
    "table": "| a | b |\n|---|---|\n| 1 | 2 |",
    "formula": "$$\nx^2\n$$",
    "quote": "> quoted words",
    "rule": "---",
}


@pytest.mark.parametrize("kind", PARTS)
def test_every_kind_of_block_is_known_by_its_offsets(kind: str) -> None:
    text = f"Before.\n\n{PARTS[kind]}\n\nAfter.\n"

    found = [block for block in blocks(text) if text[block.start : block.end] not in ("Before.", "After.")]

    assert [(block.kind, text[block.start : block.end]) for block in found] == [(kind, PARTS[kind])]


def test_list_items_come_one_by_one_and_nested_ones_apart() -> None:
    text = "1. first\n   goes on\n2. second\n   - inner\n   - other\n3. third"

    found = [(block.depth, text[block.start : block.end]) for block in blocks(text)]

    assert found == [(1, "1. first\n   goes on"), (1, "2. second"), (2, "- inner"), (2, "- other"), (1, "3. third")]


def test_a_heading_knows_its_level_and_words() -> None:
    text = "# One\n\nTwo\n---\n"

    assert [(block.heading, block.depth, block.start) for block in blocks(text)] == [("One", 1, 0), ("Two", 2, 7)]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param("A *fine* and **bold** ***heading***", "A fine and bold heading", id="stars"),
        pytest.param("A _fine_ and __quite bold__ heading", "A fine and quite bold heading", id="underscores"),
        pytest.param("**Both _at once_ and *so***", "Both at once and so", id="nested"),
        pytest.param("**What does `yield` do?**", "What does yield do?", id="code in bold"),
        pytest.param("`a*b*c`, ``x`y`` and `__init__`", "a*b*c, x`y and __init__", id="code"),
        pytest.param("max_depth of a random_forest", "max_depth of a random_forest", id="names"),
        pytest.param("What does __init__ do?", "What does __init__ do?", id="a name between underscores"),
        pytest.param("2**n, 2 ** n ** m and 2 * n * m", "2**n, 2 ** n ** m and 2 * n * m", id="operators"),
        pytest.param("f(*args, **kwargs)", "f(*args, **kwargs)", id="unpaired"),
        pytest.param("A* and C*", "A* and C*", id="stars after names"),
        pytest.param("${x}_i + {y}_j *z*$ is *it*", "${x}_i + {y}_j *z*$ is it", id="a formula"),
        pytest.param("between $5 and *about* $6", "between $5 and about $6", id="prices"),
    ],
)
def test_a_heading_is_read_without_its_markup_alone(written: str, read: str) -> None:
    assert without_markup(written) == read
    assert heading_path(f"# {written}\n\nText.", len(written) + 5) == (read,)


@pytest.mark.parametrize("part", ["*a ", "*", "_", "`", "$a", "`*", "*`a` ", "**a* "])
def test_no_markup_takes_quadratic_time(part: str) -> None:
    started = time.perf_counter()
    without_markup(part * 50_000)

    assert time.perf_counter() - started < 5


@given(st.lists(st.sampled_from(sorted(PARTS.values())), max_size=8), st.sampled_from(["", "\n", "\n\n  \n"]))
def test_blocks_cover_the_text_in_order_without_overlap(parts: list[str], tail: str) -> None:
    text = "\n\n".join(parts) + tail

    found = blocks(text)

    assert "".join("".join(text[block.start : block.end].split()) for block in found) == "".join(text.split())
    assert all(first.end <= second.start for first, second in pairwise(found))


@given(st.text(alphabet="a#-> *`|\n1.$é🤔", max_size=60))
def test_no_text_breaks_the_offsets(text: str) -> None:
    for block in blocks(text):
        piece = text[block.start : block.end]
        assert piece
        assert piece == piece.strip(), "white space around a block"
        assert block.heading in piece
