"""Worker processes on PostgreSQL and Redis that are killed, frozen or cut off: every run ends right."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen

import pytest
from sqlalchemy import make_url

from orchestrator.domain.run import RunStatus
from orchestrator.domain.step import Ending
from orchestrator.domain.views import RunView
from orchestrator.runs.answer import answer
from orchestrator.store import migrate
from orchestrator.store.engine import open_engine
from tests import servers
from tests.integration.execution.conftest import Open
from tests.integration.execution.world import World, subtask

Start = Callable[..., Popen[bytes]]
KEYS = {"api_key": "tp_" + "k" * 32, "secret_key": "s" * 32}

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def migrated_url(postgres_url: str) -> str:
    engine = open_engine(postgres_url)
    migrate.upgrade(engine)
    engine.dispose()
    return postgres_url


def _settings(url: str, tmp_path: Path, broker: str | None = None) -> dict[str, str]:
    plain = {"database_url": url, "data_dir": str(tmp_path / "data"), "processes": "1", "max_live": "6"}
    return plain | KEYS | ({"broker_url": broker} if broker else {})


async def _two_levels(world: World, name: str, *, seconds: float) -> str:
    """Eight steps at once, and one after each."""
    first = [subtask(f"a{n}", world.marking("mark", f"{name}-a{n}", seconds=seconds)) for n in range(8)]
    second = [
        subtask(
            f"b{n}",
            world.marking("mark", f"{name}-b{n}", seconds=seconds, after={"ref": f"a{n}.value"}),
            needs=(f"a{n}",),
        )
        for n in range(8)
    ]
    return await world.start(*first, *second)


def _check_calls(world: World, view: RunView, name: str) -> None:
    """Each step succeeded once; only those that a vanished worker held were called again."""
    assert view.run.status is RunStatus.SUCCEEDED, view.run.error
    for step in view.steps:
        endings = [a.ending for a in view.attempts if a.step == step.id]
        assert endings.count(Ending.SUCCEEDED) == 1
        assert endings[-1] is Ending.SUCCEEDED
        assert len(world.called(f"{name}-{step.subtask}")) <= len(endings)


async def _somebody_works(world: World, pid: int, names: list[str]) -> None:
    async with asyncio.timeout(30):
        while not any(pid in world.called(name) for name in names):  # noqa: ASYNC110 - files tell
            await asyncio.sleep(0.02)


async def test_what_a_killed_worker_held_is_done_by_another(
    open_world: Open, start_process: Start, migrated_url: str, tmp_path: Path
) -> None:
    settings = _settings(migrated_url, tmp_path)
    async with open_world(runs_steps=False, database_url=migrated_url) as world:
        doomed = start_process(**settings)  # alone at first, so that it surely holds something
        once = await world.start(subtask("o", world.marking("mark_once", "o-o", seconds=20)))
        run_ids = [await _two_levels(world, f"r{n}", seconds=0.3) for n in range(3)]
        names = [f"r{n}-a{k}" for n in range(3) for k in range(8)]
        await _somebody_works(world, doomed.pid, names)
        await world.marked("o-o", within=30)
        start_process(**settings)
        doomed.send_signal(signal.SIGKILL)
        for n, run_id in enumerate(run_ids):
            _check_calls(world, await world.ended(run_id, within=30), f"r{n}")
        view = await world.until(once, lambda v: v.run.status is RunStatus.NEEDS_INPUT, within=20)
        services = world.services
        question = view.questions[0].id
        await answer(once, [(question, "skip")], store=services.store, doorbell=services.doorbell)
        assert (await world.ended(once)).run.status is RunStatus.SUCCEEDED
        assert len(world.called("o-o")) == 1


async def test_a_frozen_worker_that_comes_back_is_fenced_out(
    open_world: Open, start_process: Start, migrated_url: str, tmp_path: Path
) -> None:
    settings = _settings(migrated_url, tmp_path)
    async with open_world(runs_steps=False, database_url=migrated_url) as world:
        frozen = start_process(**settings)
        run_id = await world.start(subtask("a", world.marking("mark_until", "a")))
        await world.marked("a", within=30)
        frozen.send_signal(signal.SIGSTOP)
        other = start_process(**settings)
        await _somebody_works(world, other.pid, ["a"])
        frozen.send_signal(signal.SIGCONT)
        (world.marks / "go").touch()
        view = await world.ended(run_id)
        assert view.steps[0].output == {"value": other.pid}
        assert [a.ending for a in view.attempts] == [Ending.LOST, Ending.SUCCEEDED]


async def test_celery_workers_survive_the_death_of_one_and_of_redis(
    open_world: Open, start_process: Start, migrated_url: str, tmp_path: Path, own_redis: servers.Server
) -> None:
    settings = _settings(migrated_url, tmp_path, own_redis.url)
    given = {"database_url": migrated_url, "broker_url": own_redis.url, **KEYS}
    async with open_world(runs_steps=False, **given) as world:
        doomed = start_process(**settings)
        run_ids = [await _two_levels(world, f"r{n}", seconds=0.4) for n in range(3)]
        await _somebody_works(world, doomed.pid, [f"r{n}-a{k}" for n in range(3) for k in range(8)])
        start_process(**settings)
        doomed.send_signal(signal.SIGKILL)
        for n, run_id in enumerate(run_ids):
            _check_calls(world, await world.ended(run_id, within=40), f"r{n}")
        last = await _two_levels(world, "last", seconds=0.5)
        await world.marked("last-a0", within=20)
        os.kill(own_redis.pid, signal.SIGKILL)
        deaf = await _two_levels(world, "deaf", seconds=0.0)
        _check_calls(world, await world.ended(last, within=30), "last")
        _check_calls(world, await world.ended(deaf, within=30), "deaf")


@pytest.fixture
def own_redis() -> Iterator[servers.Server]:
    """A Redis that this test may kill."""
    try:
        server = servers.start_redis()
    except servers.NotInstalled as missing:
        pytest.skip(str(missing))
    yield server
    server.stop()


@pytest.fixture
def own_postgres() -> Iterator[servers.Server]:
    """A PostgreSQL that this test may stop and start."""
    if "TOOLPATH_TEST_DATABASE_URL" in os.environ:
        pytest.skip("the named PostgreSQL is not this test's to stop")
    try:
        server = servers.start_postgres(durable=True)
    except servers.NotInstalled as missing:
        pytest.skip(str(missing))
    yield server
    server.stop()


async def test_runs_end_although_postgresql_is_restarted_under_them(
    open_world: Open, own_postgres: servers.Server
) -> None:
    async with open_world(database_url=own_postgres.url) as world:
        run_ids = [await _two_levels(world, f"r{n}", seconds=0.5) for n in range(3)]
        await world.marked("r0-a0")
        began = time.monotonic()
        await asyncio.to_thread(_restart, own_postgres)
        assert time.monotonic() - began < 20
        for n, run_id in enumerate(run_ids):
            _check_calls(world, await world.ended(run_id, within=30), f"r{n}")


def _restart(server: servers.Server) -> None:
    """An immediate stop, which is a crash, and a start with the same options."""
    data = Path(server.folder) / "data"
    program = Path(f"/proc/{server.pid}/exe").readlink().parent / "pg_ctl"
    owner = data.stat().st_uid
    subprocess.run(
        [program, "-D", data, "-m", "immediate", "-w", "restart", "-l", Path(server.folder) / "log"],
        user=owner if os.geteuid() == 0 else None,
        check=True,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    pid = int((data / "postmaster.pid").read_text().split()[0])
    object.__setattr__(server, "pid", pid)
    assert make_url(server.url).port
