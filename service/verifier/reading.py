"""Texts as the verifier reads them: words, each with a vector in its context and a measure of how rare it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np

from core.encoder import Encoder, Floats, Ints, unit
from service.verifier.words import Word, words

# The encoder's vocabulary is ordered by frequency; its words begin near this id.
_FIRST_WORD = 1_996


@dataclass(frozen=True, slots=True)
class Text:
    """Words with, row by row, unit vectors `(n, dim)` and rarity `(n,)`; `pooled (dim,)` is the whole text's vector."""

    words: list[Word]
    vectors: Floats
    rarity: Floats
    pooled: Floats


class Reader:
    """Reads texts with an encoder and keeps those read last, so that a passage is encoded once."""

    def __init__(self, encoder: Encoder, keep: int = 1_024) -> None:
        self._encoder = encoder
        self._most = keep
        self._kept: dict[str, Text] = {}
        self._lock = Lock()

    def read(self, texts: Sequence[str]) -> list[Text]:
        """The texts in order; those not known are encoded together."""
        with self._lock:
            found = {text: self._kept[text] for text in texts if text in self._kept}
        new = list(dict.fromkeys(text for text in texts if text not in found))
        if new:
            made = self._encoder.encode(new)
            for text, pooled, tokens, ids in zip(new, made.pooled, made.tokens, made.token_ids, strict=True):
                found[text] = _text(text, self._encoder.offsets(text)[: len(tokens)], pooled, tokens, ids)
            self._keep({text: found[text] for text in new})
        return [found[text] for text in texts]

    def _keep(self, new: dict[str, Text]) -> None:
        with self._lock:
            self._kept |= new
            for text in list(self._kept)[: -self._most]:
                del self._kept[text]


def _text(text: str, offsets: Sequence[tuple[int, int]], pooled: Floats, tokens: Floats, ids: Ints) -> Text:
    """A word's vector is the mean of its pieces'; words beyond the encoder's window are left out."""
    kept, vectors, rarity, k = [], [], [], 0
    for word in words(text):
        while k < len(offsets) and offsets[k][1] <= word.start:
            k += 1
        end = k
        while end < len(offsets) and offsets[end][0] < word.end:
            end += 1
        if end > k:
            kept.append(word)
            vectors.append(tokens[k:end].mean(axis=0))
            rarity.append(np.log(max(int(ids[k:end].max()), _FIRST_WORD) - _FIRST_WORD + 6))
    rows = np.array(vectors, np.float32).reshape(len(kept), tokens.shape[-1])
    return Text(kept, unit(rows), np.array(rarity, np.float32), pooled)
