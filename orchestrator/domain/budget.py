"""What a run may spend, and how it weighs money, time and quality against each other."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Risk = Literal["mean", "conservative"]


@dataclass(frozen=True, slots=True)
class Preference:
    """How a person weighs cost against quality.

    `alpha` in [0, 2]: 0 looks at quality alone, 2 at cost alone. `usd` and `second` are the
    weights of one dollar and of one tool-second (summed over steps, not wall clock) in the cost.
    With `risk="conservative"` each option counts with its 90th percentile.
    """

    alpha: float = 1.0
    usd: float = 1.0
    second: float = 0.0005
    risk: Risk = "mean"


@dataclass(frozen=True, slots=True)
class Budget:
    """Hard limits of one run; None means no limit.

    `usd` is money, `seconds` wall clock from acceptance, `tokens` model tokens of planning and
    steps together, `min_quality` the floor of the product of the qualities along the path.
    """

    usd: Decimal | None = None
    seconds: float | None = None
    tokens: int | None = None
    min_quality: float | None = None
