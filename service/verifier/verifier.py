"""The embedded verifier: does a passage say what a statement says? Two witnesses are weighed.

Boosted trees over plain figures of the two texts know words, numbers and negations; the pair encoder reads both
together and knows more of who does what. docs/verifier.md tells how good they are.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from core.encoder import Encoder
from core.errors import ModelUnavailable
from core.pair_encoder import PairEncoder
from core.settings import DATA
from service.deadline import Deadline
from service.verifier.alterations import altered
from service.verifier.figures import Figures, cover, figures_of, paired, parts, polarity
from service.verifier.order import edits, roles
from service.verifier.reading import Reader, Text
from service.verifier.trees import Trees
from service.verifier.words import window

TREES, ABOUT = DATA / "models" / "verifier.safetensors", DATA / "models" / "verifier.json"
WITNESSES = ("trees", "pair_encoder", "constant")
Floats = NDArray[np.float64]
_NEAR_VERBATIM = 0.7
BELOW = 0.9
"""What is refuted scores at most this share of the threshold."""
_WORDS_READ = 150
"""Words of a statement, and of a long passage, that are read: what the encoder's window holds."""


class EmbeddedVerifier:
    """Scores are probabilities; recipes/verifier.py trains the trees and chooses the weights and the threshold.

    Raises `ModelUnavailable` when the files do not load.
    """

    def __init__(self, encoder: Encoder, pairs: PairEncoder, trees: Path = TREES, about: Path = ABOUT) -> None:
        self._reader, self._pairs = Reader(encoder), pairs
        try:
            described = json.loads(about.read_text(encoding="utf-8"))
            self._trees = Trees(**load_file(trees))
            self._names: list[str] = described["figures"]
            self._weights = np.array([described["weights"][name] for name in WITNESSES], np.float64)
            self.threshold = float(described["threshold"])
            self.fair_threshold = float(described["fair_threshold"])
        except Exception as error:  # safetensors has no public root of its errors
            raise ModelUnavailable(
                f"the verifier {trees} does not load ({error})",
                "restore data/models from the repository, or make it with `python -m recipes.verifier`",
            ) from error

    def score(self, statement: str, contexts: Sequence[str], deadline: Deadline | None = None) -> list[float]:
        """How probable it is that each context fully supports the statement; a text without words supports nothing, and
        a statement too long to be read as a whole is not supported."""
        if len(statement.split()) > _WORDS_READ:
            return [0.0] * len(contexts)
        rows = rows_of(self._reader, [(statement, context) for context in contexts])
        known = [i for i, row in enumerate(rows) if row]
        scores = [0.0] * len(rows)
        if known:
            values = np.array([[rows[i][name] for name in self._names] for i in known], np.float64)
            told = witnesses(self._trees.log_odds(values), self._pairs, [(statement, contexts[i]) for i in known])
            for i, probability in zip(known, 1 / (1 + np.exp(-told @ self._weights)), strict=True):
                against = refuted(rows[i]) or altered(statement, contexts[i])
                scores[i] = min(float(probability), BELOW * self.threshold if against else 1.0)
        return scores


def witnesses(trees: Floats, pairs: PairEncoder, texts: Sequence[tuple[str, str]]) -> Floats:
    """What each witness says of `(statement, context)` as log-odds, and a constant: `(n, 3)`."""
    read = [(statement, window(context, statement, _WORDS_READ)) for statement, context in texts]
    together = [pairs.log_odds("supports", statement, [context])[0] for statement, context in read]
    return np.stack([trees, np.array(together), np.ones(len(texts))], axis=1)


def rows_of(reader: Reader, pairs: Sequence[tuple[str, str]]) -> list[Figures]:
    """The figures of each `(statement, context)`; none where either has no words."""
    read = [(statement, window(context, statement, _WORDS_READ)) for statement, context in pairs]
    texts = list(dict.fromkeys(text for pair in read for text in pair))
    known = dict(zip(texts, reader.read(texts), strict=True))
    return [figures(known[statement], known[context]) for statement, context in read]


def refuted(row: Figures) -> bool:
    """Whether a statement never passes, whatever the trees say: it has a number that the passage has not, or it repeats
    the passage nearly word for word, with a negation more or fewer or the opposite of a word."""
    against = row["negation_count"] or row["opposite_unseen"]
    return bool(row["figure_missing"] or (against and row["kept"] > _NEAR_VERBATIM))


def figures(statement: Text, passage: Text) -> Figures:
    """Every figure about a pair by its name; none where either text has no words."""
    if not statement.words or not passage.words:
        return {}
    pair = paired(statement, passage)
    lengths = {"log_words": float(np.log1p(len(pair.s))), "log_passage": float(np.log1p(len(pair.p)))}
    return {
        **cover(pair, statement, passage),
        **figures_of(pair),
        **polarity(pair),
        **parts(pair),
        **roles(pair),
        **edits(pair),
        **lengths,
    }
