"""What the pair encoder learns from, in one file: `python -m recipes.pairs FILE [--public DIR]`.

Questions with passages that answer them or not (recipes/answering.py), statements with passages that support them or
not (recipes/statements.py, recipes/frames.py), as token ids. Needs an index of the bank; `recipes.pair_encoder` then
trains from the file alone, on any machine.
"""

import argparse
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import numpy as np

from core.encoder import Encoder
from core.index import Index
from core.settings import Settings
from recipes.answering import Bank, Pair, answered, far, interviews, quoted, unanswered
from recipes.frames import cases, frames
from recipes.statements import Row, couple_rows, edited_rows, own_rows, public_rows
from recipes.token_file import Array, Texts
from service.retrieval import Retriever

EDITED_VERSIONS, FRAME_CASES = 24, 90_000
HELD_OUT = 8
"""One group in so many is kept to weigh the pair encoder among the verifier's other evidence."""


def kept_out(row: Row) -> bool:
    """Whether a statement belongs to those that are kept to weigh the pair encoder."""
    return sum(map(ord, row.group)) % HELD_OUT == 0


def statements(rows: Iterable[Row]) -> Iterable[Pair]:
    return ((row.statement, row.context, bool(row.label), 1.0) for row in rows if not kept_out(row))


def framed() -> Iterable[Pair]:
    for passage, said in cases(frames(), FRAME_CASES):
        yield from ((statement, passage, holds, 1.0) for statement, holds, _ in said)


def arrays(name: str, pairs: Iterable[Pair], texts: Texts) -> dict[str, Array]:
    """The numbers of both texts and the label `(n, 3)`, and the weights `(n,)`."""
    made = [(texts.number(first), texts.number(second), holds, weight) for first, second, holds, weight in pairs]
    rows = np.array([row[:3] for row in made], np.int32)
    return {f"{name}.rows": rows, f"{name}.weights": np.array([row[3] for row in made], np.float32)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="where to write")
    parser.add_argument("--index", type=Path, help="index of data/corpus; the default one when not given")
    parser.add_argument("--public", type=Path, help="folder with interview/pairs.jsonl, scifact/ and attribution/")
    given = parser.parse_args()
    settings = Settings().at(given.index)
    encoder = Encoder(settings.encoder)
    with closing(Index.open(settings.index)) as index:
        bank = Bank(index, Retriever(encoder, settings.retrieval))
        sources = {"answers.bank": [*answered(bank), *unanswered(bank), *far(bank)], "answers.quoted": [*quoted()]}
    sources |= {"supports.own": [*statements(own_rows())], "supports.couples": [*statements(couple_rows())]}
    sources |= {"supports.edited": [*statements(edited_rows(EDITED_VERSIONS))], "supports.framed": [*framed()]}
    if given.public:
        sources["answers.interviews"] = [*interviews(given.public, encoder)]
        sources["supports.attribution"] = [*statements(public_rows(given.public))]
    texts = Texts()
    made = [arrays(name, pairs, texts) for name, pairs in sources.items()]
    texts.save(given.file, encoder.folder / "tokenizer.json", {key: of for each in made for key, of in each.items()})


if __name__ == "__main__":
    main()
