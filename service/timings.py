"""How long each stage of one question took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Timings(dict[str, float]):
    """Milliseconds by stage, filled by `with timings.stage(name):`."""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self[name] = round((time.perf_counter() - started) * 1000, 3)
