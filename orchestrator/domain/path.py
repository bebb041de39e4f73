"""The chosen path through a plan, and what it is believed to cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Quote:
    """What a path is believed to take: money in USD, summed tool-seconds, wall-clock seconds, quality.

    `risk` says how the figures are meant ("mean" or "conservative") and names the risky calls.
    """

    usd: float
    tool_seconds: float
    wall_seconds: float
    quality: float
    risk: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Path:
    """One option for each sub-task. `gap` 0 means proven best under the beliefs used."""

    version: int
    choices: Mapping[str, str]
    quote: Quote
    objective: float
    gap: float
    #: Scale of the cost term; kept so that a later search weighs costs alike.
    unit: float
    stats: Mapping[str, Any] = field(default_factory=dict)
