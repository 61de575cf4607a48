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

    def within(self, seconds: float) -> "Deadline":
        """A deadline so many seconds from now, or this one if it is earlier; to cancel one is to cancel both."""
        inner = Deadline(min(seconds, self.remaining()))
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
        self._cuts.append(cut)  # before the clock is read: a cancel in between would find nothing to cut
        try:
            timer = threading.Timer(self.remaining(), cut)
            timer.daemon = True
            timer.start()
            try:
                yield
            finally:
                timer.cancel()
        finally:
            self._cuts.remove(cut)
