"""A computation of the packaged encoder in ONNX Runtime: the graph lies in data/models, its weights in the package."""

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from core.errors import ModelUnavailable
from core.weights import adapted_weights

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


class WeightedGraph:
    """A graph made by `recipes.encoder_graph`, ready in half a second.

    Raises `ModelUnavailable` when graph and weights do not fit.
    """

    def __init__(self, graph: Path, folder: Path, adapter: Path | None, threads: int | None) -> None:
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
            self._session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime has no public root of its errors
            raise ModelUnavailable(
                f"the encoder's graph {graph} does not load ({error})", "run `python -m recipes.encoder_graph`"
            ) from error

    def tokens(self, **given: Ints) -> Floats:
        """Token vectors `(batch, length, dim)` of inputs `(batch, length)`."""
        return np.asarray(self._session.run(None, given)[0], np.float32)


def _used(name: str) -> bool:
    return not name.startswith("pooler") and not name.endswith("position_ids")


def _as_in_graph(name: str, values: Floats) -> tuple[str, Floats]:
    if values.ndim == 2 and not name.startswith("embeddings"):
        return f"{name}.T", np.ascontiguousarray(values.T)
    return name, values
