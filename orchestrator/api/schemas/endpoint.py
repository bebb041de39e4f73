"""Model endpoints as they are registered and shown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from orchestrator.api.schemas.fields import Asked, Money, Told
from orchestrator.api.schemas.tool import PriceIn
from tools.endpoints.breaker import State
from tools.endpoints.group import Group
from tools.endpoints.live import LiveReplica
from tools.endpoints.loads import Known
from tools.endpoints.record import Endpoint, Fallback, Hedge, Model, Protocol, Replica
from tools.endpoints.router import place_of
from tools.endpoints.watch import number
from tools.spec import Price

Address = Annotated[str, Field(min_length=1, max_length=2_000)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Most = Annotated[int, Field(ge=1, le=1_000_000)]


class ReplicaIn(Asked):
    """One server; `gpus` is how many it holds, `metrics_url` where its Prometheus text is."""

    base_url: Address
    max_concurrency: Most | None = None
    gpus: Annotated[float, Field(ge=0, le=100_000)] = 0.0
    metrics_url: Address | None = None


class ModelIn(Asked):
    """A model that the endpoint serves, and its price there."""

    name: Name
    price: PriceIn = PriceIn()


class FallbackIn(Asked):
    """The endpoint that takes a call when this one fails; `model` where it is called otherwise there."""

    endpoint: Name
    model: Name | None = None


class EndpointIn(Asked):
    """Servers that answer alike, under one name; one as `base_url`, several as `replicas`."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    base_url: Address | None = None
    replicas: Annotated[list[ReplicaIn], Field(max_length=1_000)] = Field(default_factory=list)
    protocol: Protocol = Protocol.OPENAI
    #: Empty for all that the servers say they have.
    models: Annotated[list[ModelIn | Name], Field(max_length=1_000)] = Field(default_factory=list)
    max_concurrency: Most | None = None
    #: Most calls that may wait for a place, and in a replica's own queue.
    max_queue: Annotated[int, Field(ge=0, le=1_000_000)] = 100
    fallbacks: Annotated[list[FallbackIn | Name], Field(max_length=10)] = Field(default_factory=list)
    affinity: bool = True
    hedge: Hedge = Hedge.AUTO
    auth: dict[str, str | dict[str, str]] = Field(default_factory=dict)
    tags: Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(max_length=100)] = Field(
        default_factory=list
    )

    @model_validator(mode="after")
    def _has_a_server(self) -> Self:
        if (self.base_url is None) == (not self.replicas):
            raise ValueError("give either base_url or replicas")
        return self

    def value(self) -> Endpoint:
        """As tools have it."""
        replicas = self.replicas or [ReplicaIn(base_url=self.base_url or "")]
        models = [ModelIn(name=one) if isinstance(one, str) else one for one in self.models]
        fallbacks = [FallbackIn(endpoint=one) if isinstance(one, str) else one for one in self.fallbacks]
        return Endpoint(
            name=self.name,
            protocol=self.protocol,
            replicas=tuple(Replica(**dict(one)) for one in replicas),
            models=tuple(Model(one.name, Price(**dict(one.price))) for one in models),
            max_concurrency=self.max_concurrency,
            max_queue=self.max_queue,
            fallbacks=tuple(Fallback(one.endpoint, one.model) for one in fallbacks),
            affinity=self.affinity,
            hedge=self.hedge,
            auth=self.auth,
            tags=tuple(self.tags),
        )


class PriceOut(Told):
    """Money in USD."""

    per_call: Money
    per_second: Money
    per_1k_tokens_in: Money
    per_1k_tokens_out: Money

    @classmethod
    def of(cls, price: Price) -> PriceOut:
        """A price as it is shown."""
        return cls(
            per_call=price.per_call,
            per_second=price.per_second,
            per_1k_tokens_in=price.per_1k_tokens_in,
            per_1k_tokens_out=price.per_1k_tokens_out,
        )


class ModelOut(Told):
    """A model and its price."""

    name: str
    price: PriceOut


class FallbackOut(Told):
    """What takes over."""

    endpoint: str
    model: str | None


#: By the last look at a server.
Health = Literal["up", "down", "unknown"]


class ReplicaOut(Told):
    """A server and how it fares. `latency` is what is expected of a call now, in seconds;
    `tokens_per_second` is what a call writes in a second of its time, on average.

    `gpu_seconds` is what the calls of the processes that run now took of its GPUs, with those that failed.
    `health` is up, down or unknown, by the last look, `looked` seconds ago; `running` counts calls in
    flight of all processes that share their loads; `server_…` is what the server itself tells.
    `breaker` is closed, open or half_open; calls stay away for `rests` seconds.
    """

    base_url: str
    max_concurrency: int | None
    gpus: float
    metrics_url: str | None
    health: Health
    reason: str
    looked: float | None
    models: list[str]
    latency: float | None
    tokens_per_second: float | None
    running: int
    calls: int
    failures: int
    gpu_seconds: float
    breaker: State
    rests: float
    server_running: float | None
    server_waiting: float | None
    kv_use: float | None


class EndpointOut(Told):
    """An endpoint with what is known of its replicas at this moment. `waiting` calls are in line here."""

    name: str
    protocol: Protocol
    replicas: list[ReplicaOut]
    models: list[ModelOut]
    max_concurrency: int | None
    max_queue: int
    fallbacks: list[FallbackOut]
    affinity: bool
    hedge: Hedge
    auth: dict[str, str | dict[str, str]]
    tags: list[str]
    paused: bool
    health: Health
    running: int
    waiting: int

    @classmethod
    def of(cls, group: Group, elsewhere: Sequence[Known]) -> EndpointOut:
        """An endpoint as it is shown; `elsewhere` is what other processes know of its replicas."""
        endpoint, now = group.endpoint, group.clock()
        replicas = [_replica(endpoint.name, live, elsewhere, now) for live in group.replicas]
        return cls(
            name=endpoint.name,
            protocol=endpoint.protocol,
            replicas=replicas,
            models=[ModelOut(name=one.name, price=PriceOut.of(one.price)) for one in endpoint.models],
            max_concurrency=endpoint.max_concurrency,
            max_queue=endpoint.max_queue,
            fallbacks=[FallbackOut(endpoint=one.endpoint, model=one.model) for one in endpoint.fallbacks],
            affinity=endpoint.affinity,
            hedge=endpoint.hedge,
            auth={
                way: given if isinstance(given, str) else dict(given) for way, given in endpoint.auth.items()
            },
            tags=list(endpoint.tags),
            paused=endpoint.paused,
            health=_health([one.health for one in replicas]),
            running=sum(one.running for one in replicas),
            waiting=group.waiting,
        )


def _plain(given: str | Mapping[str, str]) -> str | dict[str, str]:
    return given if isinstance(given, str) else dict(given)


def _health(of_replicas: Sequence[Health]) -> Health:
    """Up while one of them is."""
    best: tuple[Health, ...] = ("up", "unknown")
    return next((health for health in best if health in of_replicas), "down")


def _replica(endpoint: str, live: LiveReplica, elsewhere: Sequence[Known], now: float) -> ReplicaOut:
    place = place_of(endpoint, live)
    theirs = [known[place] for known in elsewhere if isinstance(known.get(place), dict)]
    report = live.report
    health: Health = "unknown" if report is None else "up" if report.up else "down"
    return ReplicaOut(
        base_url=live.replica.base_url,
        max_concurrency=live.replica.max_concurrency,
        gpus=live.replica.gpus,
        metrics_url=live.replica.metrics_url,
        health=health,
        reason="" if report is None else report.reason,
        looked=None if report is None else round(now - live.reported_at, 3),
        models=[] if report is None else list(report.models),
        latency=_mean(live.latency.value, theirs, "seconds"),
        tokens_per_second=_mean(live.tokens_per_second, theirs, "tokens_per_second"),
        running=live.running + live.elsewhere,
        calls=live.calls + int(sum(number({"": one}, "", "calls") for one in theirs)),
        failures=live.failures + int(sum(number({"": one}, "", "failures") for one in theirs)),
        gpu_seconds=round(live.gpu_seconds + sum(number({"": one}, "", "gpu_seconds") for one in theirs), 3),
        breaker=_breaker(live, theirs, now),
        rests=round(max([live.breaker.rest(now), *(number({"": one}, "", "rests") for one in theirs)]), 3),
        server_running=None if report is None else report.running,
        server_waiting=None if report is None else report.waiting,
        kv_use=None if report is None else report.kv_use,
    )


def _mean(mine: float | None, theirs: Sequence[Any], name: str) -> float | None:
    """The mean over the processes that know it."""
    known = [mine, *(one.get(name) for one in theirs)]
    values = [one for one in known if isinstance(one, (int, float)) and math.isfinite(one)]
    return round(sum(values) / len(values), 4) if values else None


def _breaker(live: LiveReplica, theirs: Sequence[Any], now: float) -> State:
    """The worst that a process has."""
    states = [live.breaker.state(now).value, *(one.get("breaker") for one in theirs)]
    return next(state for state in (State.OPEN, State.HALF_OPEN, State.CLOSED) if state in states)
