"""The alarm rings for every moment it was asked for, and not before."""

from __future__ import annotations

import threading
import time

from orchestrator.store.alarm import Alarm


def test_it_rings_for_each_moment_in_order():
    rung: list[float] = []
    all_rung = threading.Event()

    def ring() -> None:
        rung.append(time.monotonic())
        if len(rung) == 3:
            all_rung.set()

    alarm = Alarm(ring)
    begun = time.monotonic()
    for seconds in (0.09, 0.01, 0.05):
        alarm.ring_in(seconds)
    assert all_rung.wait(5)
    alarm.stop()
    for at, seconds in zip(rung, (0.01, 0.05, 0.09), strict=True):
        assert at - begun >= seconds


def test_it_can_be_stopped_whether_it_was_asked_or_not():
    rung: list[int] = []
    alarm = Alarm(lambda: rung.append(1))
    alarm.stop()
    alarm = Alarm(lambda: rung.append(1))
    alarm.ring_in(60)
    alarm.stop()
    assert rung == []
