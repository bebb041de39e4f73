"""Which replica takes a call."""

from __future__ import annotations

import random
from collections import Counter

from tools.endpoints.choice import Beginnings, choose
from tools.endpoints.live import LiveReplica, Report
from tools.endpoints.record import Replica


def replicas(count: int, seconds: float = 1.0, **more) -> list[LiveReplica]:
    made = [LiveReplica(Replica(f"http://{number}", **more)) for number in range(count)]
    for one in made:
        one.latency.observe(seconds, 0.0)
    return made


def pick(among: list[LiveReplica], **more) -> str | None:
    settings = {"now": 0.0, "max_queue": 10, "rng": random.Random(1), **more}
    found = choose(among, **settings)
    return None if found is None else found.replica.base_url


def fail(one: LiveReplica, now: float = 0.0) -> None:
    for _ in range(3):
        one.breaker.failed(now)


def test_the_less_loaded_and_the_quicker_of_two_is_taken() -> None:
    two = replicas(2)
    two[0].begin(0.0)
    assert pick(two) == "http://1"
    two[1].latency.observe(9.0, 0.0)
    two[1].latency.observe(9.0, 0.0)
    assert pick(two) == "http://0", "one call more is less than four times the time"


def test_calls_spread_over_equals() -> None:
    rng, eight = random.Random(3), replicas(8)
    for _ in range(800):
        found = choose(eight, now=0.0, max_queue=10, rng=rng)
        assert found is not None
        found.begin(0.0)
    taken = [one.running for one in eight]
    assert max(taken) - min(taken) <= 8


def test_load_of_other_processes_and_of_strangers_counts() -> None:
    two = replicas(2)
    two[0].elsewhere = 5
    assert pick(two) == "http://1"
    two[1].told(Report(up=True, running=20, waiting=3), 0.0)
    assert pick(two) == "http://0"
    assert pick(two, now=40.0) == "http://1", "what a server told half a minute ago counts no more"


def test_who_rests_is_full_or_was_tried_is_left_out() -> None:
    three = replicas(3, max_concurrency=1)
    fail(three[0])
    three[1].begin(0.0)
    assert pick(three) == "http://2"
    assert pick(three, tried={"http://2"}) is None


def test_a_long_queue_at_the_server_counts_as_full() -> None:
    two = replicas(2)
    two[0].told(Report(up=True, waiting=11), 0.0)
    assert {pick(two, rng=random.Random(seed)) for seed in range(9)} == {"http://1"}


def test_who_is_down_by_the_last_look_serves_only_when_nobody_else_can() -> None:
    two = replicas(2)
    two[0].told(Report(up=False), 0.0)
    assert {pick(two, rng=random.Random(seed)) for seed in range(9)} == {"http://1"}
    fail(two[1])
    assert pick(two) == "http://0"


def test_a_rest_that_is_over_is_tried_by_one_call_that_may_be_repeated() -> None:
    two = replicas(2)
    fail(two[0])
    assert pick(two, now=0.9) == "http://1"
    assert pick(two, now=1.0, trials=False) == "http://1"
    assert pick(two, now=1.0) == "http://0"
    two[0].begin(1.0)
    assert pick(two, now=1.0) == "http://1"


def test_a_known_beginning_is_followed_until_its_replica_is_much_fuller() -> None:
    rng, four = random.Random(2), replicas(4)
    first = Counter(pick(four, rng=rng, warm="http://2") for _ in range(50))
    assert first == {"http://2": 50}
    for _ in range(3):
        four[2].begin(0.0)
    assert pick(four, rng=rng, warm="http://2") != "http://2"


def test_a_hanging_call_makes_a_replica_dear() -> None:
    two = replicas(2)
    two[0].begin(0.0)
    two[1].begin(95.0)
    two[1].begin(95.0)
    assert pick(two, now=100.0) == "http://1"


def test_beginnings_are_forgotten_oldest_first() -> None:
    seen = Beginnings()
    for number in range(5000):
        seen.put(number, "a")
    assert seen.where(0) is None
    assert seen.where(4999) == "a"
