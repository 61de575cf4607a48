"""The packaged encoder in ONNX Runtime, for questions and single documents."""

from pathlib import Path

import numpy as np

from core.settings import DATA
from core.weighted_graph import Floats, Ints, WeightedGraph

GRAPH = DATA / "models" / "encoder.onnx"


class OnnxEncoder:
    """Raises `ModelUnavailable` when graph and weights do not fit."""

    def __init__(self, folder: Path, adapter: Path | None, threads: int | None) -> None:
        self._graph = WeightedGraph(GRAPH, folder, adapter, threads)

    def forward(self, ids: Ints, mask: Ints) -> tuple[Floats, Floats]:
        """Pooled vectors `(batch, dim)`, the mean over a text's tokens, and token vectors `(batch, length, dim)`."""
        tokens = self._graph.tokens(input_ids=ids, attention_mask=mask)
        mean = (tokens * mask[..., np.newaxis]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True), np.float32), tokens
