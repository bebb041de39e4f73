"""What is believed of a tool, read and set."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from pydantic import Field

from orchestrator.api.schemas.fields import Asked, Moment, Money, Told
from orchestrator.api.schemas.tool import Share
from orchestrator.domain.belief import Belief, Evidence, Prior
from orchestrator.domain.step import StepStatus


class PriorIn(Asked):
    """A prior for one type of sub-task: mean money, mean seconds, quality, worth `n` observations."""

    subtask_type: Annotated[str, Field(min_length=1, max_length=64)] = "*"
    usd: Annotated[float, Field(ge=0)]
    seconds: Annotated[float, Field(ge=0)]
    quality: Share
    n: Annotated[float, Field(ge=0, le=1e6)] = 2.0

    def value(self) -> Prior:
        """As the domain has it."""
        return Prior(usd=self.usd, seconds=self.seconds, quality=self.quality, n=self.n)


class PriorsIn(Asked):
    """Priors to write."""

    beliefs: Annotated[list[PriorIn], Field(min_length=1, max_length=1_000)]


class PriorOut(Told):
    """What was believed before anything was observed."""

    usd: Money
    seconds: float
    quality: float
    n: float


class ObservedOut(Told):
    """How much was observed; old observations count less."""

    tries: float
    successes: float
    judged: float


class TrendOut(Told):
    """Observed means as shares of the prior; null where there is nothing to compare."""

    # A share, not money.
    usd: float | None
    seconds: float | None
    quality: float | None


class BeliefOut(Told):
    """What is believed of a tool for one type of sub-task; `prior` and what was `observed` since.

    `trend` compares the observed means with the prior: above 1 it is dearer, slower or better.
    """

    subtask_type: str
    usd: Money
    seconds: float
    quality: float
    success: float
    n: float
    prior: PriorOut
    observed: ObservedOut
    trend: TrendOut

    @classmethod
    def of(cls, belief: Belief) -> BeliefOut:
        """Of the domain's value."""
        seen, prior = belief.observed, belief.prior
        return cls(
            subtask_type=belief.subtask_type,
            usd=belief.usd,
            seconds=belief.seconds,
            quality=belief.quality,
            success=belief.success,
            n=belief.n,
            prior=PriorOut(usd=prior.usd, seconds=prior.seconds, quality=prior.quality, n=prior.n),
            observed=ObservedOut(tries=seen.tries, successes=seen.successes, judged=seen.judged),
            trend=TrendOut(
                usd=_share(seen.usd, seen.tries, prior.usd),
                seconds=_share(seen.seconds, seen.tries, prior.seconds),
                quality=_share(seen.quality, seen.judged, prior.quality),
            ),
        )


def _share(total: float, n: float, prior: float) -> float | None:
    return total / n / prior if n > 0 and prior > 0 else None


class EvidenceOut(Told):
    """What one step came to, all its tries together; `quality` is null where nobody judged its output."""

    run: str
    step: str
    subtask_type: str
    version: int
    at: Moment
    status: StepStatus
    usd: Money
    seconds: float
    quality: float | None
    judge: str | None

    @classmethod
    def of(cls, one: Evidence) -> EvidenceOut:
        """Of the domain's value."""
        return cls(**asdict(one))


class BeliefsOut(Told):
    """All beliefs about a tool's newest version."""

    tool: str
    version: int
    beliefs: list[BeliefOut]
