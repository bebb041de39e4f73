"""Which workers are alive, over both databases."""

from __future__ import annotations

from sqlalchemy import update

from orchestrator.domain.worker import Worker
from orchestrator.store.sql_workers import SqlWorkers
from orchestrator.store.tables import workers
from orchestrator.store.workers import FORGOTTEN, SILENT
from tests.contract.truth import Truth, new_step


async def test_a_worker_is_alive_from_its_word_until_it_leaves(truth: Truth) -> None:
    known = SqlWorkers(truth.database)
    await known.present(Worker("one", frozenset({"default", "gpu"}), "here"))
    await known.present(Worker("two", frozenset({"default"}), "there"))
    (first, _) = await known.alive()
    assert (first.owner, sorted(first.queues), first.host) == ("one", ["default", "gpu"], "here")
    await known.present(Worker("one", frozenset({"default"}), "here"))
    (again, _) = await known.alive()
    assert again.queues == frozenset({"default"})
    assert again.started_at == first.started_at
    await known.absent("one")
    assert [worker.owner for worker in await known.alive()] == ["two"]


async def test_a_silent_worker_is_gone_and_then_forgotten(truth: Truth) -> None:
    known = SqlWorkers(truth.database)
    await known.present(Worker("one", frozenset({"default"})))
    await _silent(truth, SILENT + 1)
    assert await known.alive() == []
    await _silent(truth, FORGOTTEN + 1)
    await known.present(Worker("two", frozenset({"default"})))
    rows = await truth.database.read(lambda c: c.execute(workers.select()).all())
    assert [row.owner for row in rows] == ["two"]


async def test_a_run_is_shown_with_the_queues_that_are_served(truth: Truth) -> None:
    run_id = await truth.running(new_step(0))
    assert (await truth.store.view(run_id)).served == frozenset()
    await SqlWorkers(truth.database).present(Worker("one", frozenset({"default"})))
    assert (await truth.store.view(run_id)).served == frozenset({"default"})


async def _silent(truth: Truth, seconds: float) -> None:
    def act(journal) -> None:
        journal.connection.execute(update(workers).values(seen_at=journal.now - seconds))

    await truth.database.act(act)
