"""What a person gets for a question: over the small index, with the packaged encoder, through the whole pipeline."""

import json
import re
from pathlib import Path

import pytest
from fakes import settings_at

from core.encoder import Encoder
from core.errors import InvalidFilter, InvalidQuestion, ModelUnavailable
from core.index import Index
from core.pair_encoder import PairEncoder
from core.settings import AnswerSettings, RetrievalSettings, Settings
from core.types import Answer
from service.bootstrap import build_pipeline
from service.evidence import WEIGHTS, EvidenceJudge
from service.pipeline import Pipeline, Request
from service.retrieval import Retriever

ASKED = {
    "Why does L1 regularisation give sparse weights?": "l1.md",
    "How does dropout prevent overfitting in a neural network?": "dropout.md",
    "How does BM25 score a document? Show code.": "bm25.md",
    "Why do gradients vanish in deep recurrent networks?": "gradients.md",
    "What is the KV cache of a transformer and what does it cost?": "kv-cache.md",
    "When do you prefer precision over recall?": "metrics.md",
    "How do you choose a chunk size for RAG?": "chunking.md",
    "Tell me about a project that failed.": "failure.md",
    "What does gradient clipping do?": "interview.md",
}
OFF_TOPIC = ["What is the capital of Mongolia?", "How long does sourdough bread bake?", "Who won the football match?"]


def answered(pipeline: Pipeline, question: str, **options: object) -> Answer:
    return pipeline.answer(Request(question, **options))


@pytest.fixture(scope="module")
def texts(small: Settings) -> dict[str, str]:
    index = Index.open(small.index)
    try:
        return {id_: index.document(id_).text for id_ in index.manifest.documents}
    finally:
        index.close()


@pytest.mark.parametrize("length", ["brief", "standard", "deep"])
@pytest.mark.parametrize("question", ASKED)
def test_every_sentence_is_proved_by_the_exact_words_of_its_source(
    question: str, length: str, pipeline: Pipeline, texts: dict[str, str]
) -> None:
    answer = answered(pipeline, question, length=length)

    assert (answer.refused, answer.reason, answer.removed) == (False, None, ())
    assert answer.citations[0].source == f"corpus/{ASKED[question]}"
    for citation in answer.citations:
        assert texts[citation.document_id][citation.start : citation.end] == citation.quote != ""
    numbers = [citation.n for citation in answer.citations]
    assert numbers == list(range(1, len(numbers) + 1))
    assert {n for sentence in answer.sentences for n in sentence.citations} == set(numbers)
    assert all(sentence.citations for sentence in answer.sentences)
    assert {int(n) for n in re.findall(r"\[(\d+)\]", answer.text)} == set(numbers)
    assert not re.match(r"#|\W*(Candidate )?Answer:|\W*Question \d", answer.text), "no heading, no label"


def test_a_longer_answer_says_at_least_as_much(pipeline: Pipeline) -> None:
    for question in ASKED:
        brief, standard, deep = (
            len(answered(pipeline, question, length=length).text.split()) for length in ("brief", "standard", "deep")
        )
        assert brief <= standard <= deep, question


@pytest.mark.parametrize("question", OFF_TOPIC)
def test_what_the_corpus_does_not_hold_is_refused_with_what_is_near(question: str, pipeline: Pipeline) -> None:
    answer = answered(pipeline, question)

    assert (answer.refused, answer.reason) == (True, "not_in_corpus")
    assert answer.missing
    assert answer.nearest
    assert answer.sentences == answer.citations == ()
    assert "does not hold" in answer.text
    assert all(near.question in answer.text for near in answer.nearest)


def test_a_long_question_about_something_else_is_refused(pipeline: Pipeline) -> None:
    story = "My landlord wants to paint the stairs green and asks every tenant for a share of the cost. " * 12

    assert answered(pipeline, f"{story} Must I pay?").refused


def test_a_brief_answer_is_the_spoken_form_of_the_whole_and_the_sentences_of_a_detail(pipeline: Pipeline) -> None:
    whole = answered(pipeline, "Why does L1 regularisation give sparse weights?", length="brief")
    detail = answered(pipeline, "Where do the corners of the L1 ball lie?", length="brief")

    assert [citation.heading_path[-1] for citation in whole.citations] == ["Say it in 30 seconds"]
    assert "Say it in 30 seconds" not in [citation.heading_path[-1] for citation in detail.citations]
    assert "corners" in detail.text


def test_weights_of_refusal_that_do_not_fit_are_an_error_with_advice(encoder: Encoder, tmp_path: Path) -> None:
    weights = json.loads(WEIGHTS.read_text())
    del weights["fits"]["read"]["weights"]["lead"]
    (tmp_path / "refusal.json").write_text(json.dumps(weights))

    with pytest.raises(ModelUnavailable, match=r"recipes\.refusal"):
        EvidenceJudge(AnswerSettings(), encoder.fingerprint, PairEncoder(), tmp_path / "refusal.json")


def test_the_pair_encoder_has_a_say_on_the_documents_and_the_encoder_that_it_knows(
    pipeline: Pipeline, encoder: Encoder, tmp_path: Path
) -> None:
    weights = tmp_path / "refusal.json"
    with pipeline.live.reading() as index:
        weights.write_text(json.dumps(json.loads(WEIGHTS.read_text()) | {"documents": [*index.manifest.documents]}))
        found = Retriever(encoder, RetrievalSettings()).search(index, "What does dropout do?", {})
        pairs = PairEncoder()
        knows_neither = EvidenceJudge(AnswerSettings(), "another", pairs, weights).weigh(index, found)
        knows_encoder = EvidenceJudge(AnswerSettings(), encoder.fingerprint, pairs).weigh(index, found)
        knows_both = EvidenceJudge(AnswerSettings(), encoder.fingerprint, pairs, weights).weigh(index, found)

    assert knows_neither == knows_encoder
    assert abs(knows_both.confidence - knows_encoder.confidence) > 1e-6


def test_the_weights_of_refusal_are_of_the_encoders_that_ship(encoder: Encoder) -> None:
    made = json.loads(WEIGHTS.read_text())

    assert (made["encoder"], made["pair_encoder"]) == (encoder.fingerprint, PairEncoder().fingerprint)


def test_missing_words_are_named(pipeline: Pipeline) -> None:
    assert answered(pipeline, OFF_TOPIC[0]).missing == ("capital", "mongolia")


def test_without_an_index_the_answer_says_what_to_do(tmp_path: Path, encoder: Encoder) -> None:
    answer = answered(build_pipeline(settings_at(tmp_path / "none"), encoder), "What is dropout?")

    assert (answer.refused, answer.reason) == (True, "no_index")
    assert "prep ingest" in answer.text


def test_a_filter_bounds_where_the_answer_comes_from(pipeline: Pipeline) -> None:
    answer = answered(pipeline, "Why does L1 regularisation give sparse weights?", filters={"topic": ["rag"]})

    assert all(citation.source in ("corpus/bm25.md", "corpus/chunking.md") for citation in answer.citations)
    assert answered(pipeline, "What is dropout?", filters={"topic": ["none"]}).reason == "not_in_corpus"
    with pytest.raises(InvalidFilter):
        answered(pipeline, "What is dropout?", filters={"colour": ["blue"]})


@pytest.mark.parametrize(
    "question",
    [
        pytest.param("", id="empty"),
        pytest.param(" \n\t ", id="blank"),
        pytest.param("?! 🤔 …", id="no words"),
        pytest.param("x" * 4_001, id="too long"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_with_advice(question: str, pipeline: Pipeline) -> None:
    with pytest.raises(InvalidQuestion) as raised:
        answered(pipeline, question)

    assert raised.value.advice


@pytest.mark.parametrize(
    "question",
    [
        pytest.param("what is it about?", id="stop words only"),
        pytest.param("dropout " * 500, id="4,000 characters"),
        pytest.param("🤔 dropout — 过拟合?", id="emoji and other scripts"),
        pytest.param("why? \x00\x07 dropout", id="control characters"),
        pytest.param("dropout \udcff", id="half a surrogate"),
        pytest.param("<script>[1]</script> DROP TABLE dropout; {{x}}", id="markup"),
    ],
)
def test_odd_questions_are_answered_or_refused_but_never_break(question: str, pipeline: Pipeline) -> None:
    answer = answered(pipeline, question)

    assert answer.text
    assert 0 <= answer.confidence <= 1


def test_the_same_question_gets_the_same_answer_however_it_is_spaced(pipeline: Pipeline) -> None:
    question = "Why do gradients vanish in deep recurrent networks?"
    plain, spaced = answered(pipeline, question), answered(pipeline, f"\n {question.replace(' ', '  ')} ")

    assert (plain.text, plain.citations, plain.confidence) == (spaced.text, spaced.citations, spaced.confidence)


def test_an_answer_names_what_made_it(pipeline: Pipeline) -> None:
    answer = answered(pipeline, "What is dropout?")

    assert answer.fingerprint
    assert {"retrieve", "weigh"} <= set(answer.timings_ms)
    assert answer.generator == ("none" if answer.refused else "extractive")
