"""Checked sentences to the text of an answer."""

import re

from hypothesis import given
from hypothesis import strategies as st

from core.types import Sentence
from service.render import render

SENTENCES = st.lists(
    st.builds(
        Sentence,
        text=st.sampled_from(["One thing.", "Two things.", "A third."]),
        citations=st.lists(st.integers(1, 5), max_size=2, unique=True).map(tuple),
        support=st.just("verbatim"),
        score=st.just(1.0),
        kind=st.sampled_from(["sentence", "item", "code", "table", "formula"]),
        paragraph=st.just(0),
    ),
    max_size=6,
)


def sentence(text: str, *citations: int, kind: str = "sentence", paragraph: int = 0) -> Sentence:
    return Sentence(text, citations, "verbatim", 1.0, kind, paragraph)


def test_a_marker_stands_where_its_citation_is_used_last_in_a_row() -> None:
    text = render([sentence("A.", 1), sentence("B.", 1), sentence("C.", 2), sentence("D.", 1, 2, paragraph=1)])

    assert text == "A. B. [1] C. [2]\n\nD. [1] [2]"


def test_lists_and_blocks_keep_their_form() -> None:
    code = "```python\nx = 1\n```"
    text = render(
        [
            sentence("So:", 1),
            sentence("one", 1, kind="item"),
            sentence("two", 1, kind="item"),
            sentence(code, 2, kind="code"),
        ]
    )

    assert text == f"So:\n\n- one\n- two [1]\n\n{code}\n\n[2]"


@given(SENTENCES)
def test_every_citation_used_has_a_marker_and_no_other(sentences: list[Sentence]) -> None:
    markers = {int(n) for n in re.findall(r"\[(\d+)\]", render(sentences))}

    assert markers == {n for each in sentences for n in each.citations}
