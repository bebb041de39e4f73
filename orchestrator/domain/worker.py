"""A worker, as others see it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that claims steps of some queues, and when it was last heard of."""

    owner: str
    queues: frozenset[str]
    host: str = ""
    started_at: float = 0.0
    seen_at: float = 0.0
