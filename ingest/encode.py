"""Chunks to vectors: a chunk is also found by the token vectors of its aliases."""

from collections.abc import Sequence

import numpy as np

from core.encoder import Encoder, Encoding
from core.types import Chunk


def encode(chunks: Sequence[Chunk], encoder: Encoder) -> Encoding:
    """One pooled vector a chunk; its token vectors, its aliases' behind them."""
    aliases = [(position, alias) for position, chunk in enumerate(chunks) for alias in chunk.aliases]
    encoded = encoder.encode([chunk.encoded for chunk in chunks] + [alias for _, alias in aliases])
    tokens = [[vectors] for vectors in encoded.tokens[: len(chunks)]]
    for (position, _), vectors in zip(aliases, encoded.tokens[len(chunks) :], strict=True):
        tokens[position].append(vectors)
    return Encoding(
        encoded.pooled[: len(chunks)], [np.concatenate(own) for own in tokens], encoded.token_ids[: len(chunks)]
    )
