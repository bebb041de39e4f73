"""Toolpath's own engine: the embedded service's parts, in this process."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from benchmarks.peers import Burst
from benchmarks.shapes import SHAPES
from orchestrator import bootstrap
from orchestrator.domain.events import Event, EventType
from orchestrator.domain.ids import new_id
from orchestrator.domain.run import RunRequest
from orchestrator.runs.stop import resume
from orchestrator.settings import load
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
            yield _Engine(services, planning).burst


class _Engine:
    def __init__(self, services: bootstrap.Services, planning: Planning) -> None:
        self._services, self._planning = services, planning

    async def burst(self, shape: str, seconds: float, count: int) -> tuple[list[float], float]:
        """Plan all, then start all; times are those of the runs' own events."""
        begun = time.perf_counter()
        ids = await asyncio.gather(*(self._planned(shape, seconds) for _ in range(count)))
        self._planning.setdefault(f"{shape}/{count}", []).append(time.perf_counter() - begun)
        times = await asyncio.gather(*(self._run(run_id) for run_id in ids))
        first = min(laid for laid, _ in times)
        return [end - laid for laid, end in times], max(end for _, end in times) - first

    async def _planned(self, shape: str, seconds: float) -> str:
        run = await self._services.store.accept(new_id("run"), _request(shape, seconds))
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


def _request(shape: str, seconds: float) -> RunRequest:
    subtasks: list[dict[str, Any]] = [
        {
            "id": f"n{node}",
            "goal": "wait",
            "tool": "sleep_ms",
            "arguments": {"ms": seconds * 1000},
            "needs": [f"n{parent}" for parent in parents],
        }
        for node, parents in SHAPES[shape].items()
    ]
    return RunRequest(plan={"subtasks": subtasks}, mode="plan")
