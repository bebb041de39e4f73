"""Limits on calls and caps on money, as they are set and shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from orchestrator.api.schemas.fields import Asked, Money, Told, Usd
from orchestrator.domain import limits as domain

Name = Annotated[str, Field(min_length=1, max_length=200)]


class CapIn(Asked):
    """At most so much money, in all or in each day or month (UTC)."""

    usd: Usd
    per: Literal["total", "day", "month"] = "total"

    def value(self) -> domain.Cap:
        """As the domain has it."""
        return domain.Cap(self.usd, self.per)


Caps = Annotated[list[CapIn], Field(max_length=3)]


class RatesIn(Asked):
    """Calls at once, calls a second, and how many of those may come at once after a pause."""

    concurrency: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    rate: Annotated[float, Field(gt=0, le=1_000_000)] | None = None
    burst: Annotated[float, Field(ge=1, le=1_000_000)] | None = None


class LimitIn(RatesIn):
    """What is to hold under a name; `by` counts the values of a tool's argument apart."""

    by: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    caps: Caps = Field(default_factory=list)

    def value(self, name: str) -> domain.Limit:
        """As the domain has it."""
        caps = tuple(cap.value() for cap in self.caps)
        return domain.Limit(name, self.concurrency, self.rate, self.burst, self.by, caps)


class CapOut(Told):
    """A cap with what is spent in the present period and what calls in flight hold of it."""

    usd: Money
    per: domain.Period
    spent: Money
    reserved: Money

    @classmethod
    def of(cls, cap: domain.Cap) -> CapOut:
        """A cap as it is shown."""
        return cls(usd=cap.usd, per=cap.per, spent=cap.spent, reserved=cap.reserved)


class LimitOut(Told):
    """A limit, with the calls that run and the steps that wait under it."""

    name: str
    concurrency: int | None
    rate: float | None
    burst: float | None
    by: str | None
    caps: list[CapOut]
    source: str
    paused: bool
    running: int
    waiting: int

    @classmethod
    def of(cls, limit: domain.Limit) -> LimitOut:
        """A limit as it is shown."""
        return cls(
            name=limit.name,
            concurrency=limit.concurrency,
            rate=limit.rate,
            burst=limit.burst,
            by=limit.by,
            caps=[CapOut.of(cap) for cap in limit.caps],
            source=limit.source,
            paused=limit.paused,
            running=limit.running,
            waiting=limit.waiting,
        )


def once_each(caps: Sequence[CapIn]) -> str | None:
    """Which period two of the caps share, if any."""
    periods = [cap.per for cap in caps]
    return next((per for per in periods if periods.count(per) > 1), None)
