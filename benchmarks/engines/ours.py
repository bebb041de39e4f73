"""Toolpath's own engine: the embedded service's parts in this process, or worker processes beside it."""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from benchmarks.engines.plain import Burst
from benchmarks.shapes import Graph
from orchestrator import bootstrap
from orchestrator.domain.events import Event, EventType
from orchestrator.domain.ids import new_id
from orchestrator.domain.run import Mode, RunRequest
from orchestrator.runs.stop import resume
from orchestrator.settings import load
from orchestrator.store.engine import open_engine
from orchestrator.store.migrate import upgrade
from orchestrator.store.tables import runs
from tools.testing_functions import BY_NAME

#: Seconds until all runs of a burst were planned, by "shape/runs".
Planning = dict[str, list[float]]


@asynccontextmanager
async def our_engine(database_url: str | None, planning: Planning) -> AsyncIterator[Burst]:
    """On SQLite in a scratch folder, or on the database given."""
    bootstrap.log_plainly(level="error")
    with tempfile.TemporaryDirectory() as folder:
        settings = load(
            data_dir=Path(folder),
            database_url=database_url,
            python_modules=("tools.testing_functions",),
            max_live=2000,
        )
        services = bootstrap.build(settings, runs_steps=True)
        async with bootstrap.running(services):
            await services.catalog.add(BY_NAME["sleep_ms"], replace=True)
            bootstrap.settle_memory()  # as `toolpath serve` does
            yield _Engine(services, planning).burst


@asynccontextmanager
async def our_workers(
    database_url: str, redis_url: str, count: int, planning: Planning
) -> AsyncIterator[Burst]:
    """`count` processes of `toolpath worker`, rung by Celery; this process only submits."""
    bootstrap.log_plainly(level="error")
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        settings = load(
            data_dir=Path(folder),
            database_url=database_url,
            broker_url=redis_url,
            api_key=secrets.token_urlsafe(24),
            secret_key=secrets.token_urlsafe(32),
            python_modules=("tools.testing_functions",),
        )
        environment = {
            "TOOLPATH_DATA_DIR": folder,
            "TOOLPATH_DATABASE_URL": database_url,
            "TOOLPATH_BROKER_URL": redis_url,
            "TOOLPATH_API_KEY": secrets.token_urlsafe(24),
            "TOOLPATH_SECRET_KEY": secrets.token_urlsafe(32),
            "TOOLPATH_PYTHON_MODULES": "tools.testing_functions",
            "TOOLPATH_MAX_LIVE": "2000",
            "TOOLPATH_PROCESSES": "1",
        }
        await asyncio.to_thread(upgrade, open_engine(database_url))
        services = bootstrap.build(settings, runs_steps=False)
        await stack.enter_async_context(bootstrap.running(services))
        await services.catalog.add(BY_NAME["sleep_ms"], replace=True)
        for _ in range(count):
            stack.enter_context(_worker(environment))
        yield _Engine(services, planning).burst


@contextmanager
def _worker(environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("toolpath")), "worker"],
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


class _Engine:
    def __init__(self, services: bootstrap.Services, planning: Planning) -> None:
        self._services, self._planning = services, planning

    async def burst(self, graph: Graph, count: int) -> tuple[list[float], float]:
        """Plan all, then start all; times are those of the runs' own events."""
        begun = time.perf_counter()
        request = asked(graph, mode="plan")
        ids = await asyncio.gather(*(self._planned(request) for _ in range(count)))
        self._planning.setdefault(f"{graph.name}/{count}", []).append(time.perf_counter() - begun)
        times = await asyncio.gather(*(self._run(run_id) for run_id in ids))
        first = min(laid for laid, _ in times)
        return [end - laid for laid, end in times], max(end for _, end in times) - first

    async def _planned(self, request: RunRequest) -> str:
        run = await self._services.store.accept(new_id("run"), request)
        self._services.doorbell.ring()
        await self._until(run.id, "planned")
        return run.id

    async def _run(self, run_id: str) -> tuple[float, float]:
        """Start it; its start and end. Asking is rare, so that it costs the engine little."""
        services = self._services
        await resume(run_id, store=services.store, doorbell=services.doorbell)
        query = select(runs.c.finished_at).where(runs.c.id == run_id)
        while await services.database.read(lambda c: c.execute(query).scalar_one()) is None:
            await services.signals.wait(run_id, timeout=0.1)
            await asyncio.sleep(0.2)
        events = await self._until(run_id, "succeeded")
        laid = next(event.at for event in events if event.type is EventType.PATH_CHOSEN)
        return laid, events[-1].at

    async def _until(self, run_id: str, status: str) -> list[Event]:
        while True:
            waiting = asyncio.create_task(self._services.signals.wait(run_id, timeout=5.0))
            await asyncio.sleep(0)
            events = await self._services.store.events(run_id, limit=5000)
            last = events[-1]
            if last.data.get("status") == status:
                waiting.cancel()
                return events
            if last.type is EventType.RUN_ENDED:
                raise RuntimeError(f"the run ended as {last.data}")
            await waiting


def asked(graph: Graph, *, mode: Mode) -> RunRequest:
    """The request of a run that is that graph."""
    subtasks: list[dict[str, Any]] = [
        {
            "id": f"n{node}",
            "goal": "wait",
            "tool": "sleep_ms",
            "arguments": {"ms": graph.seconds[node] * 1000},
            "needs": [f"n{parent}" for parent in parents],
        }
        for node, parents in graph.parents.items()
    ]
    return RunRequest(plan={"subtasks": subtasks}, mode=mode)
