"""Processes that are told to stop: nothing is lost, no try is used up, and others go on at once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen
from typing import Any

import httpx2
import pytest

from orchestrator.domain.run import RunRequest, RunStatus
from orchestrator.domain.step import Ending, StepStatus
from orchestrator.execution import runner as runners
from orchestrator.store import migrate
from orchestrator.store.engine import open_engine
from tests.integration.execution.conftest import Open
from tests.integration.execution.world import MODULES, ROOT, World, subtask

Start = Callable[..., Popen[bytes]]
KEYS = {"api_key": "tp_" + "k" * 32, "secret_key": "s" * 32}

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def migrated_url(postgres_url: str) -> str:
    engine = open_engine(postgres_url)
    migrate.upgrade(engine)
    engine.dispose()
    return postgres_url


async def _called_by(world: World, pid: int, names: list[str]) -> None:
    async with asyncio.timeout(30):
        while not any(pid in world.called(name) for name in names):  # noqa: ASYNC110 - files tell
            await asyncio.sleep(0.02)


async def test_a_worker_that_is_told_to_stop_loses_nothing_and_others_go_on_within_a_second(
    open_world: Open, start_process: Start, migrated_url: str, redis_url: str, tmp_path: Path
) -> None:
    shared = {"database_url": migrated_url, "broker_url": redis_url, **KEYS}
    settings = shared | {"data_dir": str(tmp_path / "data"), "processes": "1", "max_live": "8"}
    async with open_world(runs_steps=False, **shared) as world:
        stopped = start_process(**settings, drain_seconds="1")
        names = [f"r{n}" for n in range(16)]
        steps = [subtask(name, world.marking("mark", name, seconds=0.4)) for name in names]
        run_id = await world.start(*steps, subtask("long", world.marking("mark_until", "long")))
        await world.marked("long", within=30)
        await _called_by(world, stopped.pid, names)
        other = start_process(**settings)
        await _up(world, other.pid)
        stopped.send_signal(signal.SIGTERM)
        began = time.monotonic()
        code = await asyncio.to_thread(stopped.wait, 15)
        assert code == 0
        assert time.monotonic() - began < 5
        await _called_by(world, other.pid, ["long"])
        (world.marks / "go").touch()
        view = await world.ended(run_id)
        assert view.run.status is RunStatus.SUCCEEDED, view.run.error
        assert {a.ending for a in view.attempts} == {Ending.SUCCEEDED, Ending.RETRY}
        assert {step.tries for step in view.steps} == {1}
        long = next(step for step in view.steps if step.subtask == "long")
        first, second = (a for a in view.attempts if a.step == long.id)
        assert first.error is not None
        assert first.error["code"] == "worker_stopped"
        assert second.started_at - first.finished_at < 1.0


async def _up(world: World, pid: int) -> None:
    """Until the process with that id has done something."""
    async with asyncio.timeout(40):
        number = 0
        while True:
            number += 1
            run_id = await world.start(subtask("probe", world.marking("mark", f"probe{number}")))
            await world.ended(run_id)
            if pid in world.called(f"probe{number}"):
                return


async def test_a_second_signal_ends_a_worker_at_once(
    open_world: Open, start_process: Start, migrated_url: str, redis_url: str, tmp_path: Path
) -> None:
    shared = {"database_url": migrated_url, "broker_url": redis_url, **KEYS}
    async with open_world(runs_steps=False, **shared) as world:
        worker = start_process(**shared, data_dir=str(tmp_path / "data"), processes="1", drain_seconds="60")
        run_id = await world.start(subtask("a", world.marking("mark_until", "a")))
        await world.marked("a", within=30)
        worker.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            await asyncio.to_thread(worker.wait, 1.5)
        began = time.monotonic()
        worker.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(worker.wait, 10) == 128 + signal.SIGTERM
        assert time.monotonic() - began < 1.0
        (world.marks / "go").touch()
        start_process(**shared, data_dir=str(tmp_path / "data"), processes="1")
        assert (await world.ended(run_id, within=40)).run.status is RunStatus.SUCCEEDED


async def test_what_is_in_flight_keeps_its_lease_while_a_runner_stops(
    open_world: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runners, "HEARTBEAT", 0.05)
    async with open_world(drain_seconds=10.0) as world:
        run_id = await world.start(subtask("a", world.marking("mark_until", "a")))
        await world.marked("a")
        services = world.services
        assert services.runner is not None
        beats: list[Any] = []
        held = services.steps.heartbeat

        def beat(_: object, **given: Any) -> Any:
            beats.append(given)
            return held(**given)

        monkeypatch.setattr(type(services.steps), "heartbeat", beat)
        stopping = asyncio.create_task(services.runner.stop(grace=10.0))
        async with asyncio.timeout(8):
            while not services.runner.stopping:  # noqa: ASYNC110 - it has no event for that
                await asyncio.sleep(0.01)
            seen = len(beats)
            services.runner.wake()  # a bell must not end the runner before its steps
            while len(beats) < seen + 2:  # noqa: ASYNC110 - on another thread
                await asyncio.sleep(0.01)
        assert not stopping.done()
        (world.marks / "go").touch()
        await stopping
        view = await services.store.view(run_id)
        assert view.steps[0].status is StepStatus.SUCCEEDED


async def test_a_planning_job_that_is_cut_off_is_free_at_once(open_world: Open) -> None:
    async with open_world(runs_steps=False) as world:
        services = world.services
        run = await services.store.accept("run_planned", RunRequest(request="x"))
        (job,) = await services.steps.claim_jobs(owner="one", room=1)
        assert await services.steps.claim_jobs(owner="two", room=1) == []
        assert await services.steps.hand_back(owner="two", claims=[], jobs=[(run.id, job.fence)]) == 0
        assert await services.steps.hand_back(owner="one", claims=[], jobs=[(run.id, job.fence)]) == 1
        (again,) = await services.steps.claim_jobs(owner="two", room=1)
        assert again.fence > job.fence


def test_a_service_that_stops_says_so_and_ends_its_calls_first(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    environment = os.environ | {
        "TOOLPATH_PYTHON_MODULES": ",".join(MODULES),
        "TOOLPATH_DRAIN_SECONDS": "20",
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "workers.cli", "serve", "--port", "0", "--data-dir", str(tmp_path / "d")]
    service = Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    assert service.stdout is not None
    try:
        url = next(line.split()[-1] for line in service.stdout if "is up at" in line)
        key = (tmp_path / "d" / "local.key").read_text().strip()
        with httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=20) as client:
            run_id = _waiting_run(client, marks)
            assert client.get("/readyz").status_code == 200
            service.send_signal(signal.SIGTERM)
            _until(lambda: client.get("/readyz").status_code == 503)
            assert client.get("/readyz").json()["code"] == "draining"
            assert client.get(f"/v1/runs/{run_id}").json()["status"] == "running"
            (marks / "go").touch()
        assert service.wait(15) == 0
        with contextlib.closing(sqlite3.connect(tmp_path / "d" / "toolpath.db")) as truth:
            (status,) = truth.execute("SELECT status FROM runs WHERE id = ?", [run_id]).fetchone()
        assert status == "succeeded"
    finally:
        service.kill()
        service.wait()
        service.stdout.close()


def _waiting_run(client: httpx2.Client, marks: Path) -> str:
    text = {"type": "string"}
    tool = {
        "name": "mark_until",
        "summary": "Leave a mark and wait until it is let go.",
        "kind": "python",
        "runs": "loop",
        "input_schema": {"type": "object", "properties": {"folder": text, "name": text}},
        "python": {"function": "tests.integration.execution.marked_tools:mark_until"},
    }
    assert client.post("/v1/tools", json=tool).status_code == 201
    arguments = {"folder": str(marks), "name": "a"}
    plan = {"subtasks": [{"id": "a", "tool": "mark_until", "arguments": arguments}]}
    run_id = str(client.post("/v1/runs", json={"plan": plan}).json()["id"])
    _until((marks / "a").exists)
    return run_id


def _until(condition: Callable[[], bool], *, within: float = 15.0) -> None:
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
