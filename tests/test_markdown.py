"""The blocks of a Markdown text as offsets into it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.markdown import blocks

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
