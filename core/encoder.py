"""Text to vectors: one forward pass gives the pooled vector for dense search and a vector a token for late interaction.

Questions and single documents go through ONNX Runtime, which starts at once; many texts go through PyTorch, which takes
seconds to import and is several times faster then. Both compute the same vectors (cosine .9999 and above).
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from core.errors import ModelUnavailable
from core.settings import EncoderSettings
from core.weights import ADAPTER, PACKAGED_SHA256, file_hash, packaged_model, verified_hash

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
# Below this many texts, importing PyTorch would take longer than encoding them without it.
_MANY = 64


@dataclass(frozen=True, slots=True)
class Encoding:
    """`n` texts: unit vectors `pooled (n, dim)`; for each text its token ids `(t,)` and unit vectors `(t, dim)`.

    The special tokens [CLS] and [SEP] are left out.
    """

    pooled: Floats
    tokens: list[Floats]
    token_ids: list[Ints]


class Backend(Protocol):
    """Pooled vectors `(batch, dim)` and token vectors `(batch, length, dim)` of padded token ids `(batch, length)`."""

    def forward(self, ids: Ints, mask: Ints) -> tuple[Floats, Floats]: ...


class Encoder:
    """The embedded sentence encoder; weights are checked at once and loaded when the first text comes.

    Raises `ModelUnavailable` when they are missing, not the expected ones, or do not load.
    """

    def __init__(self, settings: EncoderSettings) -> None:
        self.folder = settings.model or packaged_model()
        self._settings = settings
        self._loading = Lock()
        self._backends: dict[str, Backend] = {}
        self.adapter = ADAPTER if settings.adapted and not settings.model else None
        parts = [verified_hash(self.folder, None if settings.model else PACKAGED_SHA256)]
        if self.adapter:
            parts.append(file_hash(self.adapter, "restore it from the repository, or set PREP_ENCODER__ADAPTED=false"))
        self.fingerprint = hashlib.sha256(" ".join(parts).encode()).hexdigest()[:12]
        """Changes with anything that changes a vector."""

    @cached_property
    def max_tokens(self) -> int:
        """What the encoder reads of a text, the two special tokens excluded."""
        path = self.folder / "sentence_bert_config.json"
        try:
            return int(json.loads(path.read_text())["max_seq_length"]) - 2
        except (OSError, ValueError, KeyError) as error:
            raise ModelUnavailable(
                f"{path} does not tell the encoder's window ({error})", "use a sentence-transformers folder"
            ) from error

    def count_tokens(self, text: str) -> int:
        """Length of a text in the encoder's own tokens, special tokens excluded."""
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """Where each of a text's tokens begins and ends in it, special tokens excluded."""
        return list(self._tokenizer.encode(text, add_special_tokens=False).offsets)

    def encode(self, texts: Sequence[str]) -> Encoding:
        """Encode in batches of similar length; the result is in the order of `texts`."""
        backend = self._backend("torch" if self._settings.model or len(texts) >= _MANY else "onnx")
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        rows: dict[int, tuple[Floats, Floats, Ints]] = {}
        for first in range(0, len(order), self._settings.batch_size):
            batch = order[first : first + self._settings.batch_size]
            rows |= zip(batch, self._encode_batch(backend, [texts[i] for i in batch]), strict=True)
        pooled, tokens, ids = zip(*(rows[i] for i in range(len(texts))), strict=True) if texts else ((), (), ())
        return Encoding(np.array(pooled, np.float32), list(tokens), list(ids))

    def _encode_batch(self, backend: Backend, texts: list[str]) -> list[tuple[Floats, Floats, Ints]]:
        encodings = self._padding_tokenizer.encode_batch(texts)
        ids = np.array([encoding.ids for encoding in encodings], np.int64)
        mask = np.array([encoding.attention_mask for encoding in encodings], np.int64)
        special = np.array([encoding.special_tokens_mask for encoding in encodings], bool)
        pooled, tokens = backend.forward(ids, mask)
        inner = mask.astype(bool) & ~special
        return [(pooled[row], unit(tokens[row, inner[row]]), ids[row, inner[row]]) for row in range(len(texts))]

    def _backend(self, name: str) -> Backend:
        with self._loading:
            if name not in self._backends:
                self._backends[name] = self._open(name)
            return self._backends[name]

    def _open(self, name: str) -> Backend:
        if name == "torch":
            from core.torch_encoder import TorchEncoder

            return TorchEncoder(self.folder, self.adapter, self._settings.threads)
        from core.onnx_encoder import OnnxEncoder

        return OnnxEncoder(self.folder, self.adapter, self._settings.threads)

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        tokenizer = self._read_tokenizer()
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _padding_tokenizer(self) -> Tokenizer:
        tokenizer = self._read_tokenizer()
        tokenizer.enable_truncation(self.max_tokens + 2)
        tokenizer.enable_padding(**{**(tokenizer.padding or {}), "length": None})
        return tokenizer

    def _read_tokenizer(self) -> Tokenizer:
        path = self.folder / "tokenizer.json"
        try:
            return Tokenizer.from_file(str(path))
        except Exception as error:  # tokenizers raises bare Exception
            raise ModelUnavailable(
                f"the encoder's tokenizer {path} does not load ({error})",
                "set PREP_ENCODER__MODEL to a folder that does",
            ) from error


def unit(vectors: Floats) -> Floats:
    """Vectors `(…, dim)` scaled to length 1."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-9), np.float32)
