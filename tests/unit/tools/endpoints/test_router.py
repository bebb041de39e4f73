"""Where calls go when replicas fail, are full, ask for a pause or hang."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from decimal import Decimal

import pytest

from tools.endpoints.record import Endpoint, Fallback, Hedge, Model, Protocol, Replica
from tools.endpoints.router import Route, Router, Target
from tools.errors import BadArguments, NotAuthorised, RateLimited, ServerFault, Unavailable, Unreachable
from tools.spec import Price

ROUTE = Route("chat", "m", timeout=5.0)


class Known:
    def __init__(self, *endpoints: Endpoint) -> None:
        self.by_name = {one.name: one for one in endpoints}

    async def find(self, name: str) -> Endpoint | None:
        return self.by_name.get(name)


def endpoint(name: str, count: int, **more) -> Endpoint:
    limit = more.pop("each", None)
    replicas = tuple(Replica(f"http://{name}{number}", max_concurrency=limit) for number in range(count))
    return Endpoint(name, Protocol.OPENAI, replicas, **more)


def router(*endpoints: Endpoint) -> Router:
    return Router(Known(*endpoints), rng=random.Random(7))


def answering(asked: list[str], *, failing: Mapping[str, Exception]) -> Callable[[Target], Awaitable[str]]:
    async def send(target: Target) -> str:
        asked.append(target.base_url)
        if target.base_url in failing:
            raise failing[target.base_url]
        return f"{target.model} at {target.base_url}"

    return send


async def test_a_failed_call_goes_to_another_replica_and_the_failing_one_gets_a_rest() -> None:
    asked: list[str] = []
    send = answering(asked, failing={"http://chat0": ServerFault("broken")})
    made = router(endpoint("chat", 2))
    for _ in range(30):
        assert (await made.call(ROUTE, send)).value == "m at http://chat1"
    assert asked.count("http://chat0") <= 3


async def test_what_may_not_be_repeated_is_sent_once_unless_it_was_surely_not_done() -> None:
    asked: list[str] = []
    once = replace(ROUTE, repeatable=False)
    every = {f"http://chat{n}": ServerFault("broken half-way") for n in range(3)}
    with pytest.raises(ServerFault):
        await router(endpoint("chat", 3)).call(once, answering(asked, failing=every))
    assert len(asked) == 1
    asked.clear()
    busy = {url: RateLimited("later") for url in list(every)[:2]}
    made = await router(endpoint("chat", 3)).call(once, answering(asked, failing=busy))
    assert made.value == "m at http://chat2"


async def test_a_wrong_call_is_not_tried_again_and_not_held_against_the_replica() -> None:
    asked: list[str] = []
    made = router(endpoint("chat", 2))
    wrong = {f"http://chat{n}": BadArguments("too long") for n in range(2)}
    for _ in range(9):
        with pytest.raises(BadArguments):
            await made.call(ROUTE, answering(asked, failing=wrong))
    assert len(asked) == 9
    group = await made.group("chat")
    assert [one.failures for one in group.replicas] == [0, 0]


async def test_fallbacks_take_over_in_order_with_their_own_model_name() -> None:
    asked: list[str] = []
    first = endpoint("chat", 2, fallbacks=(Fallback("gone"), Fallback("second"), Fallback("third", "other")))
    made = router(first, endpoint("second", 1), endpoint("third", 1))
    away = dict.fromkeys(("http://chat0", "http://chat1"), Unreachable("no"))
    broken = {**away, "http://second0": NotAuthorised("key")}
    got = await made.call(ROUTE, answering(asked, failing=broken))
    assert got.value == "other at http://third0"
    assert got.target.endpoint.name == "third"


async def test_a_paused_endpoint_is_passed_over_for_its_fallbacks() -> None:
    asked: list[str] = []
    first = endpoint("chat", 1, fallbacks=(Fallback("second"),), paused=True)
    got = await router(first, endpoint("second", 1)).call(ROUTE, answering(asked, failing={}))
    assert got.target.endpoint.name == "second"
    with pytest.raises(Unreachable, match="paused by a person"):
        await router(replace(first, fallbacks=())).call(ROUTE, answering(asked, failing={}))
    assert len(asked) == 1


async def test_endpoints_that_stand_in_for_each_other_end() -> None:
    made = router(
        endpoint("chat", 1, fallbacks=(Fallback("b"),)), endpoint("b", 1, fallbacks=(Fallback("chat"),))
    )
    asked: list[str] = []
    broken = dict.fromkeys(("http://chat0", "http://b0"), Unreachable("no"))
    with pytest.raises(Unreachable):
        await made.call(ROUTE, answering(asked, failing=broken))
    assert asked == ["http://chat0", "http://b0"]


async def test_a_pause_that_was_asked_for_is_told_on() -> None:
    made = router(endpoint("chat", 1))
    asked: list[str] = []
    busy = {"http://chat0": RateLimited("later", retry_after=40)}
    with pytest.raises(RateLimited, match="later"):
        await made.call(ROUTE, answering(asked, failing=busy))
    with pytest.raises(RateLimited, match="asked for fewer calls") as caught:
        await made.call(ROUTE, answering(asked, failing={}))
    assert caught.value.retry_after == pytest.approx(40, abs=1)
    assert len(asked) == 1


async def test_an_unknown_endpoint_says_how_to_add_it() -> None:
    with pytest.raises(Unavailable, match="POST /v1/endpoints"):
        await router().call(ROUTE, answering([], failing={}))


async def turns() -> None:
    """Let everybody go on who can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_places_are_kept_and_who_waits_longest_is_next() -> None:
    made = router(endpoint("chat", 2, each=1, max_queue=3))
    gates = [asyncio.Event() for _ in range(5)]
    ended: list[int] = []
    running = 0

    async def call(number: int) -> None:
        async def send(_: Target) -> int:
            nonlocal running
            running += 1
            assert running <= 2
            await gates[number].wait()
            running -= 1
            return number

        ended.append((await made.call(ROUTE, send)).value)

    async with asyncio.TaskGroup() as tasks:
        for number in range(5):
            tasks.create_task(call(number))
        group = await made.group("chat")
        await turns()
        assert group.waiting == 3
        with pytest.raises(RateLimited, match="3 calls wait for a place") as caught:
            await made.call(ROUTE, answering([], failing={}))
        assert caught.value.retry_after is not None
        for number in (0, 1, 2, 3, 4):
            gates[number].set()
            await turns()
            assert ended[-1] == number
    assert ended == [0, 1, 2, 3, 4]
    assert all(one.running == 0 for one in group.replicas)


async def test_the_endpoint_as_a_whole_has_a_bound_too() -> None:
    made = router(endpoint("chat", 4, max_concurrency=1, max_queue=0))
    gate = asyncio.Event()

    async def send(_: Target) -> None:
        await gate.wait()

    first = asyncio.create_task(made.call(ROUTE, send))
    await asyncio.sleep(0)
    with pytest.raises(RateLimited, match="full"):
        await made.call(ROUTE, send)
    gate.set()
    await first


async def test_a_cancelled_call_gives_its_place_back() -> None:
    made = router(endpoint("chat", 1, each=1))

    async def hang(_: Target) -> None:
        await asyncio.Event().wait()

    calls = [asyncio.create_task(made.call(ROUTE, hang)) for _ in range(2)]
    group = await made.group("chat")
    await turns()
    assert group.waiting == 1
    for call in calls:
        call.cancel()
    await asyncio.wait(calls)
    assert (group.waiting, group.replicas[0].running) == (0, 0)
    assert (await made.call(ROUTE, answering([], failing={}))).value == "m at http://chat0"


async def warmed(made: Router, *, seconds: float = 0.001) -> None:
    """Enough calls that the tail is known."""

    async def send(_: Target) -> None:
        await asyncio.sleep(seconds)

    for _ in range(30):
        await made.call(ROUTE, send)


@pytest.mark.parametrize(
    ("hedge", "price", "sent"),
    [
        (Hedge.AUTO, Price(), 2),
        (Hedge.AUTO, Price(per_call=Decimal(1)), 1),
        (Hedge.ALWAYS, Price(per_call=Decimal(1)), 2),
    ],
)
async def test_a_second_replica_is_asked_where_the_first_takes_long(hedge, price, sent) -> None:
    made = router(endpoint("chat", 2, hedge=hedge, models=(Model("m", price),)))
    await warmed(made)
    asked: list[str] = []
    slow_ended = asyncio.Event()

    async def send(target: Target) -> str:
        asked.append(target.base_url)
        if len(asked) == 1:
            try:
                await asyncio.sleep(0.2)
            except asyncio.CancelledError:
                slow_ended.set()
                raise
        return target.base_url

    got = await made.call(replace(ROUTE, hedge=True), send)
    assert len(asked) == sent
    assert got.value == asked[-1]
    assert slow_ended.is_set() == (sent == 2)
    assert all(one.running == 0 for one in (await made.group("chat")).replicas)


async def test_second_calls_are_a_small_share_of_all() -> None:
    made = router(endpoint("chat", 2))
    await warmed(made)
    sent = 0

    async def send(_: Target) -> None:
        nonlocal sent
        sent += 1
        await asyncio.sleep(0.01)

    for _ in range(40):
        await made.call(replace(ROUTE, hedge=True), send)
    assert sent <= 40 + 10


async def test_calls_with_the_same_beginning_go_to_the_same_replica() -> None:
    made = router(endpoint("chat", 8))
    asked: list[str] = []
    for number in range(20):
        await made.call(replace(ROUTE, beginning=number % 2), answering(asked, failing={}))
    assert len(set(asked[0::2])) == len(set(asked[1::2])) == 1


async def test_gpu_seconds_are_shared_by_calls_side_by_side() -> None:
    now: list[float] = [0.0]
    took: list[float] = []
    known = Known(Endpoint("chat", Protocol.OPENAI, (Replica("http://a", gpus=8),)))
    made = Router(known, clock=lambda: now[0])
    (live,) = (await made.group("chat")).replicas
    route = replace(ROUTE, took=took.append)

    async def two_seconds(_: Target) -> None:
        await turns()
        now[0] += 2.0

    await made.call(route, two_seconds)
    assert took == [16.0]
    await asyncio.gather(*(made.call(route, two_seconds) for _ in range(2)))
    # The replica was busy for 4 s, of which both shared the first two.
    assert took[1:] == [8.0, 24.0]
    assert live.gpu_seconds == 48.0
    live.others(3, now[0])
    await made.call(route, two_seconds)
    assert took[3:] == [4.0]


async def test_what_a_try_that_failed_took_of_a_gpu_is_counted() -> None:
    now: list[float] = [0.0]
    took: list[float] = []
    replicas = tuple(Replica(f"http://{name}", gpus=1) for name in "ab")
    made = Router(Known(Endpoint("chat", Protocol.OPENAI, replicas)), clock=lambda: now[0])
    tried: list[str] = []

    async def second_works(target: Target) -> None:
        tried.append(target.base_url)
        now[0] += len(tried)
        if len(tried) == 1:
            raise ServerFault("no")

    await made.call(replace(ROUTE, took=took.append), second_works)
    assert took == [1.0, 2.0]
