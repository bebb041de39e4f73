"""What calls to one replica take: an average that rises fast and forgets slowly, and the tail of a group.

The average follows Finagle's peak-EWMA, with one difference: a single slow call may at most double
it, since where latencies have a heavy tail every replica has slow calls.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

#: Seconds in which an observation loses two thirds of its weight, and the weight of one at least.
_MEMORY = 10.0
_LEAST_WEIGHT = 0.1
_MOST_AT_ONCE = 2.0
#: Seconds without a call in which what is known of a replica comes two thirds nearer to the best.
_FORGETTING = 30.0
#: Observations that make a quantile worth having, and those kept.
_FEWEST, _KEPT = 20, 256
_TAIL = 0.95
_EVERY = 8


@dataclass(slots=True)
class Average:
    """Seconds of a call."""

    value: float | None = None
    _at: float = 0.0

    def observe(self, seconds: float, now: float) -> None:
        """One call took that long."""
        if self.value is None:
            self.value, self._at = seconds, now
            return
        weight = max(1 - math.exp((self._at - now) / _MEMORY), _LEAST_WEIGHT)
        mixed = self.value + (seconds - self.value) * weight
        peak = min(seconds, self.value * _MOST_AT_ONCE)
        self.value = max(mixed, peak) if seconds > self.value else mixed
        self._at = now

    def estimate(self, best: float, now: float) -> float:
        """Seconds to expect, with `best` for who is not known; old knowledge fades towards it."""
        if self.value is None:
            return best
        return best + (self.value - best) * math.exp(min(0.0, self._at - now) / _FORGETTING)


@dataclass(slots=True)
class Tail:
    """The 95th percentile of a group's latest calls."""

    _seconds: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _known: float | None = None
    _since: int = 0

    def observe(self, seconds: float) -> None:
        """One call took that long, or was cut off after as long, which is no less."""
        self._seconds.append(seconds)
        self._since += 1
        if len(self._seconds) >= _FEWEST and (self._known is None or self._since >= _EVERY):
            ordered = sorted(self._seconds)
            self._known, self._since = ordered[int(_TAIL * (len(ordered) - 1))], 0

    @property
    def p95(self) -> float | None:
        """Seconds; None while too few calls are known."""
        return self._known
