"""The network that tells whether a passage answers a question: `python -m recipes.answering [--public DIR]`.

It learns from data/training/questions.jsonl and reading.jsonl, asked of an index of the bank: a question belongs to
the chunk that holds its quote, and not to the chunks of other cards that retrieval brings for it; a question that the
bank does not answer belongs to none. Half the time a chunk is read without its title, and with `--public` the answers
of `DIR/interview` are read besides: the network is to read what a passage says, not to learn the cards by heart.
Writes data/models/answering.onnx, which `recipes.refusal` weighs among the other signals. Eight minutes on two cores.
"""

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from core.encoder import Encoder
from core.index import Index
from core.late_interaction import restored
from core.learned_interaction import MOST_ASKED, MOST_READ
from core.settings import DATA, Settings
from recipes.encoder_adapter import LONGEST, public
from recipes.interaction import Interaction, Together, export, fit, padded
from service.evidence import ANSWERING
from service.retrieval import Retriever

STEPS, NETWORKS = 500, 2
# Of a batch: questions with a passage that answers, with one that does not, and far questions with any passage.
ANSWERED, UNANSWERED, ANYWHERE = 24, 36, 4
# How surely the passages found for a question do not answer it, by why: another one may hold the answer as well.
# Far questions are few and count for more.
SURE = {"near_miss": 1.0, "off_topic": 1.2, "adversarial": 1.2, "elsewhere": 0.4, "same card": 0.7}
RETRIEVED = 8
INTERVIEW_COPIES = 2  # interview pairs are few beside those of the bank
WITHOUT_TITLE = 0.5
SAME_ANSWER = 0.9  # cosine from which another passage counts as the answer in other words
Pair = tuple[int, int]  # places of a question and of a passage


@dataclass(frozen=True, slots=True)
class Examples:
    """Questions and passages as token vectors, which pairs of them answer and which, with their weights, do not.

    `titles` are the tokens with which each passage begins and may be read without; `far` are questions that no passage
    answers.
    """

    questions: list[Tensor] = field(default_factory=list)
    passages: list[Tensor] = field(default_factory=list)
    titles: list[int] = field(default_factory=list)
    answered: list[Pair] = field(default_factory=list)
    unanswered: list[Pair] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    far: list[int] = field(default_factory=list)

    def add_unanswered(self, pair: Pair, why: str) -> None:
        self.unanswered.append(pair)
        self.weights.append(SURE[why])

    def passage(self, place: int, rng: random.Random) -> Tensor:
        """A passage, now and then without its title."""
        return self.passages[place][self.titles[place] if rng.random() < WITHOUT_TITLE else 0 :]


def questions() -> Iterator[dict[str, Any]]:
    """Written ways to ask for each card, and the questions written to tell an answer from none."""
    for name in ("questions", "reading"):
        for line in (DATA / "training" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            yield {"answerable": True, **json.loads(line)}


def plain(text: str) -> str:
    """Without emphasis marks and line breaks."""
    return " ".join(text.replace("*", "").split())


def bank(index: Index, encoder: Encoder, retriever: Retriever) -> Examples:
    """Each question with the chunk that holds its quote, and with retrieved chunks that do not answer it; a card's own
    question with its first chunk, which gives the point."""
    asked, of, of_card = [*questions()], Examples(), defaultdict(list)
    chunks = index.chunks(range(len(index.vectors)))
    for row, chunk in enumerate(chunks):
        source = Path(index.record(chunk.document_id).sources[0])
        of_card[f"{source.parent.name}/{source.stem}"].append(row)
        of.passages.append(torch.from_numpy(restored(index.tokens.of(row)[:MOST_READ])))
        of.titles.append(min(encoder.count_tokens(chunk.context), len(of.passages[row]) - 1))
    for number, question in enumerate(asked):
        why = "elsewhere" if question["answerable"] else question["absent"]
        own = of_card[question.get("card", "")] if question["answerable"] else []
        of.answered.extend((number, row) for row in own if plain(question["quote"]) in plain(chunks[row].text))
        for row in retriever.search(index, question["question"], {}).rows[:RETRIEVED].tolist():
            if row not in own:
                of.add_unanswered((number, row), why)
        if why in ("off_topic", "adversarial"):
            of.far.append(number)
    titles = [(row, chunk.question) for row, chunk in enumerate(chunks) if not chunk.ordinal and chunk.question]
    of.answered.extend((len(asked) + place, row) for place, (row, _) in enumerate(titles))
    vectors = encoder.encode([*(question["question"] for question in asked), *(title for _, title in titles)]).tokens
    of.questions.extend(torch.from_numpy(each[-MOST_ASKED:]) for each in vectors)
    return of


def add_quotes(of: Examples, encoder: Encoder) -> None:
    """Each question with its quote alone, and with another quote of the same card, which does not answer it."""
    asked = [(number, each) for number, each in enumerate(questions()) if each["answerable"]]
    first, by_card = len(of.passages), defaultdict(list)
    for place, (_, each) in enumerate(asked):
        by_card[each["card"]].append(first + place)
    of.passages.extend(torch.from_numpy(each) for each in encoder.encode([each["quote"] for _, each in asked]).tokens)
    of.titles.extend([0] * len(asked))
    rng = random.Random(0)  # noqa: S311
    for place, (number, each) in enumerate(asked):
        of.answered.append((number, first + place))
        other = rng.choice(by_card[each["card"]])
        if asked[other - first][1]["quote"] != each["quote"]:
            of.add_unanswered((number, other), "same card")


def add_interviews(of: Examples, folder: Path, encoder: Encoder) -> None:
    """Questions and answers of public repositories; each question also with the answers nearest to it but its own."""
    answers, _, asked = zip(*public(folder)["interview"], strict=True)
    own = [place for place, each in enumerate(asked) for _ in each]
    passages = encoder.encode([text[:LONGEST] for text in answers])
    texts = encoder.encode([question for each in asked for question in each])
    first_passage, first_question = len(of.passages), len(of.questions)
    of.passages.extend(torch.from_numpy(each[:MOST_READ]) for each in passages.tokens)
    of.titles.extend([0] * len(answers))
    of.questions.extend(torch.from_numpy(each[-MOST_ASKED:]) for each in texts.tokens)
    cosines = texts.pooled @ passages.pooled.T
    for number, answer in enumerate(own):
        question = first_question + number
        of.answered.extend([(question, first_passage + answer)] * INTERVIEW_COPIES)
        for place in (-cosines[number]).argsort()[: RETRIEVED - 1].tolist():
            if place != answer and cosines[number, place] < SAME_ANSWER:
                of.add_unanswered((question, first_passage + place), "elsewhere")


def trained(of: Examples, seed: int) -> Interaction:
    """A network that tells the answered pairs from the others."""
    rng = random.Random(seed)  # noqa: S311
    torch.manual_seed(seed)
    network = Interaction()
    labels = torch.tensor([1.0] * ANSWERED + [0.0] * (UNANSWERED + ANYWHERE))

    def loss() -> Tensor:
        pairs = rng.sample(of.answered, ANSWERED) + rng.choices(of.unanswered, of.weights, k=UNANSWERED)
        pairs += [(rng.choice(of.far), rng.randrange(len(of.passages))) for _ in range(ANYWHERE)]
        asked, passages = padded([of.questions[i] for i, _ in pairs]), padded([of.passage(j, rng) for _, j in pairs])
        return binary_cross_entropy_with_logits(network(*asked, *passages), labels)

    fit(network, STEPS, loss)
    return network


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--index", type=Path, help="index of data/corpus; the default one when not given")
    parser.add_argument("--public", type=Path, help="folder with interview/pairs.jsonl, scifact/ and attribution/")
    given = parser.parse_args()
    settings = Settings().at(given.index)
    encoder = Encoder(settings.encoder)
    with closing(Index.open(settings.index)) as index:
        of = bank(index, encoder, Retriever(encoder, settings.retrieval))
    add_quotes(of, encoder)
    if given.public:
        add_interviews(of, given.public, encoder)
    export(Together([trained(of, seed) for seed in range(NETWORKS)]), encoder.fingerprint, ANSWERING)


if __name__ == "__main__":
    main()
