"""Acts in a group commit: one's fault undoes it alone, and events are numbered without a gap."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError

from orchestrator.domain.events import EventType
from orchestrator.domain.run import Job, RunRequest, RunStatus
from orchestrator.domain.step import StepStatus
from orchestrator.errors import Conflict, NotFound
from orchestrator.ports import Transaction
from orchestrator.store.journal import Journal
from orchestrator.store.tables import events, run_labels, runs
from tests.contract.truth import Truth, again, done, new_step, step_id, together


def _tell(tx: Transaction, *, run_id: str, told: object) -> None:
    tx.event(run_id, EventType.RUN_STATUS, {"told": told})


async def test_an_act_that_raises_undoes_itself_and_no_other_of_its_group(truth: Truth) -> None:
    run_id = await truth.running(new_step(0), new_step(1))

    def good(number: int):
        return lambda tx: tx.event(run_id, EventType.QUESTION_ASKED, {"n": number})

    def bad(tx) -> None:
        tx.event(run_id, EventType.QUESTION_ASKED, {"n": "bad"})
        tx.move_step(step_id(run_id, 1), StepStatus.SKIPPED)
        tx.charge(run_id, tokens=5)
        raise ZeroDivisionError

    answers = await together(
        [truth.store.write(bad if number % 3 == 1 else good(number)) for number in range(12)]
    )
    assert [isinstance(answer, ZeroDivisionError) for answer in answers] == [i % 3 == 1 for i in range(12)]
    told = [e.data["n"] for e in await truth.store.events(run_id) if e.type is EventType.QUESTION_ASKED]
    assert sorted(told) == [n for n in range(12) if n % 3 != 1]
    assert await truth.statuses(run_id) == ["ready", "ready"]
    assert (await truth.store.view(run_id)).run.spend.tokens == 0
    await truth.event_types(run_id)


async def test_a_fault_of_the_database_in_one_act_leaves_the_others(truth: Truth) -> None:
    run_id = await truth.running(new_step())

    def broken(tx) -> None:
        tx._connection.execute(text("SELECT * FROM no_such_table"))

    acts = [truth.store.write(lambda tx: tx.charge(run_id, tokens=1)) for _ in range(20)]
    acts.insert(7, truth.store.write(broken))
    answers = await together(acts)
    assert [number for number, answer in enumerate(answers) if answer is not None] == [7]
    assert (await truth.store.view(run_id)).run.spend.tokens == 20


async def test_an_output_that_is_no_json_harms_no_other_outcome(truth: Truth) -> None:
    run_id = await truth.running(*(new_step(i) for i in range(9)))
    claims = await truth.claim()
    outcomes = [done(claim, output={"value": object()} if claim.id.idx == 4 else None) for claim in claims]
    answers = await together([truth.record(outcome) for outcome in outcomes])
    assert [isinstance(answer, TypeError) for answer in answers] == [c.id.idx == 4 for c in claims]
    assert (await truth.statuses(run_id)).count("succeeded") == 8


async def test_event_numbers_have_no_gap_and_no_repeat_under_many_writers(
    process: Callable[[], Truth],
) -> None:
    processes = [process() for _ in range(3)]
    run_ids = [await processes[0].running(*(new_step(i) for i in range(10))) for _ in range(3)]

    async def work(truth: Truth, owner: str) -> None:
        for _ in range(4):
            for claim in await truth.claim(owner, room=4):
                await truth.record(again(claim), owner)
                await truth.store.write(partial(_tell, run_id=claim.id.run_id, told=owner))

    assert await together([work(p, f"w{n}") for n, p in enumerate(processes * 2)]) == [None] * 6
    for run_id in run_ids:
        numbers = [event.number for event in await processes[1].store.events(run_id)]
        assert numbers == list(range(1, len(numbers) + 1))
        assert (await processes[2].store.view(run_id)).run.last_event == len(numbers)


async def test_a_follower_never_misses_an_event(process: Callable[[], Truth]) -> None:
    writer, reader = process(), process()
    run_id = await writer.running(new_step())
    seen: list[int] = []

    async def follow() -> None:
        while len(seen) < 62:
            page = await reader.store.events(run_id, after=seen[-1] if seen else 0)
            seen.extend(event.number for event in page)

    async def tell() -> None:
        for number in range(60):
            await writer.store.write(partial(_tell, run_id=run_id, told=number))

    await together([follow(), tell()])
    assert seen == list(range(1, 63))


async def test_pages_of_events_start_after_a_number(truth: Truth) -> None:
    run_id = await truth.running(new_step())
    assert [e.number for e in await truth.store.events(run_id, after=1)] == [2]
    assert [e.number for e in await truth.store.events(run_id, limit=1)] == [1]
    assert await truth.store.events(run_id, after=2) == []
    with pytest.raises(NotFound):
        await truth.store.events("run_none")


async def test_a_run_moves_only_as_its_table_allows(truth: Truth) -> None:
    run_id = await truth.running(new_step())
    with pytest.raises(Conflict, match="running cannot become planned"):
        await truth.store.write(lambda tx: tx.move_run(run_id, RunStatus.PLANNED))
    with pytest.raises(NotFound):
        await truth.store.write(lambda tx: tx.move_run("run_none", RunStatus.PLANNED))
    with pytest.raises(Conflict):
        await truth.store.write(lambda tx: tx.move_step(step_id(run_id), StepStatus.SUCCEEDED))
    with pytest.raises(NotFound):
        await truth.store.write(lambda tx: tx.move_step(step_id(run_id, 9), StepStatus.SKIPPED))


async def test_the_end_of_a_run_is_its_last_event_with_a_webhook_too(truth: Truth) -> None:
    request = RunRequest(request="x", webhook_url="http://example.org/hook")
    run_id = await truth.running(new_step(), request=request)
    (claim,) = await truth.claim()
    await truth.record(done(claim))
    (job,) = await truth.steps.claim_jobs(owner="one", room=5)
    assert (job.run.id, job.job) == (run_id, Job.NOTIFY)
    assert (await truth.event_types(run_id))[-1] == "run.ended"


async def test_a_reopened_run_says_so_and_ends_again(truth: Truth) -> None:
    run_id = await truth.running(new_step())
    (claim,) = await truth.claim()
    await truth.record(done(claim))

    def reopen(tx) -> None:
        tx.move_run(run_id, RunStatus.RUNNING)
        tx.move_step(step_id(run_id), StepStatus.READY, tries=0, needs_left=0, run_at=tx.now)

    await truth.store.write(reopen)
    assert (await truth.store.view(run_id)).run.finished_at is None
    (second,) = await truth.claim()
    assert second.fence > claim.fence
    assert not (await truth.record(done(claim))).accepted
    assert (await truth.record(done(second))).accepted
    types = await truth.event_types(run_id)
    assert types.count("run.ended") == 2
    assert types[-1] == "run.ended"
    assert "run.reopened" in types


async def test_the_check_reads_and_writes(truth: Truth) -> None:
    await truth.store.check()
    count = await truth.database.read(lambda c: c.execute(select(func.count()).select_from(events)).scalar())
    assert count == 0


async def test_a_fault_of_what_is_sent_together_keeps_nothing_of_it_and_harms_no_other_act(
    truth: Truth,
) -> None:
    run_id = await truth.running(new_step())
    first = {"run_id": run_id, "key": "team", "value": "a", "created_at": 1.0}
    second = first | {"key": "case"}

    def label(journal: Journal, *rows: Mapping[str, object]) -> None:
        for row in rows:
            journal.outbox.insert(run_labels, [row])
        journal.outbox.add(update(runs).values(tokens=runs.c.tokens + 1).where(runs.c.id == run_id), {})

    answers = await together(
        [
            truth.database.act(lambda journal: label(journal, first, second, second)),
            truth.database.act(lambda journal: label(journal, first)),
        ]
    )
    assert [type(answer) for answer in answers] == [IntegrityError, type(None)]
    query = select(run_labels.c.key).where(run_labels.c.run_id == run_id)
    assert await truth.database.read(lambda c: c.execute(query).scalars().all()) == ["team"]
    assert (await truth.store.view(run_id)).run.spend.tokens == 1
