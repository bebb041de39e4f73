"""Plans made by hand, run on real services, and what became of them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.bootstrap import Services
from orchestrator.domain.ids import new_id
from orchestrator.domain.plan import Call, Estimate, Option, Plan, SubTask
from orchestrator.domain.run import RunRequest, run_ended
from orchestrator.domain.views import RunView
from tests.integration.execution.marked_tools import TOOLS as MARKED
from tools.testing_functions import TOOLS as SCRIPTED

MODULES = ("tools.testing_functions", "tests.integration.execution.marked_tools")
ROOT = Path(__file__).parents[3]


@dataclass
class World:
    """A running service and a folder for marks."""

    services: Services
    marks: Path

    async def prepare(self) -> None:
        await self.services.catalog.add_all([*MARKED, *SCRIPTED], replace=True)

    def call(self, tool: str, **arguments: Any) -> Call:
        record = next(t for t in (*MARKED, *SCRIPTED) if t.name == tool)
        return Call(tool, 1, record.hash, arguments)

    def marking(self, tool: str, name: str, **more: Any) -> Call:
        return self.call(tool, folder=str(self.marks), name=name, **more)

    async def start(self, *subtasks: SubTask, **request: Any) -> str:
        """Run exactly that plan; the id of its run."""
        plan = Plan(new_id("plan"), subtasks, "given")
        asked = RunRequest(plan={"subtasks": []}, plan_id=plan.id, **request)
        store = self.services.store
        await store.write(lambda tx: tx.add_plan(plan, request=asked, path=None))
        run = await store.accept(new_id("run"), asked)
        self.services.doorbell.ring()
        return run.id

    async def ended(self, run_id: str, *, within: float = 25) -> RunView:
        return await self.until(run_id, lambda view: run_ended(view.run.status), within=within)

    async def until(
        self, run_id: str, condition: Callable[[RunView], bool], *, within: float = 25
    ) -> RunView:
        end = time.monotonic() + within
        while True:
            view = await self.services.store.view(run_id)
            if condition(view):
                return view
            steps = [(step.key, step.status.value, step.error) for step in view.steps]
            assert time.monotonic() < end, (view.run.status, view.run.error, steps)
            await self.services.signals.wait(run_id, timeout=0.1)

    def called(self, name: str) -> list[int]:
        """The process ids of all calls that left this mark."""
        file = self.marks / name
        return [int(line) for line in file.read_text().split()] if file.exists() else []

    async def marked(self, *names: str, within: float = 15) -> None:
        """Until each of the marks is there."""
        async with asyncio.timeout(within):
            while not all(self.called(name) for name in names):  # noqa: ASYNC110 - a file tells
                await asyncio.sleep(0.01)


def option(id: str, *calls: Call, usd: float = 0.0, quality: float = 0.9) -> Option:
    return Option(id, calls, Estimate(usd, 0.1, quality))


def subtask(id: str, *options: Option | Call, needs: tuple[str, ...] = ()) -> SubTask:
    ways = tuple(o if isinstance(o, Option) else option(f"o{n}", o) for n, o in enumerate(options))
    return SubTask(id, f"do {id}", id, ways, needs=needs)


def process(**settings: str) -> subprocess.Popen[bytes]:
    """A worker in a process of its own, as compose starts it where a broker is named."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    environment |= {f"TOOLPATH_{name.upper()}": value for name, value in settings.items()}
    environment["TOOLPATH_PYTHON_MODULES"] = ",".join(MODULES)
    program = [sys.executable, "-m", "tests.integration.execution.worker_process"]
    return subprocess.Popen(program, env=environment, cwd=ROOT, stdin=subprocess.DEVNULL)
