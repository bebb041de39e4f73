"""Sends a call to a replica of an endpoint, to another one where that helps, and on to the fallbacks."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from tools.endpoints.group import Group
from tools.endpoints.hedging import hedged
from tools.endpoints.live import LiveReplica, Report
from tools.endpoints.record import Endpoint, Hedge
from tools.errors import (
    BadOutput,
    NotAuthorised,
    RateLimited,
    ServerFault,
    ToolError,
    TryAgain,
    Unavailable,
    Unreachable,
)
from tools.llm import BadCompletion
from tools.spec import Price

T = TypeVar("T")

#: Seconds of rest for a replica that said "too many" and no more.
_PAUSE = 1.0
#: The share of a call's time after which a cut-off is the replica's fault.
_TOO_LONG = 0.9
_DEEPEST = 5


class Endpoints(Protocol):
    """The endpoints by name; the registry stands behind it."""

    async def find(self, name: str) -> Endpoint | None:
        """The endpoint as it is registered now."""
        ...


class NoEndpoints:
    """Where nothing is registered."""

    async def find(self, name: str) -> Endpoint | None:
        """None."""
        del name
        return None


@dataclass(frozen=True, slots=True)
class Target:
    """Where one try goes."""

    endpoint: Endpoint
    base_url: str
    model: str

    @property
    def price(self) -> Price:
        """What the model costs there."""
        return self.endpoint.price_of(self.model)


@dataclass(frozen=True, slots=True)
class Routed(Generic[T]):
    """What came back, from where, and after how many seconds there."""

    value: T
    target: Target
    seconds: float


def _nowhere(_gpu_seconds: float) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Route:
    """How a call may be treated. `timeout` is in seconds for all tries together.

    `repeatable` says that a try which failed half-way does no harm, `hedge` that even a second one
    beside it does none; `beginning` is a hash of how the prompt begins. `took` gets the GPU-seconds of
    each try as it ends, however it ends.
    """

    endpoint: str
    model: str
    timeout: float
    repeatable: bool = True
    hedge: bool = False
    beginning: int | None = None
    took: Callable[[float], None] = _nowhere


Send = Callable[[Target], Awaitable[T]]


class Router:
    """Chooses for every call. State is of this process; `groups` shows and takes what others know."""

    def __init__(
        self,
        endpoints: Endpoints,
        *,
        clock: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
    ) -> None:
        self._endpoints = endpoints
        self._clock = clock
        self._rng = rng or random.Random()
        self._groups: dict[str, Group] = {}

    async def call(self, route: Route, send: Send[T]) -> Routed[T]:
        """What `send` returns for the first target that answers well.

        Raises `Unavailable` for an unknown endpoint, `RateLimited` when there is no room, and
        otherwise what the last try raised.
        """
        failure: ToolError | None = None
        for group, model in await self._chain(route):
            if group.endpoint.paused:
                words = f"the endpoint {group.endpoint.name} is paused by a person; resume it to go on"
                failure = failure or Unreachable(words)
                continue
            try:
                return await _Call(group, model, route, send).run()
            except ToolError as error:
                failure = error
                if not _moves_on(error, route.repeatable):
                    raise
        assert failure is not None
        raise failure

    async def group(self, name: str) -> Group:
        """The replicas of an endpoint. Raises `Unavailable`."""
        endpoint = await self._endpoints.find(name)
        if endpoint is None:
            self._groups.pop(name, None)
            raise Unavailable(f"there is no endpoint {name!r}; add it with POST /v1/endpoints")
        return self.group_of(endpoint)

    def group_of(self, endpoint: Endpoint) -> Group:
        """The replicas of that very record."""
        group = self._groups.get(endpoint.name)
        if group is None:
            group = self._groups[endpoint.name] = Group(endpoint, self._clock, self._rng)
            group.follow(endpoint)
        elif group.endpoint is not endpoint:
            group.follow(endpoint)
        return group

    def groups(self) -> Iterable[Group]:
        """All that were called or looked at."""
        return list(self._groups.values())

    def wrote(self, made: Routed[Any], tokens: int) -> None:
        """How many tokens the answer had."""
        group = self._groups.get(made.target.endpoint.name)
        for live in group.replicas if group is not None else ():
            if live.replica.base_url == made.target.base_url:
                live.wrote(tokens, made.seconds)

    def report(self, live: LiveReplica, report: Report) -> None:
        """A probe came back."""
        live.told(report, self._clock())

    def cool(self, live: LiveReplica, seconds: float) -> None:
        """Another process was asked for a pause."""
        live.breaker.heed(self._clock() + seconds)

    def keep(self, names: Collection[str]) -> None:
        """Forget endpoints that are gone."""
        for name in set(self._groups) - set(names):
            del self._groups[name]

    def snapshot(self) -> Mapping[str, Any]:
        """What this process knows, by endpoint and address of the replica (`place_of`)."""
        now = self._clock()
        return {
            place_of(group.endpoint.name, one): one.snapshot(now)
            for group in self.groups()
            for one in group.replicas
        }

    async def _chain(self, route: Route) -> list[tuple[Group, str]]:
        """The endpoint and those that stand in for it, in order, each once."""
        chain: dict[tuple[str, str], Group] = {}
        wanted = [(route.endpoint, route.model)]
        while wanted and len(chain) < _DEEPEST:
            name, model = wanted.pop(0)
            if (name, model) in chain:
                continue
            try:
                group = await self.group(name)
            except Unavailable:
                if not chain:
                    raise
                continue  # a fallback that was removed is none
            chain[name, model] = group
            wanted += [(one.endpoint, one.model or model) for one in group.endpoint.fallbacks]
        return [(group, model) for (_, model), group in chain.items()]


def place_of(endpoint: str, live: LiveReplica) -> str:
    """How processes name a replica to one another."""
    return f"{endpoint} {live.replica.base_url}"


class _Call(Generic[T]):
    """One call at one endpoint: its tries one after the other, the first of them perhaps hedged."""

    def __init__(self, group: Group, model: str, route: Route, send: Send[T]) -> None:
        self._group, self._model, self._route, self._send = group, model, route, send
        self._clock = group.clock
        self._tried: set[str] = set()
        self._taken: list[tuple[LiveReplica, int]] = []
        #: The address of the second replica that was asked beside the first.
        self._beside: set[str] = set()

    async def run(self) -> Routed[T]:
        failure: ToolError | None = None
        while True:
            try:
                live = await self._group.place(
                    tried=self._tried,
                    beginning=self._route.beginning if self._group.endpoint.affinity else None,
                    trials=self._route.repeatable,
                    model=self._model,
                )
            except TryAgain:
                if failure is None:
                    raise
                raise failure from None
            try:
                return await self._first(live)
            except ToolError as error:
                failure = error
                if not _moves_on(error, self._route.repeatable) or isinstance(error, NotAuthorised):
                    raise
            finally:
                self._give_back()

    async def _first(self, live: LiveReplica) -> Routed[T]:
        self._group.begun()
        after = self._group.tail(self._model).p95
        if after is None or not self._may_hedge():
            return await self._try(live, self._take(live))
        self._beside.clear()
        made = await hedged(self._try(live, self._take(live)), after=after, second=self._second)
        if self._beside:
            self._group.hedged(won=made.target.base_url in self._beside)
        return made

    def _take(self, live: LiveReplica) -> int:
        """A place, at once: whoever chooses next must see it taken."""
        self._tried.add(live.replica.base_url)
        number = live.begin(self._clock())
        self._taken.append((live, number))
        return number

    def _give_back(self) -> None:
        """Places of tries that were cancelled before they began."""
        for live, number in self._taken:
            if live.end(number, self._clock()) is not None:
                live.breaker.broke_off()
                self._group.freed()
        self._taken.clear()

    def _may_hedge(self) -> bool:
        wanted = self._group.endpoint.hedge
        if not self._route.hedge or wanted is Hedge.NEVER:
            return False
        return wanted is Hedge.ALWAYS or self._group.endpoint.price_of(self._model) == Price()

    def _second(self) -> Any:
        if self._group.waiting or not self._group.may_hedge():
            return None
        live = self._group.choose(tried=self._tried, beginning=None, trials=False)
        if live is None:
            return None
        self._beside.add(live.replica.base_url)
        return self._try(live, self._take(live))

    async def _try(self, live: LiveReplica, number: int) -> Routed[T]:
        """One request to one replica, from which all others learn."""
        value: T | None = None
        failure: BaseException | None = None
        target = Target(self._group.endpoint, live.replica.base_url, self._model)
        try:
            value = await self._send(target)
        except BaseException as error:
            failure = error
            raise
        finally:
            ended = live.end(number, self._clock())
            seconds = 0.0 if ended is None else ended.seconds
            if ended is not None and ended.gpu_seconds:
                self._route.took(ended.gpu_seconds)
            self._learn(live, failure, seconds)
            self._group.freed()
        return Routed(value, target, seconds)

    def _learn(self, live: LiveReplica, failure: BaseException | None, seconds: float) -> None:
        now, breaker = self._clock(), live.breaker
        if failure is None:
            breaker.succeeded()
        elif isinstance(failure, (RateLimited, ServerFault)) and failure.retry_after is not None:
            breaker.cool(now + failure.retry_after)
            return
        elif isinstance(failure, RateLimited):
            breaker.cool(now + _PAUSE)
            return
        elif _is_fault(failure) or (_is_cut_off(failure) and seconds >= _TOO_LONG * self._route.timeout):
            live.failures += 1
            breaker.failed(now)
            return
        elif not _is_cut_off(failure):
            # It answered, only not to our liking.
            breaker.succeeded()
            return
        else:
            breaker.broke_off()
            self._group.tail(self._model).observe(seconds)
            if seconds < (live.latency.value or 0.0):
                return
        live.latency.observe(seconds, now)
        if failure is None:
            self._group.tail(self._model).observe(seconds)


def _is_cut_off(error: BaseException) -> bool:
    return isinstance(error, asyncio.CancelledError)


def _is_fault(error: BaseException) -> bool:
    """Whether it is the replica that failed, not the call."""
    if isinstance(error, BadCompletion):
        return False
    return isinstance(error, (TryAgain, BadOutput, Unavailable, NotAuthorised))


def _moves_on(error: ToolError, repeatable: bool) -> bool:
    """Whether another replica or endpoint may be asked: only what surely did nothing is always repeated."""
    return isinstance(error, (RateLimited, NotAuthorised)) or (repeatable and _is_fault(error))
