"""Pages of runs and of the inbox, and questions."""

from __future__ import annotations

import time
from decimal import Decimal
from functools import partial
from typing import Any, cast

import pytest
from sqlalchemy import Connection, bindparam, select, update

from orchestrator.domain.question import Question, QuestionKind
from orchestrator.domain.run import RunRequest, RunStatus
from orchestrator.domain.views import RunFilter, RunSummary
from orchestrator.domain.waiting import run_waiting
from orchestrator.errors import Conflict, Invalid, NotFound
from orchestrator.ports import Transaction
from orchestrator.store import run_pages
from orchestrator.store.tables import CLAIMABLE, LEASED, POISONED, run_labels, runs, steps
from tests.contract.truth import Truth, again, chain, new_step, together


async def _fill(truth: Truth, count: int, *, start: int = 0) -> None:
    """Many share one commit, and so one time of acceptance."""
    requests = [
        RunRequest(request=f"Request number {n}", labels={"parity": "odd" if n % 2 else "even"})
        for n in range(start, start + count)
    ]
    await together([truth.store.accept(f"run_{n:03}", r) for n, r in enumerate(requests, start)])


async def _pages(truth: Truth, filter: RunFilter, *, limit: int, between=None) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        page = await truth.store.runs(filter, limit=limit, cursor=cursor)
        assert len(page.items) <= limit
        found += [view.run.id for view in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found
        if between is not None:
            await between(len(found))


async def test_pages_hold_every_run_once_newest_first(truth: Truth) -> None:
    await _fill(truth, 23)
    found = await _pages(truth, RunFilter(), limit=5)
    whole = await truth.store.runs(RunFilter(), limit=100, cursor=None)
    assert found == [view.run.id for view in whole.items]
    assert sorted(found) == [f"run_{n:03}" for n in range(23)]
    times = [view.run.created_at for view in whole.items]
    assert times == sorted(times, reverse=True)
    assert whole.next_cursor is None


async def test_runs_accepted_meanwhile_do_not_shift_a_page(truth: Truth) -> None:
    await _fill(truth, 12)
    expected = await _pages(truth, RunFilter(), limit=100)
    found = await _pages(truth, RunFilter(), limit=4, between=lambda n: _fill(truth, 3, start=100 + 10 * n))
    assert found == expected


async def test_runs_are_found_by_label_words_time_and_status(truth: Truth) -> None:
    await _fill(truth, 6)
    await truth.running(new_step(), request=RunRequest(request="100% sure_thing", labels={"parity": "odd"}))

    async def count(filter: RunFilter) -> int:
        return len((await truth.store.runs(filter, limit=50, cursor=None)).items)

    assert await count(RunFilter(labels={"parity": "odd"})) == 4
    assert await count(RunFilter(labels={"parity": "odd", "other": "x"})) == 0
    assert await count(RunFilter(q="REQUEST NUMBER 3")) == 1
    assert await count(RunFilter(q="0% sure_")) == 1
    assert await count(RunFilter(q="_%")) == 0
    assert await count(RunFilter(statuses=(RunStatus.RUNNING,))) == 1
    assert await count(RunFilter(statuses=(RunStatus.RUNNING, RunStatus.PLANNING))) == 7
    newest = (await truth.store.runs(RunFilter(), limit=1, cursor=None)).items[0].run.created_at
    assert await count(RunFilter(since=newest)) == 1


async def test_runs_are_found_by_cost_stillness_and_retries(truth: Truth) -> None:
    await _fill(truth, 4)
    retried = await truth.running(new_step())
    (claim,) = await truth.claim()
    await truth.record(again(claim, after=1000.0))
    await truth.store.write(partial(_cancel, run_id="run_000"))
    await truth.database.act(
        lambda journal: journal.connection.execute(
            update(runs).where(runs.c.id == "run_001").values(spent_nano=2_000_000_000, updated_at=0)
        )
    )

    async def found(**asked: Any) -> set[str]:
        return set(await _pages(truth, RunFilter(**asked), limit=2))

    everything = {*(f"run_{n:03}" for n in range(4)), retried}
    assert await found() == everything
    assert await found(usd_from=Decimal(2)) == {"run_001"}
    assert await found(usd_until=Decimal(2)) == everything - {"run_001"}
    assert await found(usd_from=Decimal(1), usd_until=Decimal(2)) == set()
    assert await found(quiet=3600.0) == {"run_001"}
    assert await found(quiet=0.0) == everything - {"run_000"}
    assert await found(quiet=0.0, statuses=(RunStatus.CANCELLED,)) == set()
    assert await found(retrying=True) == {retried}
    assert await found(retrying=True, statuses=(RunStatus.PLANNING,)) == set()
    assert await found(finished_since=1.0) == {"run_000"}
    assert await found(finished_until=1.0) == set()
    assert await found(until=1.0) == set()


@pytest.mark.parametrize("common", [False, True])
async def test_pages_by_cost_and_end_hold_every_such_run_once(
    truth: Truth, monkeypatch: pytest.MonkeyPatch, *, common: bool
) -> None:
    if common:  # then the newest runs are looked through
        monkeypatch.setattr(run_pages, "_SOME", 1)
    await _fill(truth, 12)
    for number in (1, 3, 5, 8):
        await truth.store.write(partial(_cancel, run_id=f"run_{number:03}"))
    dear = ["run_008", "run_005", "run_004", "run_003"]
    await truth.database.act(
        lambda journal: journal.connection.execute(
            update(runs).where(runs.c.id.in_(dear)).values(spent_nano=2_000_000_000)
        )
    )
    whole = await _pages(truth, RunFilter(), limit=100)
    dear, usd = [run_id for run_id in whole if run_id in dear], {"usd_from": Decimal("1.5")}
    ended = [run_id for run_id in whole if run_id in {"run_001", "run_003", "run_005", "run_008"}]
    odd = {"parity": "odd"}
    for limit in (1, 3, 100):
        for asked, expected in (
            (usd, dear),
            (usd | {"finished_since": 1.0}, [run_id for run_id in dear if run_id != "run_004"]),
            (usd | {"statuses": (RunStatus.PLANNING, RunStatus.FAILED)}, ["run_004"]),
            (usd | {"labels": odd}, [run_id for run_id in dear if int(run_id[-1]) % 2]),
            ({"finished_since": 1.0}, ended),
            ({"finished_since": 1.0, "labels": odd}, [run_id for run_id in ended if run_id != "run_008"]),
            ({"finished_until": 1.0}, []),
        ):
            found = await _pages(truth, RunFilter(**cast(dict[str, Any], asked)), limit=limit)
            assert found == expected


async def test_pages_by_label_and_status_hold_every_such_run_once(truth: Truth) -> None:
    await _fill(truth, 20)
    for number in (1, 3, 5, 8):
        await truth.store.write(partial(_cancel, run_id=f"run_{number:03}"))
    both = (RunStatus.PLANNING, RunStatus.CANCELLED)
    whole = await _pages(truth, RunFilter(), limit=100)
    cancelled = ["run_001", "run_003", "run_005", "run_008"]
    odd = [run_id for run_id in whole if int(run_id[-3:]) % 2]
    for limit in (1, 3, 100):
        assert await _pages(truth, RunFilter(statuses=both), limit=limit) == whole
        assert await _pages(truth, RunFilter(labels={"parity": "odd"}), limit=limit) == odd
        for asked, expected in (
            # The status is rarer than the label, then the label rarer than both statuses.
            ((RunStatus.CANCELLED,), [run_id for run_id in odd if run_id in cancelled]),
            (both, odd),
        ):
            filter = RunFilter(asked, {"parity": "odd"})
            assert await _pages(truth, filter, limit=limit) == expected


async def test_several_labels_are_those_of_one_run(truth: Truth) -> None:
    for run_id, labels in (("run_1", {"a": "x", "b": "y"}), ("run_2", {"a": "x", "b": "z"})):
        await truth.store.accept(run_id, RunRequest(request="do it", labels=labels))
    assert await _pages(truth, RunFilter(labels={"a": "x", "b": "y"}), limit=1) == ["run_1"]
    assert await _pages(truth, RunFilter(labels={"a": "x"}), limit=1) == ["run_2", "run_1"]
    assert await _pages(truth, RunFilter(labels={"a": "y", "b": "x"}), limit=1) == []


async def test_a_run_accepted_by_the_version_before_is_listed_once_under_its_labels(truth: Truth) -> None:
    await _fill(truth, 5)
    await truth.database.act(
        lambda journal: journal.connection.execute(update(run_labels).values(created_at=0))
    )
    found = await _pages(truth, RunFilter(labels={"parity": "even"}), limit=1)
    assert sorted(found) == ["run_000", "run_002", "run_004"]


async def test_a_line_tells_of_the_step_that_may_start_first_and_of_open_questions_alone(
    truth: Truth,
) -> None:
    run_id = await truth.running(new_step(0), new_step(1, needs=(0,)), new_step(2, queue="elsewhere"))
    for id in ("a", "b"):
        await truth.store.write(partial(_ask, run_id=run_id, id=id))
    await truth.store.write(lambda tx: tx.answer_question(run_id, "a", "yes"))

    async def line() -> RunSummary:
        (item,) = (await truth.store.runs(RunFilter(), limit=5, cursor=None)).items
        return item

    async def details() -> dict[str, Any]:
        waiting = (await line()).waiting
        return {} if waiting is None else dict(waiting.details)

    assert (await details())["step"] == 0
    (claim,) = await truth.claim()
    assert (await line()).waiting is None
    await truth.record(again(claim, after=1000.0))
    assert (await line()).counts == {"waiting": 1, "pending": 1, "ready": 1}
    assert (await details())["step"] == 2
    await truth.store.write(lambda tx: tx.move_run(run_id, RunStatus.NEEDS_INPUT))
    assert (await details())["questions"] == ["b"]
    await truth.store.write(partial(_cancel, run_id=run_id))
    assert (await line()).waiting is None


@pytest.mark.parametrize(
    ("condition", "column", "index"),
    [
        (CLAIMABLE, steps.c.queue, "ix_steps_claimable"),
        (LEASED, steps.c.lease_until, "ix_steps_lease_until"),
        (POISONED, steps.c.finished_at, "ix_steps_poisoned"),
    ],
)
async def test_databases_see_that_a_partial_index_serves(truth: Truth, condition, column, index) -> None:
    query = select(steps.c.tool).where(condition, column == bindparam("value", type_=column.type))

    def plan(connection: Connection) -> str:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        text = str(query.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True}))
        word = "EXPLAIN " if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
        value = {"value": "x" if column is steps.c.queue else 1.0}
        given = value if connection.dialect.name == "postgresql" else tuple(value.values())
        return str(connection.exec_driver_sql(word + text, given).all())

    assert index in await truth.database.read(plan)


@pytest.mark.parametrize("cursor", ["x", "%%%", "bm9udW1iZXJ8eA", "é"])
async def test_a_cursor_that_nobody_gave_out_is_refused(truth: Truth, cursor: str) -> None:
    with pytest.raises(Invalid, match="next_cursor"):
        await truth.store.runs(RunFilter(), limit=5, cursor=cursor)


def _question(run_id: str, id: str) -> Question:
    return Question(id, run_id, QuestionKind.VALUE, f"Which {id}?", {"type": "string"}, 0.0)


def _cancel(tx: Transaction, *, run_id: str) -> None:
    tx.move_run(run_id, RunStatus.CANCELLED)


def _ask(tx: Transaction, *, run_id: str, id: str) -> None:
    tx.add_question(_question(run_id, id))


async def test_the_inbox_lists_open_questions_of_runs_that_go_on(truth: Truth) -> None:
    await _fill(truth, 4)
    for run_id in ("run_000", "run_001", "run_002"):
        for id in ("a", "b"):
            await truth.store.write(partial(_ask, run_id=run_id, id=id))
    await truth.store.write(lambda tx: tx.answer_question("run_000", "a", "yes"))
    await truth.store.write(lambda tx: tx.move_run("run_002", RunStatus.CANCELLED))
    found, cursor = [], None
    while True:
        page = await truth.store.inbox(limit=1, cursor=cursor)
        found += [(item.question.run_id, item.question.id, item.request) for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == [
        ("run_000", "b", "Request number 0"),
        ("run_001", "a", "Request number 1"),
        ("run_001", "b", "Request number 1"),
    ]
    assert [await truth.store.inbox_count(most=most) for most in (1, 3, 9)] == [1, 3, 3]


async def test_a_question_is_asked_once_answered_once_and_may_be_asked_anew(truth: Truth) -> None:
    await _fill(truth, 1)

    def ask(tx) -> None:
        tx.add_question(_question("run_000", "a"))

    await truth.store.write(ask)
    await truth.store.write(ask)
    assert (await truth.event_types("run_000")).count("question.asked") == 1
    await truth.store.write(lambda tx: tx.answer_question("run_000", "a", {"deep": [1]}))
    (question,) = (await truth.store.view("run_000")).questions
    assert question.answer == {"deep": [1]}
    with pytest.raises(Conflict):
        await truth.store.write(lambda tx: tx.answer_question("run_000", "a", "again"))
    with pytest.raises(NotFound):
        await truth.store.write(lambda tx: tx.answer_question("run_000", "b", "?"))
    await truth.store.write(ask)
    (anew,) = (await truth.store.view("run_000")).questions
    assert (anew.answered_at, anew.answer) == (None, None)


async def test_a_line_counts_steps_and_says_what_its_run_waits_for(truth: Truth) -> None:
    moving = await truth.running(*chain(3))
    stuck = await truth.running(new_step(0, queue="elsewhere"), new_step(1, needs=(0,)))
    await truth.claim()
    paused = await truth.running(new_step(queue="elsewhere"))
    await truth.store.write(lambda tx: tx.move_run(paused, RunStatus.PAUSED))
    lines = {line.run.id: line for line in (await truth.store.runs(RunFilter(), limit=9, cursor=None)).items}
    assert lines[moving].counts == {"running": 1, "pending": 2}
    assert lines[stuck].counts == {"ready": 1, "pending": 1}
    assert lines[moving].waiting is None
    for run_id in (moving, stuck, paused):
        view = await truth.store.view(run_id)
        whole = run_waiting(view.run, view.steps, view.questions, now=time.time(), served=view.served)
        assert lines[run_id].waiting == whole
    waiting = lines[stuck].waiting
    assert waiting is not None
    assert (waiting.reason, waiting.details["step"]) == ("no_worker", 0)
