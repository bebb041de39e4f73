"""Pruning as an operator meets it: the command, the embedded service, and the clock with a worker."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orchestrator import bootstrap
from orchestrator.domain.run import RunRequest, run_ended
from orchestrator.doorbell import celery_app
from orchestrator.errors import NotFound
from orchestrator.settings import Settings
from orchestrator.store import migrate
from orchestrator.store.engine import open_engine
from tests.integration.execution import world as worlds
from workers.app import PRUNE_TASK, beat_app

ROOT = Path(__file__).parents[3]
PLAN = {"subtasks": [{"id": "a", "tool": "calculate", "arguments": {"expression": "6*7"}}]}
KEYS = {"api_key": "tp_" + "k" * 32, "secret_key": "s" * 32}


async def _done(services: bootstrap.Services, run_id: str) -> None:
    await services.store.accept(run_id, RunRequest(plan=PLAN))
    services.doorbell.ring()
    async with asyncio.timeout(40):
        while not run_ended((await services.store.view(run_id)).run.status):
            await services.signals.wait(run_id, timeout=0.1)


async def _gone(services: bootstrap.Services, run_id: str) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                await services.store.view(run_id)
            except NotFound:
                return
            await asyncio.sleep(0.05)


def _prune(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "workers.cli", "prune", "--data-dir", str(data), *arguments]
    return subprocess.run(
        command, check=False, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, timeout=60
    )


async def test_the_command_says_what_would_go_and_deletes_it_beside_a_running_service(tmp_path: Path) -> None:
    services = bootstrap.build(Settings(data_dir=tmp_path, processes=1), runs_steps=True)
    async with bootstrap.running(services):
        await _done(services, "run_1")
        said = await asyncio.to_thread(_prune, tmp_path, "--older-than", "0s", "--dry-run", "--json")
        assert said.returncode == 0, said.stderr
        assert json.loads(said.stdout)["runs"] == 1
        assert (await services.store.view("run_1")).run.id == "run_1"
        said = await asyncio.to_thread(_prune, tmp_path, "--older-than", "1d")
        assert said.stdout.startswith("deleted: 0 runs")
        said = await asyncio.to_thread(_prune, tmp_path, "--older-than", "0s", "--vacuum")
        assert said.stdout.startswith("deleted: 1 runs, 1 plans")
        await _gone(services, "run_1")
        await _done(services, "run_2")  # the service goes on over the same file


def test_a_wrong_age_and_no_age_are_said(tmp_path: Path) -> None:
    for arguments, word in ((("--older-than", "soon"), "12h"), ((), "TOOLPATH_RETENTION_DAYS")):
        said = _prune(tmp_path, *arguments)
        assert said.returncode == 1
        assert word in said.stderr
        assert "Traceback" not in said.stderr


async def test_the_embedded_service_prunes_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "PRUNE_SECONDS", 0.1)
    settings = Settings(data_dir=tmp_path, processes=1, retention_days=0.0)
    services = bootstrap.build(settings, runs_steps=True)
    async with bootstrap.running(services):
        await services.store.accept("run_1", RunRequest(plan=PLAN))
        services.doorbell.ring()
        await _gone(services, "run_1")


async def test_a_worker_prunes_when_the_clock_says_so(
    tmp_path: Path, postgres_url: str, redis_url: str
) -> None:
    engine = open_engine(postgres_url)
    migrate.upgrade(engine)
    engine.dispose()
    given = {"database_url": postgres_url, "broker_url": redis_url, **KEYS}
    services = bootstrap.build(Settings(data_dir=tmp_path / "a", **given), runs_steps=False)  # type: ignore[arg-type]
    worker = worlds.process(**given, data_dir=str(tmp_path / "w"), processes="1", retention_days="0")
    try:
        async with bootstrap.running(services):
            await _done(services, "run_1")
            clock = celery_app(redis_url)
            await asyncio.to_thread(clock.send_task, PRUNE_TASK, queue="default")
            began = time.monotonic()
            await _gone(services, "run_1")
            assert time.monotonic() - began < 20
            clock.close()
    finally:
        worker.kill()
        worker.wait()


def test_the_clock_asks_for_it_only_where_something_is_to_be_forgotten() -> None:
    url = "redis://127.0.0.1:1/0"
    assert "prune" not in beat_app(url, ("default",), prune_every=None).conf.beat_schedule
    entry = beat_app(url, ("fast", "default"), prune_every=3600.0).conf.beat_schedule["prune"]
    assert (entry["task"], entry["schedule"], entry["options"]["queue"]) == (PRUNE_TASK, 3600.0, "fast")
