"""The alarm rings for every moment it was asked for, and not before."""

from __future__ import annotations

import threading
import time

from orchestrator.store.alarm import Alarm


def test_it_rings_for_each_moment_in_order():
    rung: list[float] = []
    last_came = threading.Event()
    begun = time.monotonic()

    def ring() -> None:
        rung.append(time.monotonic() - begun)
        if rung[-1] >= 0.09:
            last_came.set()

    alarm = Alarm(ring)
    for seconds in (0.09, 0.01, 0.05):
        alarm.ring_in(seconds)
    assert last_came.wait(5)
    alarm.stop()
    # On a busy machine moments come together, and one ring is for all of them: fewer, but none too early.
    assert 1 <= len(rung) <= 3
    assert all(at >= seconds for at, seconds in zip(rung, (0.01, 0.05, 0.09), strict=False))


def test_it_can_be_stopped_whether_it_was_asked_or_not():
    rung: list[int] = []
    alarm = Alarm(lambda: rung.append(1))
    alarm.stop()
    alarm = Alarm(lambda: rung.append(1))
    alarm.ring_in(60)
    alarm.stop()
    assert rung == []
