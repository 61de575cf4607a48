"""Where a sentence ends."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sentences import sentence_spans


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text, 0, len(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("One. Two! Three?", ["One.", "Two!", "Three?"], id="plain"),
        pytest.param("Use it, e.g. Adam or SGD. It works.", ["Use it, e.g. Adam or SGD.", "It works."], id="e.g."),
        pytest.param("BM25 vs. Dense search. Both.", ["BM25 vs. Dense search.", "Both."], id="vs."),
        pytest.param("Smith et al. Showed it. True.", ["Smith et al. Showed it.", "True."], id="et al."),
        pytest.param("See Fig. 3 for it. Then go.", ["See Fig. 3 for it.", "Then go."], id="figure"),
        pytest.param("Set it to 0.5 or 1.25. Then stop.", ["Set it to 0.5 or 1.25.", "Then stop."], id="decimals"),
        pytest.param("Ask J. Doe first. Then me.", ["Ask J. Doe first.", "Then me."], id="initial"),
        pytest.param("Call `a. B` here. Done.", ["Call `a. B` here.", "Done."], id="inline code"),
        pytest.param("With $x. Y$ we go. Done.", ["With $x. Y$ we go.", "Done."], id="formula"),
        pytest.param("With \\(x. Y\\) we go. Done.", ["With \\(x. Y\\) we go.", "Done."], id="bracketed formula"),
        pytest.param('He said "stop." Then left.', ['He said "stop."', "Then left."], id="quotation"),
        pytest.param("**Bold.** Next one.", ["**Bold.**", "Next one."], id="emphasis"),
        pytest.param("It holds.[3] Next one.", ["It holds.[3]", "Next one."], id="footnote"),
        pytest.param("in lower case. and so on.", ["in lower case. and so on."], id="no capital follows"),
        pytest.param("Two\nlines. Next\none.", ["Two\nlines.", "Next\none."], id="line breaks"),
        pytest.param("Is it 5? 10 is more.", ["Is it 5?", "10 is more."], id="digit follows"),
        pytest.param("  One.  ", ["One."], id="white space around"),
        pytest.param(" \n ", [], id="blank"),
        pytest.param("", [], id="empty"),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@given(before=st.text(max_size=20), text=st.text(alphabet="ab AB.!?`$\n()[]1é", max_size=80))
def test_spans_hold_every_word_in_order_and_nothing_twice(before: str, text: str) -> None:
    whole = before + text

    spans = list(sentence_spans(whole, len(before), len(whole)))

    assert "".join("".join(whole[start:end].split()) for start, end in spans) == "".join(text.split())
    assert all(whole[start:end] == whole[start:end].strip() for start, end in spans)
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
