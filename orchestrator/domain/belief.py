"""What is believed of a tool for a type of sub-task: a prior and what was observed since."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from orchestrator.domain.step import StepStatus

#: Each new observation weighs old ones down by this factor.
DECAY = 0.98

#: The 90th percentile of the standard normal distribution.
_Z90 = 1.2816


@dataclass(frozen=True, slots=True)
class Prior:
    """Believed before observing: mean money, mean seconds, quality, worth `n` observations."""

    usd: float = 0.0
    seconds: float = 1.0
    quality: float = 0.8
    n: float = 2.0


@dataclass(frozen=True, slots=True)
class Observed:
    """Decayed sums over attempts: tries, successes, quality of the judged ones, money and seconds."""

    tries: float = 0.0
    successes: float = 0.0
    judged: float = 0.0
    quality: float = 0.0
    usd: float = 0.0
    usd_squared: float = 0.0
    seconds: float = 0.0
    seconds_squared: float = 0.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one step came to, all its tries together; `quality` is None where nobody judged it."""

    run: str
    step: str
    subtask_type: str
    version: int
    #: Seconds since 1970.
    at: float
    status: StepStatus
    usd: Decimal
    seconds: float
    quality: float | None
    judge: str | None


@dataclass(frozen=True, slots=True)
class Belief:
    """The belief about one tool version and one sub-task type."""

    tool: str
    version: int
    subtask_type: str
    prior: Prior
    observed: Observed = Observed()

    @property
    def usd(self) -> float:
        """Mean money of one try."""
        return _mean(self.prior.usd, self.prior.n, self.observed.usd, self.observed.tries)

    @property
    def seconds(self) -> float:
        """Mean seconds of one try."""
        return _mean(self.prior.seconds, self.prior.n, self.observed.seconds, self.observed.tries)

    @property
    def success(self) -> float:
        """Probability that a try succeeds: Beta mean with a prior that expects success."""
        return _mean(1.0, self.prior.n, self.observed.successes, self.observed.tries)

    @property
    def quality(self) -> float:
        """Expected quality of an output given success."""
        return _mean(
            self.prior.quality,
            self.prior.n,
            self.observed.quality,
            self.observed.judged,
        )

    @property
    def n(self) -> float:
        """Observations behind the belief, those of the prior included."""
        return self.prior.n + self.observed.tries

    def expected(self, *, tries: int, conservative: bool = False) -> tuple[float, float, float]:
        """(usd, seconds, quality factor p·q) of an option under a policy of at most `tries` tries.

        Expected attempts of a truncated geometric: (1 − f^tries) / p with f = 1 − p; the chance that
        any of them succeeds is 1 − f^tries. Conservative takes the 90th percentile of log-normal money
        and time, matched by moments, and the 10th of the quality under a Beta approximated as normal.
        """
        p = min(1.0, max(self.success, 1e-3))
        any_success = 1.0 - (1.0 - p) ** tries
        attempts = any_success / p
        usd, seconds, quality = self.usd, self.seconds, self.quality
        if conservative:
            usd = _p90(usd, _variance(self.prior.usd, self.prior.n, self.observed, "usd"))
            seconds = _p90(
                seconds,
                _variance(self.prior.seconds, self.prior.n, self.observed, "seconds"),
            )
            quality -= _Z90 * math.sqrt(max(quality * (1 - quality), 0.0) / (self.n + 1))
        return (
            usd * attempts,
            seconds * attempts,
            min(1.0, max(any_success * quality, 1e-6)),
        )


def _mean(prior: float, prior_n: float, total: float, n: float) -> float:
    weight = prior_n + n
    return (prior * prior_n + total) / weight if weight > 0 else prior


def _variance(prior: float, prior_n: float, seen: Observed, what: str) -> float:
    """Variance over observations; the prior counts as one with a coefficient of variation of 1/2."""
    total, squares = (seen.usd, seen.usd_squared) if what == "usd" else (seen.seconds, seen.seconds_squared)
    mean = _mean(prior, prior_n, total, seen.tries)
    second_moment = _mean(prior * prior * 1.25, prior_n, squares, seen.tries)
    return max(second_moment - mean * mean, 0.0)


def _p90(mean: float, variance: float) -> float:
    """The 90th percentile of a log-normal with this mean and variance."""
    if mean <= 0:
        return 0.0
    sigma2 = math.log1p(variance / (mean * mean))
    return math.exp(math.log(mean) - sigma2 / 2 + _Z90 * math.sqrt(sigma2))
