"""Followers of one run share the reads of the store."""

from __future__ import annotations

import asyncio

from orchestrator.api.following import Followers
from orchestrator.domain.events import Event, EventType


class Store:
    """Events of one run in memory, counting reads."""

    def __init__(self) -> None:
        self.kept: list[Event] = []
        self.reads = 0

    def add(self, type: EventType) -> None:
        self.kept.append(Event("r", len(self.kept) + 1, type, 0.0))

    async def events(self, run_id: str, *, after: int = 0, limit: int = 500) -> list[Event]:
        self.reads += 1
        await asyncio.sleep(0)
        return self.kept[after : after + limit]


class Signals:
    """Wakes whoever waits."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self.waiting = 0

    def publish(self, run_ids) -> None:
        self.event.set()
        self.event = asyncio.Event()

    async def wait(self, run_id: str, *, timeout: float) -> None:
        self.waiting += 1
        await self.event.wait()


async def text(followers: Followers, after: int = 0) -> bytes:
    return b"".join([chunk async for chunk in followers.stream("r", after=after)])


async def test_a_hundred_followers_read_the_store_as_often_as_one():
    store, signals = Store(), Signals()
    followers = Followers(store, signals)  # type: ignore[arg-type]
    store.add(EventType.RUN_ACCEPTED)
    tasks = [asyncio.create_task(text(followers)) for _ in range(100)]
    for type in (EventType.RUN_STATUS, EventType.STEP_STARTED, EventType.RUN_ENDED):
        for _ in range(20):
            await asyncio.sleep(0)
        store.add(type)
        signals.publish(["r"])
    texts = await asyncio.gather(*tasks)
    assert len(set(texts)) == 1
    assert texts[0].count(b"\nevent: ") == 4
    assert store.reads <= 5  # one for what is there, and one for each signal


async def test_the_stream_goes_on_after_an_end_that_was_reopened():
    store, signals = Store(), Signals()
    followers = Followers(store, signals)  # type: ignore[arg-type]
    for type in (EventType.RUN_ENDED, EventType.RUN_REOPENED, EventType.RUN_ENDED):
        store.add(type)
    assert (await text(followers)).count(b"id: ") == 3
    assert await followers.ended_at("r", 3)
    assert not await followers.ended_at("r", 1)


async def test_an_event_between_the_read_and_the_wait_is_not_missed():
    store, signals = Store(), Signals()
    followers = Followers(store, signals)  # type: ignore[arg-type]
    task = asyncio.create_task(text(followers))
    while not signals.waiting:  # noqa: ASYNC110 - the fake has nothing to wait for
        await asyncio.sleep(0)
    # The read is under way: what comes now is found by the waiting that began before it.
    store.add(EventType.RUN_ENDED)
    signals.publish(["r"])
    assert b"run.ended" in await asyncio.wait_for(task, timeout=2)


async def test_a_follower_that_leaves_takes_nothing_from_the_others():
    store, signals = Store(), Signals()
    followers = Followers(store, signals)  # type: ignore[arg-type]
    store.add(EventType.RUN_ACCEPTED)
    leaving = asyncio.create_task(text(followers))
    staying = asyncio.create_task(text(followers))
    for _ in range(20):
        await asyncio.sleep(0)
    leaving.cancel()
    store.add(EventType.RUN_ENDED)
    signals.publish(["r"])
    assert b"run.ended" in await asyncio.wait_for(staying, timeout=2)


async def test_a_signal_without_news_says_nothing_and_loses_nothing():
    store, signals = Store(), Signals()
    followers = Followers(store, signals)  # type: ignore[arg-type]
    store.add(EventType.RUN_ACCEPTED)
    task = asyncio.create_task(text(followers))
    for _ in range(5):
        for _ in range(20):
            await asyncio.sleep(0)
        signals.publish(["r"])
    store.add(EventType.RUN_ENDED)
    signals.publish(["r"])
    told = await asyncio.wait_for(task, timeout=2)
    assert told.count(b"\nevent: ") == 2
    assert b"still here" not in told


async def test_a_follower_that_comes_back_goes_on_where_it_was():
    store, signals = Store(), Signals()
    followers = Followers(store, signals)  # type: ignore[arg-type]
    for type in (EventType.RUN_ACCEPTED, EventType.RUN_STATUS, EventType.STEP_STARTED):
        store.add(type)
    staying = asyncio.create_task(text(followers))
    back = asyncio.create_task(text(followers, after=2))
    for _ in range(20):
        await asyncio.sleep(0)
    store.add(EventType.RUN_ENDED)
    signals.publish(["r"])
    assert (await asyncio.wait_for(staying, timeout=2)).count(b"\nevent: ") == 4
    told = await asyncio.wait_for(back, timeout=2)
    assert [line for line in told.splitlines() if line.startswith(b"id:")] == [b"id: 3", b"id: 4"]
