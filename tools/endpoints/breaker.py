"""A circuit breaker: who fails again and again gets a rest, and then one call to show that it is over.

Pure: the time is given, in seconds of any clock that only goes forward.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

#: Failures in a row that open it, and the share of the last calls that does.
_IN_A_ROW = 3
_SHARE = 0.5
_CALLS, _FEWEST = 20, 8
#: Seconds of a rest: the first, what one more failure makes of it, and the longest.
_FIRST, _GROWTH, _LONGEST = 1.0, 2.0, 60.0
#: Seconds that a single failure keeps calls away.
_COOL_DOWN = 0.1


class State(StrEnum):
    """What a breaker lets through."""

    CLOSED = "closed"
    OPEN = "open"
    #: One call at a time, on which it depends what follows.
    HALF_OPEN = "half_open"


@dataclass(slots=True)
class Breaker:
    """Whether calls may go to one replica."""

    _last: deque[bool] = field(default_factory=lambda: deque(maxlen=_CALLS))
    _failures: int = 0
    _rest: float = _FIRST
    _open: bool = False
    _trial: bool = False
    _rests_until: float = 0.0
    _asked_until: float = 0.0
    _heeded_until: float = 0.0

    def state(self, now: float) -> State:
        """Of the breaker alone: a cool-down leaves it closed."""
        if not self._open:
            return State.CLOSED
        return State.OPEN if now < self._rests_until else State.HALF_OPEN

    def rest(self, now: float) -> float:
        """Seconds until a call may come."""
        return max(0.0, self._rests_until - now)

    def asked(self, now: float) -> float:
        """Seconds of rest that the replica itself asked this process for."""
        return max(0.0, self._asked_until - now)

    def on_request(self, now: float) -> bool:
        """Whether the replica asked for the rest it has, this process or another."""
        return now < max(self._asked_until, self._heeded_until)

    def allows(self, now: float) -> bool:
        """Whether a call may come now; in half-open no second one beside the trial."""
        return now >= self._rests_until and not (self._open and self._trial)

    def begins(self) -> None:
        """A call that it allowed begins."""
        self._trial = self._open

    def succeeded(self) -> None:
        """A call came back well: what was is forgiven."""
        self._last.append(True)
        self._failures = 0
        if self._open:
            self._last.clear()
        self._open, self._trial, self._rest = False, False, _FIRST

    def failed(self, now: float) -> None:
        """A call failed by the replica's fault."""
        self._last.append(False)
        self._failures += 1
        bad = self._last.count(False)
        often = len(self._last) >= _FEWEST and bad >= _SHARE * len(self._last)
        if self._open or often or self._failures >= _IN_A_ROW:
            self._rests_until = max(self._rests_until, now + self._rest)
            self._rest = min(self._rest * _GROWTH, _LONGEST)
            self._open, self._trial = True, False
        else:
            self._rests_until = max(self._rests_until, now + _COOL_DOWN * self._failures)

    def broke_off(self) -> None:
        """A call was cancelled, which says nothing of the replica."""
        self._trial = False

    def cool(self, until: float) -> None:
        """The replica asked for a pause."""
        self._trial = False
        self._asked_until = until
        self._rests_until = max(self._rests_until, until)

    def heed(self, until: float) -> None:
        """The replica asked another process for a pause; that one tells of it, or it would never end."""
        self._heeded_until = until
        self._rests_until = max(self._rests_until, until)
