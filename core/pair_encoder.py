"""A question or a statement read together with a passage: does the passage answer the one, support the other?

The packaged encoder by an adapter of its own (recipes/pair_encoder.py): the question looks at every token of the
passage in every layer. Each pair is read anew, some 25 ms on two cores, so it judges the few passages that retrieval
chose.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from core.errors import ModelUnavailable
from core.settings import DATA
from core.weighted_graph import Ints, WeightedGraph
from core.weights import PACKAGED_SHA256, file_hash, packaged_model, verified_hash

GRAPH = DATA / "models" / "pair_encoder.onnx"
ADAPTER = DATA / "models" / "pair_adapter.safetensors"
FIRST, SECOND = 96, 240
"""Tokens that are read: of a question or statement its last ones, as a story ends in what it asks; of a passage."""
_CLS, _SEP = 101, 102
Task = Literal["answers", "supports"]
Floats = NDArray[np.float64]


class PairEncoder:
    """Its files are loaded when the first pair comes; raises `ModelUnavailable` when they are missing or damaged."""

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads

    @cached_property
    def fingerprint(self) -> str:
        """Changes with anything that changes a score."""
        return f"{PACKAGED_SHA256[:12]} {file_hash(ADAPTER, 'restore it from the repository')[:12]}"

    def log_odds(self, task: Task, asked: str, passages: Sequence[str]) -> Floats:
        """Of each passage `(passages,)` that it answers the question, or supports the statement."""
        if not passages:
            return np.empty(0)
        ids, *read = (each.ids for each in self._tokenizer.encode_batch([asked, *passages], add_special_tokens=False))
        question = [_CLS, *ids[-FIRST:], _SEP]
        rows = [[_CLS, *each[:SECOND], _SEP] for each in read]
        tokens = self._graph.tokens(**_laid_out(rows, question))[:, -len(question) :]
        features = np.concatenate([tokens[:, 0], tokens.mean(axis=1), tokens.max(axis=1)], axis=1)
        weight, bias = (self._heads[f"heads.{task}.{part}"].astype(np.float64) for part in ("weight", "bias"))
        return np.asarray(features @ weight[0] + bias[0], np.float64)

    @cached_property
    def _graph(self) -> WeightedGraph:
        verified_hash(packaged_model(), PACKAGED_SHA256)
        return WeightedGraph(GRAPH, packaged_model(), ADAPTER, self._threads)

    @cached_property
    def _heads(self) -> dict[str, NDArray[np.float16]]:
        return {name: values for name, values in load_file(ADAPTER).items() if name.startswith("heads.")}

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        path = packaged_model() / "tokenizer.json"
        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # tokenizers raises bare Exception
            raise ModelUnavailable(
                f"the tokenizer {path} does not load ({error})", "reinstall with `make install`"
            ) from error
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer


def _laid_out(passages: Sequence[Sequence[int]], question: Sequence[int]) -> dict[str, Ints]:
    """Each passage, filled up to the longest, and the question behind it: a passage sees itself, the question both."""
    longest, asked = max(map(len, passages)), len(question)
    ids = np.array([[*each, *[0] * (longest - len(each)), *question] for each in passages], np.int64)
    of_passage = np.arange(longest + asked) < np.array([[len(each)] for each in passages])
    of_question = np.arange(longest + asked) >= longest
    sees = of_passage[:, np.newaxis] | (of_question[:, np.newaxis] & of_question)
    return {
        "input_ids": ids,
        "position_ids": np.broadcast_to([*range(longest), *range(asked)], ids.shape).astype(np.int64),
        "token_type_ids": np.broadcast_to(of_question, ids.shape).astype(np.int64),
        "sees": sees.astype(np.int64),
    }
