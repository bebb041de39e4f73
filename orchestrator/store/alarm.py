"""Rings when something becomes due of which nobody else tells: a turn by rate, say."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable

#: Behind the moment itself, so that the row is due by the time it is looked for.
_LATE = 0.003


class Alarm:
    """Keeps the moments that were asked for; its thread starts with the first one.

    A lost alarm is harmless: the sweep looks for what is due every two seconds.
    """

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._changed = threading.Condition()
        self._moments: list[float] = []
        self._stopping = False
        self._thread: threading.Thread | None = None

    def ring_in(self, seconds: float) -> None:
        """Ring then."""
        with self._changed:
            heapq.heappush(self._moments, time.monotonic() + max(0.0, seconds) + _LATE)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="toolpath-alarm", daemon=True)
                self._thread.start()
            self._changed.notify()

    def stop(self) -> None:
        """End the thread; nothing rings any more."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping:
            if self._wait():
                self._ring()

    def _wait(self) -> bool:
        """Whether a moment has come; else after the next one, or whatever else happens first."""
        with self._changed:
            now = time.monotonic()
            came = 0
            while self._moments and self._moments[0] <= now:
                heapq.heappop(self._moments)
                came += 1
            if not came and not self._stopping:
                self._changed.wait(self._moments[0] - now if self._moments else None)
            return came > 0
