"""When a replica gets a rest, and how it comes back."""

from __future__ import annotations

from tools.endpoints.breaker import Breaker, State


def test_three_failures_in_a_row_open_it_and_one_success_closes_it() -> None:
    breaker = Breaker()
    for at in (0.0, 1.0):
        breaker.begins()
        breaker.failed(at)
        assert breaker.state(at) is State.CLOSED
    breaker.begins()
    breaker.failed(2.0)
    assert breaker.state(2.0) is State.OPEN
    assert not breaker.allows(2.9)
    assert breaker.state(3.0) is State.HALF_OPEN
    assert breaker.allows(3.0)
    breaker.begins()
    assert not breaker.allows(3.1), "one trial at a time"
    breaker.succeeded()
    assert breaker.state(3.2) is State.CLOSED
    assert breaker.allows(3.2)


def test_each_failed_trial_doubles_the_rest_up_to_a_minute() -> None:
    breaker, now, rests = Breaker(), 0.0, []
    for _ in range(3):
        breaker.failed(now)
    for _ in range(8):
        rests.append(breaker.rest(now))
        now += breaker.rest(now)
        breaker.begins()
        breaker.failed(now)
    assert rests == [1, 2, 4, 8, 16, 32, 60, 60]


def test_every_other_call_failing_opens_it_too() -> None:
    breaker = Breaker()
    for number in range(20):
        breaker.begins()
        if number % 2:
            breaker.failed(float(number))
        else:
            breaker.succeeded()
        if breaker.state(float(number)) is State.OPEN:
            break
    assert number == 7


def test_one_failure_keeps_calls_away_for_a_moment_only() -> None:
    breaker = Breaker()
    breaker.failed(5.0)
    assert not breaker.allows(5.05)
    assert breaker.allows(5.2)


def test_a_pause_that_was_asked_for_is_kept_and_no_failure() -> None:
    breaker = Breaker()
    breaker.cool(30.0)
    assert not breaker.allows(29.9)
    assert breaker.state(29.9) is State.CLOSED
    assert breaker.asked(10.0) == 20.0
    assert breaker.allows(30.0)


def test_a_trial_that_was_cut_off_frees_its_place() -> None:
    breaker = Breaker()
    for _ in range(3):
        breaker.failed(0.0)
    breaker.begins()
    breaker.broke_off()
    assert breaker.allows(1.0)
    assert breaker.state(1.0) is State.HALF_OPEN
