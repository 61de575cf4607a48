"""When an answer must be there, and how work that is still under way is cut off then or when nobody waits any more."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Deadline:
    """A point in time, shared between threads; `cancel` brings it forward to now."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._cancelled = threading.Event()
        self._cuts: list[Callable[[], None]] = []

    def earlier(self, share: float, most: float) -> "Deadline":
        """A deadline before this one by a share of what remains, and by at most so many seconds."""
        inner = Deadline(0)
        remaining = self.remaining()
        inner._end = time.monotonic() + remaining - min(share * remaining, most)
        inner._cancelled, inner._cuts = self._cancelled, self._cuts
        return inner

    def remaining(self) -> float:
        """Seconds left; 0 when time is up or the work was cancelled."""
        return 0.0 if self.cancelled else max(self._end - time.monotonic(), 0.0)

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Nobody waits for the answer: whatever is under way is cut off now."""
        self._cancelled.set()
        for cut in list(self._cuts):
            cut()

    def wait(self, seconds: float) -> None:
        """Pause, but not beyond the deadline."""
        self._cancelled.wait(min(seconds, self.remaining()))

    @contextmanager
    def cutting(self, cut: Callable[[], None]) -> Iterator[None]:
        """Call `cut`, from another thread, if the deadline passes or the work is cancelled inside the block."""
        timer = threading.Timer(self.remaining(), cut)
        timer.daemon = True
        self._cuts.append(cut)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            self._cuts.remove(cut)
