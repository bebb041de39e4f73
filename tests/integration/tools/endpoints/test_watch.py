"""Processes that share a broker know each other's calls and pauses; without it each goes by its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from tools.adapters.credentials import Authority
from tools.adapters.endpoint_credentials import EndpointCredentials, NoSecrets
from tools.endpoints.loads import Alone, Loads, RedisLoads
from tools.endpoints.record import Endpoint, Protocol, Replica
from tools.endpoints.router import Route, Router, Target
from tools.endpoints.watch import Watch
from tools.errors import RateLimited
from tools.net import Net
from tools.testing import ScriptedModel

HERE = Endpoint("here", Protocol.OPENAI, (Replica("http://127.0.0.1:1/v1"), Replica("http://127.0.0.1:2/v1")))
ROUTE = Route("here", "m", timeout=10.0)


class Known:
    async def find(self, name: str) -> Endpoint | None:
        return HERE if name == HERE.name else None

    async def all(self) -> Sequence[Endpoint]:
        return [HERE]


@asynccontextmanager
async def process(loads: Loads) -> AsyncIterator[Watch]:
    net = Net(allow=["127.0.0.1"])
    keys = EndpointCredentials(Authority(net), NoSecrets())
    watch = Watch(router=Router(Known()), endpoints=Known(), net=net, loads=loads, keys=keys)
    watch.router.group_of(HERE)
    yield watch
    await loads.aclose()
    await net.aclose()


async def test_calls_of_one_process_are_load_for_the_other(redis_url: str) -> None:
    async with process(RedisLoads(redis_url)) as one, process(RedisLoads(redis_url)) as other:
        gate = asyncio.Event()

        async def send(target: Target) -> str:
            await gate.wait()
            return target.base_url

        calls = [asyncio.create_task(one.router.call(ROUTE, send)) for _ in range(6)]
        await asyncio.sleep(0)
        await one.tell()
        await other.tell()
        group = await other.router.group("here")
        assert [live.elsewhere for live in group.replicas] == [3, 3]
        gate.set()
        await asyncio.gather(*calls)
        await one.tell()
        await other.tell()
        assert [live.elsewhere for live in group.replicas] == [0, 0]


async def test_a_pause_asked_of_one_process_is_kept_by_the_other(redis_url: str) -> None:
    async with process(RedisLoads(redis_url)) as one, process(RedisLoads(redis_url)) as other:

        async def refuse(_: Target) -> None:
            raise RateLimited("later", retry_after=30)

        for watch in (one, other):
            with pytest.raises(RateLimited) as caught:
                await watch.router.call(ROUTE, refuse)
            assert caught.value.retry_after == pytest.approx(30, abs=1)
            await one.tell()
            await other.tell()
        group = await other.router.group("here")
        assert [live.calls for live in group.replicas] == [0, 0]


async def test_a_process_that_leaves_takes_its_load_along(redis_url: str) -> None:
    async with process(RedisLoads(redis_url)) as other:
        async with process(RedisLoads(redis_url)) as one:
            live = (await one.router.group("here")).replicas[0]
            live.begin(0.0)
            await one.tell()
            await other.tell()
            assert (await other.router.group("here")).replicas[0].elsewhere == 1
        await other.tell()
        assert (await other.router.group("here")).replicas[0].elsewhere == 0


@pytest.mark.parametrize("loads", [Alone(), RedisLoads("redis://127.0.0.1:1/0")])
async def test_without_a_broker_each_goes_by_what_it_sees(loads: Loads) -> None:
    async with process(loads) as one:
        await one.tell()
        assert one.elsewhere == []

        async def send(target: Target) -> str:
            return target.model

        assert (await one.router.call(ROUTE, send)).value == "m"


async def test_the_watch_looks_at_once_and_ends_when_cancelled() -> None:
    async with process(Alone()) as one:
        running = asyncio.create_task(one.run())
        async with asyncio.timeout(10):
            group = await one.look_at(HERE)
        assert [live.down() for live in group.replicas] == [True, True]
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


async def test_a_server_that_tells_no_load_is_not_asked_for_it_every_time() -> None:
    async with ScriptedModel([]) as quiet, ScriptedModel([]) as telling, process(Alone()) as one:
        telling.metrics = "tgi_queue_size 1\n"
        both = replace(HERE, replicas=(Replica(quiet.base_url), Replica(telling.base_url)))
        for _ in range(3):
            await one.look_at(both)
        assert [request.path for request in quiet.requests].count("/metrics") == 1
        assert [request.path for request in telling.requests].count("/metrics") == 3
