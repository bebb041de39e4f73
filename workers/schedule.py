"""The clock: rings every queue now and then, so that a lost bell is heard again."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.bootstrap import PRUNE_SECONDS
from orchestrator.settings import Settings
from workers.app import beat_app


def run_beat(settings: Settings, *, queues: Sequence[str] = ()) -> None:
    """Ring until SIGTERM. Raises RuntimeError when no broker is set."""
    if settings.broker_url is None:
        raise RuntimeError("beat needs TOOLPATH_BROKER_URL (a Redis URL); the embedded service needs no beat")
    every = None if settings.retention_days is None else PRUNE_SECONDS
    app = beat_app(settings.broker_url, tuple(queues) or settings.queues, prune_every=every)
    # The schedule is in the configuration, so nothing is kept on disk between two starts.
    app.Beat(scheduler="celery.beat:Scheduler", loglevel="WARNING").run()
