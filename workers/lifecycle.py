"""A worker process: a runner on an event loop of its own thread, and Celery in front of it."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Sequence
from functools import partial

import structlog
from celery.signals import setup_logging, worker_shutting_down

from orchestrator import bootstrap
from orchestrator.settings import Settings
from workers.app import worker_app

log = structlog.get_logger(__name__)


class RunnerThread:
    """Runs the orchestrator's parts on a loop in a thread until it is stopped."""

    def __init__(self, services: bootstrap.Services) -> None:
        self._services = services
        self._ready = threading.Event()
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._main, name="toolpath-loop")

    def start(self) -> None:
        """Begin, and return once it works. Raises what kept it from starting."""
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            self._thread.join()
            raise self._error

    def wake(self) -> None:
        """Ring the runner."""
        if self._services.runner is not None:
            self._services.runner.wake()

    def prune(self) -> None:
        """Delete what is not kept any longer, beside all other work; returns at once."""
        rule = self._services.retention
        if rule is not None and self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._services.keeper.prune(rule), self._loop)

    def begin_stop(self) -> None:
        """Claim nothing more, and let what is in flight end; returns at once."""
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)

    def stop(self) -> None:
        """Let what is in flight end, then end the thread."""
        self.begin_stop()
        self._thread.join()

    def _main(self) -> None:
        try:
            # Not uvloop: it misses ends of child processes where its loop is not on the main thread.
            asyncio.run(self._serve())
        except BaseException as error:
            self._error = error
            log.exception("worker.failed")
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        async with bootstrap.running(self._services):
            bootstrap.settle_memory()
            self._ready.set()
            await self._stop.wait()


def run_worker(settings: Settings, *, queues: Sequence[str] = ()) -> None:
    """Serve the queues until SIGTERM or SIGINT. Raises RuntimeError when no broker is set."""
    if settings.broker_url is None:
        raise RuntimeError(
            "a worker needs TOOLPATH_BROKER_URL (a Redis URL); `toolpath serve` needs no worker and no broker"
        )
    served = tuple(queues) or settings.queues
    services = bootstrap.build(
        settings.model_copy(update={"queues": served, "warm_up": True}), runs_steps=True
    )
    runner = RunnerThread(services)
    runner.start()
    try:
        app = worker_app(settings.broker_url, served, wake=runner.wake, prune=runner.prune)
        setup_logging.connect(_keep_our_logging)
        # One slot is enough: a ring only sets a flag, the runner does the work.
        worker = app.Worker(
            pool="solo", queues=list(served), without_gossip=True, without_mingle=True, loglevel="WARNING"
        )
        worker_shutting_down.connect(partial(_shutting_down, runner), weak=False)
        log.info("worker.ready", queues=served)
        worker.start()
    finally:
        runner.stop()


def _shutting_down(runner: RunnerThread, **_: object) -> None:
    """The first signal: begin at once, beside Celery's own end; the second ends the process."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end_now)
    runner.begin_stop()


def _end_now(number: int, frame: object) -> None:
    """Leases run out, and another worker goes on."""
    os._exit(128 + number)


def _keep_our_logging(**_: object) -> None:
    """Celery sets up logging of its own unless somebody listens here."""
