"""A database without room: requests fail at once, what became of calls is kept until there is some."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from orchestrator.domain.run import RunRequest, RunStatus
from orchestrator.domain.views import RunFilter
from orchestrator.errors import StorageFull
from orchestrator.store import writer
from tests.contract.truth import Truth, done, new_step, open_truth, together

#: Refuses outcomes in the very words of a server or a library whose disk is full.
_SQLITE = """CREATE TRIGGER no_room BEFORE INSERT ON attempts WHEN NEW.idx < {below}
BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"""
_POSTGRESQL = """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER no_room BEFORE INSERT ON attempts FOR EACH ROW WHEN (NEW.idx < {below})
EXECUTE FUNCTION refuse()"""


async def _fill(truth: Truth, *, below: int = 1_000) -> None:
    """Leave no room for the outcomes of steps with a number under `below`."""
    trigger = _SQLITE if truth.url.startswith("sqlite") else _POSTGRESQL
    await truth.database.act(lambda journal: journal.connection.execute(text(trigger.format(below=below))))


async def _free(truth: Truth) -> None:
    drop = "DROP TRIGGER no_room" + ("" if truth.url.startswith("sqlite") else " ON attempts")
    await truth.database.act(lambda journal: journal.connection.execute(text(drop)))


async def test_an_outcome_waits_for_room_and_nobody_waits_for_it(truth: Truth) -> None:
    run_id = await truth.running(new_step(0), new_step(1))
    claims = await truth.claim()
    await _fill(truth)
    recording = [asyncio.create_task(truth.record(done(claim, usd="0.25"))) for claim in claims]
    async with asyncio.timeout(5):
        for n in range(5):
            await truth.store.accept(f"run_{n}", RunRequest(request="x"))
    assert not any(task.done() for task in recording)
    await _free(truth)
    assert all(recorded.accepted for recorded in await asyncio.gather(*recording))
    view = await truth.store.view(run_id)
    assert (view.run.status, float(view.run.spend.usd)) == (RunStatus.SUCCEEDED, 0.5)


async def test_an_outcome_that_does_not_fit_keeps_no_other_waiting(truth: Truth) -> None:
    await truth.running(*(new_step(idx) for idx in range(4)))
    claims = sorted(await truth.claim(), key=lambda claim: claim.id.idx)
    await _fill(truth, below=1)
    async with asyncio.timeout(10):
        first, *others = (asyncio.create_task(truth.record(done(claim))) for claim in claims)
        assert all(recorded.accepted for recorded in await asyncio.gather(*others))
        assert not first.done()
        await _free(truth)
        assert (await first).accepted


async def test_the_end_does_not_wait_for_room(truth: Truth) -> None:
    await truth.running(new_step(0))
    (claim,) = await truth.claim()
    await _fill(truth)
    recording = asyncio.create_task(truth.record(done(claim)))
    await truth.store.accept("run_1", RunRequest(request="x"))
    before = time.monotonic()
    await asyncio.to_thread(truth.database.writer.stop)
    assert time.monotonic() - before < 5
    with pytest.raises(StorageFull):
        await recording


@pytest.mark.parametrize(("grace", "lost"), [(writer.GRACE, 0), (0.0, 1)])
async def test_nothing_is_taken_from_a_worker_right_after_a_want_of_room(
    truth: Truth, monkeypatch, grace, lost
) -> None:
    """Its lease ran out since nobody could write; it records what it holds as soon as that is possible."""
    monkeypatch.setattr(writer, "GRACE", grace)
    await truth.running(new_step(0), new_step(1))
    first, _ = sorted(await truth.claim(), key=lambda claim: claim.id.idx)
    await truth.let_leases_expire()
    truth.steps.heartbeat(owner="one", claims=[(first.id, first.fence)], jobs=[])
    await _fill(truth, below=1)
    recording = asyncio.create_task(truth.record(done(first)))
    await truth.store.accept("run_1", RunRequest(request="x"))
    assert (await truth.steps.sweep()).lost == lost
    await _free(truth)
    assert (await recording).accepted


@pytest.fixture
def small(small_disk: Path, sqlite_template: Path) -> Iterator[Truth]:
    """An SQLite database on a disk of one megabyte."""
    shutil.copyfile(sqlite_template, small_disk / "toolpath.db")
    truth = open_truth(f"sqlite:///{small_disk / 'toolpath.db'}")
    truth.database.start()
    yield truth
    truth.database.stop()


def _enlarge(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=9m", str(disk)], check=True)


async def _accept_until_refused(truth: Truth) -> list[Any]:
    """What was answered to requests for runs, one commit each."""
    answers: list[Any] = []
    for n in range(30):
        answers += await together([truth.store.accept(f"run_{n}", RunRequest(request="y" * 60_000))])
    return answers


async def test_a_database_without_room_refuses_and_goes_on_when_there_is_some(
    small: Truth, small_disk: Path
) -> None:
    first = await small.store.accept("run_first", RunRequest(request="x"))
    answers = await _accept_until_refused(small)
    refused = [answer for answer in answers if isinstance(answer, Exception)]
    assert refused
    assert all(isinstance(answer, StorageFull) for answer in refused), refused
    assert "free some space" in str(refused[0])
    assert (await small.store.view(first.id)).run.request.request == "x"
    _enlarge(small_disk)
    assert (await small.store.accept("run_last", RunRequest(request="z"))).id == "run_last"
    kept = sum(not isinstance(answer, Exception) for answer in answers)
    assert len((await small.store.runs(RunFilter(), limit=99, cursor=None)).items) == kept + 2


async def test_a_finished_call_is_recorded_once_a_full_disk_has_room(small: Truth, small_disk: Path) -> None:
    run_id = await small.running(new_step(0))
    (claim,) = await small.claim()
    await _accept_until_refused(small)
    recording = asyncio.create_task(small.record(done(claim, output={"value": "y" * 120_000})))
    with pytest.raises(StorageFull):
        await small.store.accept("run_more", RunRequest(request="y" * 60_000))
    assert not recording.done()
    _enlarge(small_disk)
    async with asyncio.timeout(5):
        assert (await recording).accepted
    assert await small.status(run_id) is RunStatus.SUCCEEDED
