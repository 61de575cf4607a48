"""Learned late interaction: whether passages answer a question, by a trained network over token vectors.

The network and its training are in recipes/interaction.py; here its graph runs in ONNX Runtime, in milliseconds.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from core.errors import ModelUnavailable

Floats = NDArray[np.float32]
MOST_ASKED, MOST_READ = 96, 384
"""Tokens of a question, and of a passage, that are read: a question's last ones, as a story ends in what it asks."""
ENCODER = "encoder"
"""Under which a graph tells the fingerprint of the encoder it was trained with."""


class LearnedInteraction:
    """Raises `ModelUnavailable` when the graph does not load, or was trained on the vectors of another encoder."""

    def __init__(self, graph: Path, encoder: str) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        try:
            self._session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime has no public root of its errors
            raise ModelUnavailable(
                f"the model {graph} does not load ({error})", "restore data/models from the repository"
            ) from error
        trained_with = self._session.get_modelmeta().custom_metadata_map.get(ENCODER)
        if trained_with != encoder:
            raise ModelUnavailable(
                f"the model {graph} reads vectors of encoder {trained_with}, not of {encoder}",
                "restore data/models from the repository, or train it anew (data/models/README.md)",
            )

    def log_odds(self, question: Floats, passages: Sequence[Floats]) -> NDArray[np.float64]:
        """From the unit vectors of a question's tokens `(m, dim)` and of each passage's `(n, dim)`: `(passages,)`."""
        if not passages:
            return np.empty(0)
        asked, asked_mask = _padded([question[-MOST_ASKED:]] * len(passages))
        passage, passage_mask = _padded([read[:MOST_READ] for read in passages])
        given = {"asked": asked, "asked_mask": asked_mask, "passage": passage, "passage_mask": passage_mask}
        return np.asarray(self._session.run(None, given)[0], np.float64)


def _padded(vectors: Sequence[Floats]) -> tuple[Floats, NDArray[np.bool_]]:
    lengths = np.array([len(each) for each in vectors])
    mask = np.arange(max(2, *lengths)) < lengths[:, np.newaxis]
    whole = np.zeros((*mask.shape, vectors[0].shape[1]), np.float32)
    whole[mask] = np.concatenate(vectors)
    return whole, mask
