"""The Celery application of a worker: its queues and the one task that rings it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from celery import Celery
from kombu.entity import Queue

from orchestrator.doorbell import RING_TASK, celery_app

#: Has one worker delete what is not kept any longer.
PRUNE_TASK = "toolpath.prune"
#: Seconds between two rings of the clock: a bell that got lost is heard again.
CLOCK = 5.0


def worker_app(
    broker_url: str, queues: Sequence[str], *, wake: Callable[[], None], prune: Callable[[], None]
) -> Celery:
    """An application that consumes `queues` and calls `wake` for each ring, and `prune` now and then."""
    app = celery_app(broker_url)
    app.conf.task_queues = [Queue(name) for name in queues]  # type: ignore[no-untyped-call]
    app.conf.task_default_queue = queues[0]
    app.conf.broker_connection_max_retries = None

    @app.task(name=RING_TASK)  # type: ignore[untyped-decorator]
    def ring() -> None:
        wake()

    @app.task(name=PRUNE_TASK)  # type: ignore[untyped-decorator]
    def prune_() -> None:
        prune()

    return app


def beat_app(broker_url: str, queues: Sequence[str], *, prune_every: float | None) -> Celery:
    """An application whose clock rings every queue, and has the first one prune."""
    app = celery_app(broker_url)
    app.conf.broker_connection_max_retries = None
    app.conf.beat_schedule = {
        f"ring-{name}": {
            "task": RING_TASK,
            "schedule": CLOCK,
            "options": {"queue": name, "expires": CLOCK},
        }
        for name in queues
    }
    if prune_every is not None:
        app.conf.beat_schedule["prune"] = {
            "task": PRUNE_TASK,
            "schedule": prune_every,
            "options": {"queue": queues[0], "expires": prune_every},
        }
    return app
