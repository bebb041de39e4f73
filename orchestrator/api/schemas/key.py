"""API keys as they are asked for and shown."""

from __future__ import annotations

from pydantic import Field

from orchestrator.api.schemas.fields import Asked, Moment, Told
from orchestrator.api.schemas.limit import CapOut, Caps, Name, RatesIn
from orchestrator.domain.limits import ApiKey, Cap, Limit


class KeyIn(Asked):
    """A key to make: for whom or what it is, what it may spend, and how fast it may go."""

    name: Name
    caps: Caps = Field(default_factory=list)
    limits: RatesIn = RatesIn()

    def value(self) -> Limit:
        """Its limits and caps."""
        return limit_of(self.limits, tuple(cap.value() for cap in self.caps))


class KeyChange(Asked):
    """What is given replaces what was."""

    name: Name | None = None
    caps: Caps | None = None
    limits: RatesIn | None = None


def limit_of(rates: RatesIn, caps: tuple[Cap, ...] = ()) -> Limit:
    """Rates as a limit that has no name yet."""
    return Limit("", rates.concurrency, rates.rate, rates.burst, caps=caps)


class RatesOut(Told):
    """Calls at once and calls a second."""

    concurrency: int | None
    rate: float | None
    burst: float | None


class KeyOut(Told):
    """A key, without its secret; `used_at` is right to the minute."""

    id: str
    name: str
    created_at: Moment
    used_at: Moment | None
    revoked: bool
    revoked_at: Moment | None
    caps: list[CapOut]
    limits: RatesOut
    running: int
    waiting: int

    @classmethod
    def of(cls, key: ApiKey) -> KeyOut:
        """A key as it is shown."""
        limit = key.limit
        return KeyOut(
            id=key.id,
            name=key.name,
            created_at=key.created_at,
            used_at=key.used_at,
            revoked=key.revoked_at is not None,
            revoked_at=key.revoked_at,
            caps=[CapOut.of(cap) for cap in limit.caps],
            limits=RatesOut(concurrency=limit.concurrency, rate=limit.rate, burst=limit.burst),
            running=limit.running,
            waiting=limit.waiting,
        )


class NewKeyOut(KeyOut):
    """A key just made: `key` is shown this once, and kept nowhere."""

    key: str
