"""How long each stage of one question took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


class Timings(dict[str, float]):
    """Milliseconds by stage; a stage that is entered again adds up."""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self[name] = round(self.get(name, 0.0) + (time.perf_counter() - started) * 1000, 3)

    def of_each(self, name: str, items: Iterator[T]) -> Iterator[T]:
        """The items, with the time it takes to make them."""
        while True:
            with self.stage(name):
                try:
                    item = next(items)
                except StopIteration:
                    return
            yield item
