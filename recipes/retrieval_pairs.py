"""What the encoder's adapter learns from, in one file: `python -m recipes.retrieval_pairs FILE [--public DIR]`.

Passages with the questions that each answers or the statements that it supports, as token ids.
`recipes.encoder_adapter` then trains from the file alone, on any machine.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from core.encoder import Encoder
from core.settings import DATA, EncoderSettings, IngestSettings
from ingest.load import load
from ingest.split import split
from recipes.statements import plain
from recipes.token_file import Array, Texts

LONGEST = 1_500  # characters of a passage that are read; its window holds less
Passage = tuple[str, str, list[str]]  # text, group and questions; passages of one group are not told apart


def bank(encoder: Encoder) -> Iterator[Passage]:
    """Chunks with the questions whose quote they hold; a card's own questions go to its first chunk."""
    rows = _rows(DATA / "training" / "questions.jsonl") + _rows(DATA / "training" / "reading.jsonl")
    for path in sorted((DATA / "corpus").rglob("*.md")):
        (document,) = load(path, path.name, IngestSettings())
        card = f"{path.parent.name}/{path.stem}"
        places = {row["question"]: document.text.find(row["quote"]) for row in rows if _of(row, card)}
        places |= {question: 0 for question in (document.title, *document.tags["aliases"]) if question not in places}
        for chunk in split(document, encoder.count_tokens, encoder.max_tokens):
            yield chunk.encoded, card, [question for question, at in places.items() if chunk.start <= at < chunk.end]


def _of(row: dict[str, Any], card: str) -> bool:
    return row.get("card") == card and bool(row.get("answerable", True))


def interviews(folder: Path) -> list[Passage]:
    """Answers of public interview repositories with their questions."""
    asked = defaultdict[str, set[str]](set)
    for row in _rows(folder / "interview" / "pairs.jsonl"):
        if len(row["answer"].split()) >= 5 and "Standard interview answer evaluating" not in row["answer"]:
            asked[row["answer"].replace("💡 Show Answer", "").strip()].add(row["question"])
    return [(answer, answer, sorted(own)) for answer, own in asked.items()]


def claims(folder: Path) -> list[Passage]:
    """Abstracts with the claims of SciFact's training split that they bear on."""
    said = {row["_id"]: row["text"] for row in _rows(folder / "scifact" / "queries.jsonl")}
    of = defaultdict[str, list[str]](list)
    for claim, abstract, _ in map(str.split, (folder / "scifact" / "qrels" / "train.tsv").open().readlines()[1:]):
        of[abstract].append(said[claim])
    abstracts = (row for row in _rows(folder / "scifact" / "corpus.jsonl") if row["_id"] in of)
    return [(f"{row['title']}\n{row['text']}", row["_id"], of[row["_id"]]) for row in abstracts]


def attributed(folder: Path) -> list[Passage]:
    """Passages of the attribution pairs with the statements that they support, and the questions which those answer."""
    said = defaultdict[str, set[str]](set)
    for row in (row for path in sorted((folder / "attribution").glob("*.jsonl")) for row in _rows(path)):
        if row["label"]:
            said[plain(row["context"])] |= {plain(row[key]) for key in ("question", "statement") if row.get(key)}
    return [(context[:LONGEST], context, sorted(own)) for context, own in said.items()]


def arrays(name: str, passages: list[Passage], texts: Texts) -> dict[str, Array]:
    """Of each passage the numbers of its text and group `(n, 2)`, of each question those of its text and passage."""
    groups = {group: number for number, group in enumerate(dict.fromkeys(group for _, group, _ in passages))}
    own = [(texts.number(text), groups[group]) for text, group, _ in passages]
    asked = [(texts.number(each), row) for row, (_, _, questions) in enumerate(passages) for each in questions]
    return {f"{name}.passages": np.array(own, np.int32), f"{name}.questions": np.array(asked, np.int32)}


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="where to write")
    parser.add_argument("--public", type=Path, help="folder with interview/pairs.jsonl, scifact/ and attribution/")
    given = parser.parse_args()
    encoder, texts = Encoder(EncoderSettings(adapted=False)), Texts()
    sources = {"bank": list(bank(encoder))}
    if given.public:
        sources |= {"interview": interviews(given.public), "scifact": claims(given.public)}
        sources["attribution"] = attributed(given.public)
    made = [arrays(name, passages, texts) for name, passages in sources.items()]
    texts.save(given.file, encoder.folder / "tokenizer.json", {key: of for each in made for key, of in each.items()})


if __name__ == "__main__":
    main()
