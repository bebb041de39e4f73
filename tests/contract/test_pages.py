"""Pages of runs and of the inbox, and questions."""

from __future__ import annotations

from functools import partial

import pytest

from orchestrator.domain.question import Question, QuestionKind
from orchestrator.domain.run import RunRequest, RunStatus
from orchestrator.errors import Conflict, Invalid, NotFound
from orchestrator.ports import RunFilter, Transaction
from tests.contract.truth import Truth, new_step, together


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


@pytest.mark.parametrize("cursor", ["x", "%%%", "bm9udW1iZXJ8eA", "é"])
async def test_a_cursor_that_nobody_gave_out_is_refused(truth: Truth, cursor: str) -> None:
    with pytest.raises(Invalid, match="next_cursor"):
        await truth.store.runs(RunFilter(), limit=5, cursor=cursor)


def _question(run_id: str, id: str) -> Question:
    return Question(id, run_id, QuestionKind.VALUE, f"Which {id}?", {"type": "string"}, 0.0)


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
