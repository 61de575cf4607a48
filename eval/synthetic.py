"""Text by seeded Zipf sampling, in any amount, and an encoder that makes vectors for it at the price of a copy.

For speed only: nobody learns about quality from random words.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.encoder import Encoder, Encoding, unit
from core.settings import EncoderSettings

_SEED = 7
# Share of the word of rank r is proportional to 1 / r, as in English (Zipf 1949).
_EXPONENT = 1.0
_WORDS_A_TEXT = (60, 160)
_UNITS_A_FILE = 20
# Keeps a copied vector at a cosine of about .9 to its original.
_NOISE = 0.48


def vocabulary(folder: Path) -> list[str]:
    """The encoder's whole words in the order of its vocabulary, which is by frequency: each is one token."""
    ranks = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    return [word for word in sorted(ranks, key=lambda each: int(ranks[each])) if word.isascii() and word.isalpha()]


def zipf_texts(words: Sequence[str], n: int) -> list[str]:
    """`n` texts of 60 to 160 words, in sentences; the same ones each time, and the first ones of any longer list."""
    share = 1.0 / np.arange(1, len(words) + 1) ** _EXPONENT
    bounds = np.cumsum(share / share.sum())
    random = np.random.default_rng(_SEED)
    return [_text(words, bounds, random) for _ in range(n)]


def _text(words: Sequence[str], bounds: np.ndarray, random: np.random.Generator) -> str:
    drawn = np.searchsorted(bounds, random.random(random.integers(*_WORDS_A_TEXT)))
    sampled = [words[min(rank, len(words) - 1)] for rank in drawn]
    return " ".join(" ".join(sampled[first : first + 12]).capitalize() + "." for first in range(0, len(sampled), 12))


def questions(texts: Sequence[str], n: int) -> list[str]:
    """`n` questions, each of eight words that stand together in a text."""
    picked = np.random.default_rng(_SEED).integers(0, len(texts), n)
    return [f"What about {' '.join(texts[row].lower().replace('.', '').split()[-8:])}?" for row in picked]


def write_files(folder: Path, texts: Sequence[str], name: str = "synthetic") -> Path:
    """Markdown files of 20 questions with their answers, one text each: a chunk apiece."""
    folder.mkdir(parents=True, exist_ok=True)
    for first in range(0, len(texts), _UNITS_A_FILE):
        units = [f"## {question_of(text)}\n\n{text}\n" for text in texts[first : first + _UNITS_A_FILE]]
        path = folder / f"{name}-{first // _UNITS_A_FILE:05}.md"
        path.write_text(f"# Collection {first // _UNITS_A_FILE}\n\n" + "\n".join(units), encoding="utf-8")
    return folder


def question_of(text: str) -> str:
    """What the unit of a text asks."""
    return f"What about {' '.join(text.lower().split()[:5]).rstrip('.')}?"


class TilingEncoder(Encoder):
    """Encodes the first `base` texts that come in bulk; later ones get the vectors of one of these in turn.

    A copied pooled vector gets noise, so that no two are equal in the vector store; token vectors are copied as they
    are, since what scoring them costs depends on their number alone. A single text, a question, is always encoded.
    """

    def __init__(self, settings: EncoderSettings, base: int) -> None:
        super().__init__(settings)
        self._base = base
        self._known: list[Encoding] = []
        self._given = 0
        self._random = np.random.default_rng(_SEED)

    def encode(self, texts: Sequence[str]) -> Encoding:
        if len(texts) == 1:
            return super().encode(texts)
        fresh = texts[: max(0, self._base - self._given)]
        made = [super().encode(fresh)] if len(fresh) else []
        self._known += made
        self._given += len(texts)
        made += [self._copy(len(texts) - len(fresh))] if len(texts) > len(fresh) else []
        return _joined(made)

    def _copy(self, n: int) -> Encoding:
        known = _joined(self._known)
        self._known = [known]
        rows = self._random.integers(0, len(known.pooled), n)
        noise = self._random.standard_normal((n, known.pooled.shape[1])) * (_NOISE / np.sqrt(known.pooled.shape[1]))
        return Encoding(
            unit((known.pooled[rows] + noise).astype(np.float32)),
            [known.tokens[row] for row in rows],
            [known.token_ids[row] for row in rows],
        )


def _joined(parts: Sequence[Encoding]) -> Encoding:
    if len(parts) == 1:
        return parts[0]
    return Encoding(
        np.concatenate([part.pooled for part in parts]),
        [tokens for part in parts for tokens in part.tokens],
        [ids for part in parts for ids in part.token_ids],
    )
