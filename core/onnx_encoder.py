"""The packaged encoder in ONNX Runtime, for questions and single documents: ready in half a second.

The graph lies in data/models/encoder.onnx (made by `recipes.encoder_graph`), the weights in the installed package.
"""

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from core.errors import ModelUnavailable
from core.settings import DATA
from core.weights import adapted_weights

GRAPH = DATA / "models" / "encoder.onnx"
Floats = NDArray[np.float32]


class OnnxEncoder:
    """Raises `ModelUnavailable` when graph and weights do not fit."""

    def __init__(self, folder: Path, adapter: Path | None, threads: int | None) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        # Threads that spin between questions take the cores from everything else.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        weights = adapted_weights(folder, adapter)
        named = dict(_as_in_graph(name, values) for name, values in weights.items() if _used(name))
        # ONNX Runtime reads the arrays in place, so they must live as long as the session.
        self._arrays = [onnxruntime.OrtValue.ortvalue_from_numpy(values) for values in named.values()]
        options.add_external_initializers(list(named), self._arrays)
        try:
            self._session = onnxruntime.InferenceSession(str(GRAPH), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime has no public root of its errors
            raise ModelUnavailable(
                f"the encoder's graph {GRAPH} does not load ({error})", "run `python -m recipes.encoder_graph`"
            ) from error

    def forward(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Pooled vectors `(batch, dim)`, the mean over a text's tokens, and token vectors `(batch, length, dim)`."""
        tokens = np.asarray(self._session.run(None, {"input_ids": ids, "attention_mask": mask})[0], np.float32)
        mean = (tokens * mask[..., np.newaxis]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True), np.float32), tokens


def _used(name: str) -> bool:
    return not name.startswith("pooler") and not name.endswith("position_ids")


def _as_in_graph(name: str, values: Floats) -> tuple[str, Floats]:
    if values.ndim == 2 and not name.startswith("embeddings"):
        return f"{name}.T", np.ascontiguousarray(values.T)
    return name, values
