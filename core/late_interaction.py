"""Scoring by late interaction (ColBERT's MaxSim, arXiv:2004.12832) on vectors of one byte a dimension.

Token vectors are unit vectors stored as `uint8`; the cosines with a question's tokens are computed in integers.
"""

from functools import cache

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from core.settings import DATA

GRAPH = DATA / "models" / "int8_product.onnx"
ZERO_POINT = 128
# A unit vector of 384 dimensions has components near ±0.05; beyond ±0.4 they are so rare that clipping costs nothing.
_SCALE = 127 / 0.4

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


def quantise(vectors: Floats) -> Bytes:
    """Unit vectors `(…, dim)` to bytes."""
    return np.asarray(_rounded(vectors) + ZERO_POINT, np.uint8)


def cosines(question: Floats, vectors: Bytes) -> Floats:
    """Cosine of each stored vector `(t, dim)` with each token of the question `(m, dim)`, to about ±0.01: `(t, m)`."""
    return _scaled(_products(question, vectors))


def best_cosines(question: Floats, vectors: Bytes, starts: Ints) -> Floats:
    """The best cosine within each run of vectors, which begin at `starts (n,)`, by token of the question: `(n, m)`."""
    return _scaled(np.maximum.reduceat(_products(question, vectors), starts, axis=0))


def _products(question: Floats, vectors: Bytes) -> NDArray[np.int32]:
    if not len(vectors) or not len(question):
        return np.zeros((len(vectors), len(question)), np.int32)
    asked = _rounded(question).astype(np.int8)
    operands = {"a": np.ascontiguousarray(vectors), "b": np.ascontiguousarray(asked.T)}
    return np.asarray(_session().run(None, operands)[0], np.int32)


def _scaled(products: NDArray[np.int32]) -> Floats:
    return np.asarray(products, np.float32) / np.float32(_SCALE * _SCALE)


def _rounded(vectors: Floats) -> Floats:
    return np.asarray(np.clip(np.rint(vectors * _SCALE), -127, 127), np.float32)


@cache
def _session() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # half a millisecond of work; waking a second thread costs more on a busy machine
    return onnxruntime.InferenceSession(str(GRAPH), options, providers=["CPUExecutionProvider"])
