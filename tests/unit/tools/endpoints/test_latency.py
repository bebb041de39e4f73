"""What is expected of a replica's next call."""

from __future__ import annotations

import pytest

from tools.endpoints.latency import Average, Tail


def test_one_slow_call_at_most_doubles_the_average_and_it_comes_back() -> None:
    average = Average()
    average.observe(0.1, 0.0)
    average.observe(60.0, 0.01)
    assert average.value is not None
    assert average.value > 0.2
    raised = average.value
    for number in range(40):
        average.observe(0.1, 0.02 + number / 100)
    assert average.value == pytest.approx(0.1, rel=raised)
    assert average.value < raised / 10


def test_what_is_not_known_is_taken_for_the_best_and_old_knowledge_fades() -> None:
    average = Average()
    assert average.estimate(0.2, 5.0) == 0.2
    average.observe(4.0, 0.0)
    assert average.estimate(0.2, 0.0) == 4.0
    assert average.estimate(0.2, 30.0) == pytest.approx(0.2 + 3.8 / 2.718, rel=0.01)
    assert average.estimate(0.2, 3000.0) == pytest.approx(0.2)


def test_the_tail_is_known_after_twenty_calls() -> None:
    tail = Tail()
    for number in range(19):
        tail.observe(number / 100)
    assert tail.p95 is None
    for number in range(19, 100):
        tail.observe(number / 100)
    assert tail.p95 == pytest.approx(0.95, abs=0.08)
