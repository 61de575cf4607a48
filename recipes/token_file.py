"""Texts as token ids in one file, so that what trains on them needs neither an index nor a tokenizer."""

from collections.abc import Mapping
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer

Tokens = NDArray[np.uint16]
Array = NDArray[np.generic]


class Texts:
    """Texts under numbers, each once."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        return self._numbers.setdefault(text, len(self._numbers))

    def save(self, path: Path, tokenizer: Path, arrays: Mapping[str, Array]) -> None:
        """Write the token ids of all texts, special tokens left out, and arrays that speak of their numbers."""
        reader = Tokenizer.from_file(str(tokenizer))
        reader.no_truncation()
        reader.no_padding()
        ids = [each.ids for each in reader.encode_batch([*self._numbers], add_special_tokens=False)]
        offsets = np.cumsum([0, *map(len, ids)])
        tokens = np.fromiter(chain.from_iterable(ids), np.uint16, offsets[-1])
        save_file({**arrays, "tokens": tokens, "offsets": offsets}, path)


class TokenFile:
    """What `Texts.save` wrote; `arrays` by name, and the tokens of each text by its number."""

    def __init__(self, path: Path) -> None:
        self.arrays = load_file(path)

    def text(self, number: int) -> Tokens:
        start, end = self.arrays["offsets"][number : number + 2]
        return self.arrays["tokens"][start:end]

    def names(self, part: str) -> list[str]:
        """The sources that have an array of this kind, `SOURCE.part`."""
        return [name.removesuffix(f".{part}") for name in self.arrays if name.endswith(f".{part}")]
