"""What counts as a word and as a term."""

import pytest

from core.text import terms, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("L1 vs L2!", ["l1", "vs", "l2"], id="letters and digits"),
        pytest.param("dₖ²", ["dk2"], id="compatibility forms"),
        pytest.param("don't", ["don't"], id="apostrophe"),
        pytest.param("ﬁne-tuning", ["fine", "tuning"], id="ligature and hyphen"),
        pytest.param("🤔 …", [], id="nothing to read"),
    ],
)
def test_words_are_lower_case_and_normalised(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("What is the embedding of tokens?", ["embed", "token"], id="stemmed and stopped"),
        pytest.param("the model's weights", ["model", "weight"], id="genitive"),
        pytest.param("why not?", ["not"], id="negation stays"),
        pytest.param("what is it about?", [], id="stop words only"),
    ],
)
def test_terms_are_stems_without_stop_words(text: str, expected: list[str]) -> None:
    assert terms(text) == expected
