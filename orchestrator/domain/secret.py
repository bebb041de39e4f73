"""A stored secret as it may be seen: everything but its value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Secret:
    """Times are in seconds since 1970; `readable` is false when no present key opens it."""

    name: str
    created_at: float
    updated_at: float
    readable: bool = True
