"""Bells cost little however often they are rung."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from orchestrator import doorbell
from orchestrator.doorbell import CeleryDoorbell, LocalDoorbell


class Application:
    """Stands for Celery: remembers what was sent."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.some = threading.Event()
        self.closed = False

    def send_task(self, _name: str, *, queue: str, **_: Any) -> None:
        self.sent.append(queue)
        self.some.set()

    def close(self) -> None:
        self.closed = True


def test_rings_in_a_short_time_share_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Application()
    monkeypatch.setattr(doorbell, "celery_app", lambda _url: app)
    monkeypatch.setattr(doorbell, "BETWEEN_RINGS", 3600.0)
    bell = CeleryDoorbell("redis://nowhere", ["default"], local=LocalDoorbell())
    bell.ring()
    assert app.some.wait(5)
    for _ in range(100):
        bell.ring()
    bell.stop()
    assert (app.sent, app.closed) == (["default"], True)


def test_a_ring_after_the_pause_is_a_message_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Application()
    monkeypatch.setattr(doorbell, "celery_app", lambda _url: app)
    bell = CeleryDoorbell("redis://nowhere", ["default"], local=LocalDoorbell())
    for _ in range(2):
        app.some.clear()
        bell.ring()
        assert app.some.wait(5)
    bell.stop()
    assert app.sent == ["default"] * 2
