"""When a failed call is tried again, and after which pause."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """At most `tries` tries of one call; pauses grow from `first` seconds by `factor` up to `longest`."""

    tries: int = 3
    first: float = 0.5
    factor: float = 3.0
    longest: float = 30.0
    #: A pause asked for by the peer is honoured up to this many seconds; a longer one ends the tries.
    longest_asked: float = 300.0

    def pause(self, tries: int, *, asked: float | None = None, jitter: float | None = None) -> float | None:
        """Seconds until the next try after `tries` have failed; None when there is none.

        `jitter` in [0, 1) replaces the random draw ("full jitter" on the upper half of the pause).
        """
        if tries >= self.tries:
            return None
        if asked is not None:
            return None if asked > self.longest_asked else asked
        pause = min(self.longest, self.first * self.factor ** (tries - 1))
        draw = random.random() if jitter is None else jitter
        return pause * (0.5 + draw / 2)
