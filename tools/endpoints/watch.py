"""Keeps what a process knows of its endpoints fresh: probes replicas, and tells other processes of loads."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import structlog

from tools.adapter import CallContext
from tools.endpoints.group import Group
from tools.endpoints.live import LiveReplica, Report
from tools.endpoints.loads import Known, Loads
from tools.endpoints.probes import probe
from tools.endpoints.record import Endpoint
from tools.endpoints.router import Router, place_of
from tools.errors import ToolError
from tools.net import Net

log = structlog.get_logger(__name__)

#: Seconds between looks at a replica, and between words to other processes.
_LOOK_EVERY = 10.0
_TELL_EVERY = 0.5
#: Looks at once.
_AT_ONCE = 16
#: Seconds for which a server that tells no load is not asked for it again.
_NOT_ASKED = 600.0


class Registered(Protocol):
    """All endpoints; the registry stands behind it."""

    async def all(self) -> Sequence[Endpoint]:
        """By name."""
        ...


class Keys(Protocol):
    """What calls to an endpoint carry to prove who we are."""

    async def headers(self, endpoint: Endpoint, context: CallContext) -> Mapping[str, str]:
        """For a call; masked in its record. Raises `ToolError`."""
        ...

    async def headers_of_look(self, endpoint: Endpoint) -> Mapping[str, str]:
        """For what is no tool's call. Raises `ToolError`, for instance for a secret that there is not."""
        ...


class Watch:
    """Runs beside the calls as long as the process does."""

    def __init__(self, *, router: Router, endpoints: Registered, net: Net, loads: Loads, keys: Keys) -> None:
        self.router, self._endpoints, self._net = router, endpoints, net
        self._loads, self.keys = loads, keys
        self._room = asyncio.Semaphore(_AT_ONCE)
        #: Until when servers that tell no load are not asked for it.
        self._silent: dict[str, float] = {}
        #: What other processes know of each replica.
        self.elsewhere: list[Known] = []

    async def run(self) -> None:
        """Until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._look())
                tasks.create_task(self._tell())
        finally:
            await asyncio.shield(self._loads.aclose())

    async def look_at(self, endpoint: Endpoint) -> Group:
        """Probe all replicas of an endpoint now."""
        group = self.router.group_of(endpoint)
        await asyncio.gather(*(self._probe(endpoint, live) for live in group.replicas))
        return group

    async def _look(self) -> None:
        while True:
            try:
                endpoints = await self._endpoints.all()
                self.router.keep([endpoint.name for endpoint in endpoints])
                await asyncio.gather(*(self.look_at(endpoint) for endpoint in endpoints))
            except Exception as error:  # noqa: BLE001 - the database may be away for a while
                log.warning("endpoints.not_looked_at", error=type(error).__name__)
            await asyncio.sleep(_LOOK_EVERY)

    async def _probe(self, endpoint: Endpoint, live: LiveReplica) -> None:
        async with self._room:
            before = live.report
            try:
                headers = await self.keys.headers_of_look(endpoint)
            except ToolError as error:
                report = Report(up=False, reason=str(error)[:300])
            else:
                load = self._asks_load(live.replica.base_url)
                report = await probe(endpoint, live.replica, net=self._net, headers=headers, load=load)
                if report.tells_load is False:
                    self._silent[live.replica.base_url] = time.monotonic() + _NOT_ASKED
            self.router.report(live, report)
        if before is not None and before.up != report.up:
            log.info(
                "endpoints.up" if report.up else "endpoints.down",
                endpoint=endpoint.name,
                replica=live.replica.base_url,
                reason=report.reason,
            )

    def _asks_load(self, base_url: str) -> bool:
        return time.monotonic() >= self._silent.get(base_url, 0.0)

    async def tell(self) -> None:
        """Tell other processes of our calls, and count theirs from now on."""
        if list(self.router.groups()):
            self.elsewhere = await self._loads.exchange(self.router.snapshot())
            self._take_in()

    async def _tell(self) -> None:
        while True:
            await self.tell()
            await asyncio.sleep(_TELL_EVERY)

    def _take_in(self) -> None:
        """Count the calls of other processes, and rest as long as they were asked to."""
        for group in self.router.groups():
            for live in group.replicas:
                place = place_of(group.endpoint.name, live)
                live.others(
                    int(sum(number(known, place, "running") for known in self.elsewhere)), group.clock()
                )
                asked = max((number(known, place, "asked") for known in self.elsewhere), default=0.0)
                if asked > 0:
                    self.router.cool(live, asked)


def number(known: Known, place: str, field: str) -> float:
    """A number that another process told of a replica; 0 when it told none."""
    of_replica: Any = known.get(place)
    value = of_replica.get(field) if isinstance(of_replica, dict) else None
    return float(value) if isinstance(value, (int, float)) else 0.0
