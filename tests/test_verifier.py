"""Does a passage support a statement? The figures by hand, the trees against scikit-learn, and clear cases."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fakes import HashEncoder, settings_at

from core.encoder import Encoder
from core.errors import ModelUnavailable
from core.pair_encoder import PairEncoder
from core.settings import EncoderSettings
from recipes.trees import boosted, plain_trees
from service.bootstrap import build_verifier
from service.deadline import Deadline
from service.language_model import Messages
from service.verifier.alterations import altered
from service.verifier.asked import AskedVerifier
from service.verifier.nli import _entailment
from service.verifier.order import longest_common, longest_run
from service.verifier.reading import Reader
from service.verifier.trees import Trees
from service.verifier.verifier import ABOUT, EmbeddedVerifier, rows_of
from service.verifier.words import numbers, same_number, window, words

L1 = "The L1 penalty subtracts the same amount at every step, e.g. 0.01, and stops at exactly zero."


@pytest.fixture(scope="module")
def verifier(encoder: Encoder) -> EmbeddedVerifier:
    return EmbeddedVerifier(encoder, PairEncoder())


@pytest.mark.parametrize(
    ("text", "values"),
    [
        pytest.param("3 of 1,024 rows", [3, 1024], id="thousands"),
        pytest.param("0.5 or 0,5", [0.5, 0.5], id="decimal point and comma"),
        pytest.param("twenty-five and ninety", [25, 90], id="tens"),
        pytest.param("two million, a thousand", [2e6, 1e3], id="scales"),
        pytest.param("a third, half, twice", [1 / 3, 0.5, 2], id="shares"),
        pytest.param("no one of them", [], id="one is a pronoun"),
        pytest.param("version 1.2.3", [], id="a version"),
    ],
)
def test_numbers_are_read_in_digits_and_in_words(text: str, values: list[float]) -> None:
    assert [value for _, value in numbers(words(text))] == pytest.approx(values)


def test_a_share_equals_its_percentage() -> None:
    assert same_number(0.5, 50)
    assert same_number(20, 0.2)
    assert not same_number(3, 300)


@pytest.mark.parametrize(
    ("statement", "passage", "figure", "expected"),
    [
        pytest.param("Use 8 heads.", "Use 16 heads.", "figures_missing", 1.0, id="another number"),
        pytest.param("Use sixteen heads.", "Use 16 heads.", "figures_missing", 0.0, id="the number in words"),
        pytest.param("It takes 3 days.", "It takes 3 hours.", "unit_changed", 1.0, id="another unit"),
        pytest.param("It never overfits.", "It overfits.", "negation_odd", 1.0, id="a negation more"),
        pytest.param("It never overfits.", "It does not overfit.", "negation_odd", 0.0, id="as many negations"),
        pytest.param("Bias is higher.", "Bias is lower.", "opposite_unseen", 1.0, id="the opposite"),
        pytest.param("It always works.", "It works.", "absolute_unseen", 1.0, id="an absolute"),
        pytest.param("Cats eat fish.", "Cats eat fish.", "kept", 1.0, id="all words in order"),
        pytest.param("Cats eat fish.", "Fish eat cats.", "kept", 1 / 3, id="words in another order"),
        pytest.param("Cats eat fish.", "Dogs chase cars.", "stems_found", 0.0, id="no word in common"),
        pytest.param("Cats eat fish.", "Cats usually eat fish.", "hedges_dropped", 1.0, id="a hedge dropped"),
        pytest.param("Cats eat fish.", "Cats sleep; dogs eat fish.", "together", 1 / 3, id="words from two clauses"),
        pytest.param("Fish eat cats.", "Cats eat fish.", "order", 0.0, id="roles exchanged"),
    ],
)
def test_a_figure_says_what_it_is_named_for(statement: str, passage: str, figure: str, expected: float) -> None:
    (row,) = rows_of(Reader(HashEncoder()), [(statement, passage)])

    assert row[figure] == pytest.approx(expected)


def test_common_words_in_order_and_in_a_run() -> None:
    assert longest_common("abcd", "xbyd") == [(1, 1), (3, 3)]
    assert longest_run("abcd", "zbcx") == 2
    assert longest_run("", "a") == longest_run("a", "") == 0


def test_of_a_long_passage_the_sentences_that_matter_are_read() -> None:
    filler = " ".join(f"Sentence {n} tells of cabbages and kings." for n in range(60))

    assert "subtracts the same amount" in window(f"{filler} {L1} {filler}", L1, 50)
    assert len(window(filler, L1, 50).split()) <= 60
    assert window(L1, "anything", 50) == L1


def test_a_passage_is_encoded_once_and_few_are_kept() -> None:
    encoder = HashEncoder()
    reader = Reader(encoder, keep=2)

    reader.read(["one two", "three four", "one two"])
    reader.read(["one two"])
    assert encoder.encoded == 2
    reader.read(["five six"])
    reader.read(["one two"])
    assert encoder.encoded == 4


def test_the_trees_compute_what_scikit_learn_computes() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 4))
    y = (x[:, 0] * x[:, 1] + x[:, 2] + rng.normal(size=600) > 0).astype(int)
    fitted = boosted(["mean", "worst", "figures_missing", "order"]).fit(x, y)

    assert Trees(**plain_trees(fitted)).log_odds(x) == pytest.approx(fitted.decision_function(x), abs=1e-9)


def test_the_files_are_of_the_encoder_that_ships() -> None:
    assert json.loads(ABOUT.read_text())["encoder"] == Encoder(EncoderSettings()).fingerprint


@pytest.mark.parametrize(
    ("statement", "supported"),
    [
        pytest.param(L1, True, id="verbatim"),
        pytest.param("The L1 penalty subtracts the same amount at every step and stops at zero.", True, id="shortened"),
        pytest.param(L1.replace("0.01", "0.5"), False, id="number changed"),
        pytest.param(L1.replace("stops", "never stops"), False, id="negated"),
        pytest.param("Dropout was patented by a Martian poet in 1812.", False, id="unrelated"),
        pytest.param("L1 subtracts the same amount because of the Hessian's spectrum.", False, id="a cause made up"),
    ],
)
def test_clear_cases_fall_on_their_side_of_the_threshold(
    statement: str, supported: bool, verifier: EmbeddedVerifier
) -> None:
    (score,) = verifier.score(statement, [L1])

    assert (score >= verifier.threshold) is supported


CLAIM = (
    "Because of the weak test, one must run over 20 tests at 5 % in 40 ms, from left to right, if $a + b < c$ is met."
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("5 %", "0.05 %"), ("5 %", "5 points"), ("40 ms", "40 s"), ("40 ms", "−40 ms"), ("20", "2,000"),
        ("20", "thirty"), ("one must", "two must"), ("must", "may"), ("over", "under"), ("+", "-"), ("<", ">"),
        ("from left to right", "from right to left"), ("is met", "isn′t met"), ("is met", "isnt met"),
        ("is met", "isnʼt met"), ("is met", "is far from met"), ("met.", "met, which is false."), ("met.", "met?"),
        ("Because", "It is a myth: because"), ("tests", "t\N{CYRILLIC SMALL LETTER IE}sts"),
    ],
)  # fmt: skip
def test_a_small_change_in_a_sentence_of_the_source_never_passes(
    old: str, new: str, verifier: EmbeddedVerifier
) -> None:
    assert verifier.score(CLAIM.replace(old, new), [CLAIM])[0] < verifier.threshold


@pytest.mark.parametrize(
    "statement",
    [
        CLAIM.replace("20 tests", "twenty tests"),
        CLAIM.replace(", from left to right,", ""),
        CLAIM.replace("Because of the weak test, one", "One").replace("is met.", "is met, because of the weak test."),
    ],
)
def test_a_number_in_words_and_a_clause_left_out_or_moved_are_no_alteration(statement: str) -> None:
    assert not altered(statement, CLAIM)


def test_a_statement_beyond_what_is_read_is_not_supported(verifier: EmbeddedVerifier) -> None:
    assert verifier.score(f"{f'{L1} ' * 12} Lasso needs a licence.", [L1]) == [0.0]


def test_what_has_no_words_supports_nothing(verifier: EmbeddedVerifier) -> None:
    assert verifier.score("…", [L1]) == [0.0]
    assert verifier.score(L1, ["—", L1])[0] == 0.0
    assert verifier.score(L1, []) == []


def test_scores_do_not_depend_on_what_is_asked_beside(verifier: EmbeddedVerifier) -> None:
    alone = [verifier.score(L1, [context])[0] for context in (L1, "Cats eat fish.")]

    assert verifier.score(L1, [L1, "Cats eat fish."]) == pytest.approx(alone, abs=1e-3)


def test_files_that_do_not_load_are_an_error(encoder: Encoder, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"recipes\.verifier"):
        EmbeddedVerifier(encoder, PairEncoder(), trees=tmp_path / "none")


def test_an_nli_model_that_does_not_load_is_an_error_not_a_skip(tmp_path: Path) -> None:
    settings = settings_at(tmp_path, verifier={"nli": str(tmp_path / "nowhere")})

    with pytest.raises(ModelUnavailable, match="PREP_VERIFIER__NLI"):
        build_verifier(settings)


@pytest.mark.parametrize(
    ("labels", "number"),
    [
        pytest.param({0: "contradiction", 1: "entailment", 2: "neutral"}, 1, id="three"),
        pytest.param({0: "ENTAILMENT", 1: "not_entailment"}, 0, id="two"),
        pytest.param({0: "LABEL_0", 1: "LABEL_1"}, 1, id="two without names"),
    ],
)
def test_the_label_of_entailment_is_found_by_name(labels: dict[int, str], number: int) -> None:
    assert _entailment("m", labels) == number


@pytest.mark.parametrize("labels", [{0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"}, {0: "LABEL_0"}, {}])
def test_labels_that_do_not_say_which_is_entailment_are_refused(labels: dict[int, str]) -> None:
    with pytest.raises(ModelUnavailable, match="labels"):
        _entailment("m", labels)


class Says:
    """A language model with one reply."""

    def __init__(self, reply: str) -> None:
        self.reply = reply
        self.asked: list[Messages] = []
        self.deadlines: list[Deadline] = []

    def stream(self, messages: Messages, max_tokens: int, deadline: Deadline) -> Iterator[str]:
        self.asked.append(messages)
        self.deadlines.append(deadline)
        yield self.reply


@pytest.mark.parametrize(
    ("reply", "score"),
    [("yes", 1.0), ("**Yes.**", 1.0), ("<think>no?</think>yes", 1.0), ("No.", 0.0), ("yes and no", 0.0), ("", 0.0)],
)
def test_a_language_model_supports_by_a_plain_yes_only(reply: str, score: float) -> None:
    model = Says(reply)

    assert AskedVerifier(model, 5).score("S.", ["A.", "B."]) == [score, score]
    assert [L1 in each[1]["content"] or "S." in each[1]["content"] for each in model.asked] == [True, True]


def test_a_language_model_must_be_there_to_be_asked(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="PREP_LLM__BASE_URL"):
        build_verifier(settings_at(tmp_path, verifier={"llm": True}))


def test_a_verdict_ends_with_the_deadline_of_the_answer_or_its_own() -> None:
    model, short, long = Says("yes"), Deadline(2), Deadline(60)
    verifier = AskedVerifier(model, 5)
    for deadline in (short, long, None):
        verifier.score("S.", ["A."], deadline)

    assert [round(each.remaining()) for each in model.deadlines] == [2, 5, 5]
    long.cancel()
    assert [each.cancelled for each in model.deadlines] == [False, True, False]


def test_a_passage_cannot_foresee_the_marks_around_it() -> None:
    program = "from service.verifier.asked import _asking; print(_asking('S.', 'A.')[1]['content'])"
    runs = {subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout for _ in range(2)}

    assert len(runs) == 2
