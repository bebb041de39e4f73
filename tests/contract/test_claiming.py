"""Claims, fences and what recording an outcome sets in motion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial

from orchestrator.domain.run import Job, RunRequest, RunStatus
from orchestrator.domain.step import Claim, Ending, StepId, StepStatus
from orchestrator.ports import Transaction
from tests.contract.truth import Truth, again, chain, done, failed, new_step, together


async def test_a_step_is_claimed_once(process: Callable[[], Truth]) -> None:
    processes = [process() for _ in range(3)]
    run_id = await processes[0].running(*(new_step(i) for i in range(60)))
    packets = await together([p.claim(f"w{n}", room=7) for n, p in enumerate(processes * 12)])
    claimed = [claim.id.idx for packet in packets for claim in packet]
    assert sorted(claimed) == list(range(60))
    assert set(await processes[0].statuses(run_id)) == {"running"}


async def test_urgent_steps_come_first_and_others_in_the_order_of_their_time(truth: Truth) -> None:
    await truth.running(new_step(0, priority=1), new_step(1, priority=9), new_step(2, priority=5))
    assert [claim.id.idx for claim in await truth.claim(room=2)] == [1, 2]


async def test_a_runner_claims_only_from_its_queues(truth: Truth) -> None:
    await truth.running(new_step(0, queue="gpu"), new_step(1))
    assert [claim.id.idx for claim in await truth.claim()] == [1]
    (claim,) = await truth.steps.claim(owner="g", queues=("gpu",), room=5)
    assert claim.id.idx == 0


async def test_children_of_another_queue_are_left_for_those_who_serve_it(truth: Truth) -> None:
    parent = new_step(0, children=(1, 2))
    run_id = await truth.running(parent, new_step(1, needs=(0,), queue="gpu"), new_step(2, needs=(0,)))
    (claim,) = await truth.claim()
    recorded = await truth.record(done(claim), room=10)
    assert [following.id.idx for following in recorded.claims] == [2]
    assert await truth.statuses(run_id) == ["succeeded", "ready", "running"]
    assert [claim.id.idx for claim in await truth.steps.claim(owner="g", queues=("gpu",), room=5)] == [1]


def _children(*parents: Claim) -> dict[StepId, StepId]:
    return {StepId(parent.id.run_id, idx): parent.id for parent in parents for idx in parent.children}


async def test_calls_that_need_no_decision_are_foreseen_as_they_will_be_claimed(truth: Truth) -> None:
    asked = {"words": "x", "timeout": None, "default": "reject", "effect": "read"}
    run_id = await truth.running(
        new_step(0, children=(1, 2, 3, 4, 5, 6)),
        new_step(1, needs=(0,), arguments={"value": {"ref": "s0.value"}}, deadline=30.0),
        new_step(2, needs=(0, 7, 8)),
        new_step(3, needs=(0,), once=True),
        new_step(4, needs=(0,), approval=asked),
        new_step(5, needs=(0,), worst_usd=Decimal(1)),
        new_step(6, needs=(0,), queue="gpu"),
        new_step(7, children=(2,)),
        new_step(8, children=(2,)),
    )
    first, seventh, eighth = [claim for claim in await truth.claim() if claim.id.idx in (0, 7, 8)]
    await truth.record(done(eighth))
    one, two = await truth.steps.foresee(_children(first))
    assert [sorted(foreseen.missing) for foreseen in (one, two)] == [[0], [0, 7]]
    await truth.record(done(seventh))
    recorded = await truth.record(done(first), room=10)
    made = sorted(recorded.claims, key=lambda claim: claim.id.idx)
    assert [replace(claim, time_left=None) for claim in made] == [
        replace(foreseen.claim, time_left=None) for foreseen in (one, two)
    ]
    assert (one.claim.time_left, two.claim.time_left) == (30.0, None)
    assert await truth.steps.foresee(_children(first)) == []
    assert (await truth.step(run_id, 3)).status is StepStatus.READY


async def test_calls_of_several_runs_are_foreseen_by_one_look(truth: Truth) -> None:
    for _ in range(2):
        await truth.running(new_step(0, children=(2,)), new_step(1, children=(2,)), new_step(2, needs=(0, 1)))
    claims = await truth.claim()
    assert len(claims) == 4
    await truth.record(done(claims[0]))
    seen = await truth.steps.foresee(_children(*claims))
    missing = {foreseen.claim.id.run_id: sorted(foreseen.missing) for foreseen in seen}
    left: dict[str, list[int]] = {}
    for claim in claims[1:]:
        left.setdefault(claim.id.run_id, []).append(claim.id.idx)
    assert missing == {run_id: sorted(idxs) for run_id, idxs in left.items()}


async def test_nothing_is_foreseen_of_a_run_that_is_paused(truth: Truth) -> None:
    run_id = await truth.running(*chain(2))
    (claim,) = await truth.claim()
    assert len(await truth.steps.foresee(_children(claim))) == 1
    await truth.store.write(lambda tx: tx.move_run(run_id, RunStatus.PAUSED))
    assert await truth.steps.foresee(_children(claim)) == []


async def test_an_outcome_counts_once(truth: Truth) -> None:
    run_id = await truth.running(new_step())
    (claim,) = await truth.claim()
    answers = await together([truth.record(done(claim, usd="0.5")) for _ in range(3)])
    accepted = [not isinstance(answer, Exception) and answer.accepted for answer in answers]
    assert accepted.count(True) == 1
    view = await truth.store.view(run_id)
    assert view.run.status is RunStatus.SUCCEEDED
    assert float(view.run.spend.usd) == 0.5
    assert len(view.attempts) == 1


async def test_a_late_answer_is_refused_after_the_step_went_to_another(process: Callable[[], Truth]) -> None:
    slow, quick = process(), process()
    run_id = await slow.running(new_step())
    (old,) = await slow.claim("slow")
    await quick.let_leases_expire()
    assert (await quick.steps.sweep()).lost == 1
    (new,) = await quick.claim("quick")
    assert new.fence > old.fence
    assert not (await slow.record(done(old, output={"value": "late"}), "slow")).accepted
    assert (await quick.record(done(new), "quick")).accepted
    assert not (await slow.record(failed(old), "slow")).accepted
    view = await quick.store.view(run_id)
    assert view.run.status is RunStatus.SUCCEEDED
    assert view.steps[0].output == {"value": 1}
    assert [attempt.ending for attempt in view.attempts] == [Ending.LOST, Ending.SUCCEEDED]


async def test_each_need_that_ends_frees_its_children_once(truth: Truth) -> None:
    """Fifty steps into one, recorded in many groups at once."""
    wide = [new_step(i, children=(50,)) for i in range(50)]
    run_id = await truth.running(*wide, new_step(50, needs=tuple(range(50)), children=(51,)),
                                 new_step(51, needs=(50,)))  # fmt: skip
    claims = await truth.claim()
    assert len(claims) == 50
    answers = await together([truth.record(done(claim), room=5) for claim in claims])
    followers = [claim for answer in answers for claim in answer.claims]
    assert [claim.id.idx for claim in followers] == [50]
    (last,) = (await truth.record(done(followers[0]), room=5)).claims
    assert (await truth.record(done(last))).accepted
    assert await truth.status(run_id) is RunStatus.SUCCEEDED


async def test_fan_in_over_two_processes_frees_the_child_once(process: Callable[[], Truth]) -> None:
    processes = [process(), process()]
    wide = [new_step(i, children=(20,)) for i in range(20)]
    run_id = await processes[0].running(*wide, new_step(20, needs=tuple(range(20))))
    claims = await processes[0].claim(room=20)
    await together([processes[c.id.idx % 2].record(done(c)) for c in claims])
    assert (await processes[1].statuses(run_id))[20] == "ready"
    assert len(await processes[1].claim()) == 1


async def test_children_that_find_no_room_are_left_for_others(truth: Truth) -> None:
    run_id = await truth.running(*chain(2))
    (claim,) = await truth.claim()
    truth.rings.clear()
    assert (await truth.record(done(claim), room=0)).claims == ()
    await truth.until(lambda: any(truth.rings))
    assert await truth.statuses(run_id) == ["succeeded", "ready"]


async def test_a_retry_waits_keeps_its_attempt_and_its_money(truth: Truth) -> None:
    run_id = await truth.running(new_step())
    (claim,) = await truth.claim()
    await truth.record(again(claim, after=30, usd="0.2", gpu_seconds=1.5))
    assert await truth.claim() == []
    step = await truth.step(run_id)
    assert (step.status, (step.cause or {})["reason"]) == (StepStatus.WAITING, "backoff")
    await truth.let_all_be_due()
    (second,) = await truth.claim()
    assert second.tries == 2
    await truth.record(done(second, usd="0.1", gpu_seconds=0.25))
    view = await truth.store.view(run_id)
    assert [attempt.gpu_seconds for attempt in view.attempts] == [1.5, 0.25]
    assert (view.steps[0].gpu_seconds, view.run.spend.gpu_seconds) == (1.75, 1.75)
    assert [(a.ending, float(a.usd)) for a in view.attempts] == [("retry", 0.2), ("succeeded", 0.1)]
    assert float(view.run.spend.usd) == 0.3
    assert view.attempts[0].error == {"code": "bad", "message": "it broke"}


async def test_a_retry_without_a_pause_may_be_claimed_at_once_and_rings(truth: Truth) -> None:
    await truth.running(new_step())
    (claim,) = await truth.claim()
    await truth.until(lambda: any(truth.rings))
    truth.rings.clear()
    await truth.record(again(claim))
    await truth.until(lambda: any(truth.rings))
    assert len(await truth.claim()) == 1


async def test_a_revised_try_starts_counting_anew_with_its_arguments(truth: Truth) -> None:
    run_id = await truth.running(new_step())
    (claim,) = await truth.claim()
    await truth.record(replace(again(claim), revised={"value": "other"}))
    (second,) = await truth.claim()
    assert (second.arguments, second.revision, second.tries) == ({"value": "other"}, 1, 1)
    assert [a.revision for a in (await truth.store.view(run_id)).attempts] == [0]


async def test_a_failure_asks_for_repair_once(truth: Truth) -> None:
    run_id = await truth.running(new_step(0), new_step(1), new_step(2))
    claims = await truth.claim()
    await together([truth.record(failed(claim)) for claim in claims])
    assert await truth.status(run_id) is RunStatus.RUNNING
    (job,) = await truth.steps.claim_jobs(owner="one", room=5)
    assert (job.job, job.run.id) == (Job.REPAIR, run_id)
    assert await truth.steps.claim_jobs(owner="two", room=5) == []


async def test_a_cancelled_run_refuses_the_retry_of_its_step(truth: Truth) -> None:
    run_id = await truth.running(new_step())
    (claim,) = await truth.claim()
    await _cancel(truth, run_id)
    assert not (await truth.record(again(claim))).accepted
    assert await truth.statuses(run_id) == ["cancelled"]
    assert (await truth.event_types(run_id))[-1] == "run.ended"
    assert [a.ending for a in (await truth.store.view(run_id)).attempts] == [Ending.CANCELLED]


async def test_a_failing_run_ends_when_its_last_call_does_however_that_ends(truth: Truth) -> None:
    error = {"code": "bad", "message": "it broke"}
    for ending in (done, failed, again):
        run_id = await truth.running(new_step(0), new_step(1))
        first, second = await truth.claim()
        await truth.record(failed(first))
        await truth.store.write(partial(_fail, run_id=run_id, error=error))
        await truth.record(ending(second))
        view = await truth.store.view(run_id)
        assert (view.run.status, view.run.error) == (RunStatus.FAILED, error), ending
        assert (await truth.event_types(run_id))[-1] == "run.ended"


async def test_a_failing_run_ends_when_the_worker_of_its_last_call_dies(truth: Truth) -> None:
    run_id = await truth.running(new_step(0))
    await truth.claim()
    error = {"code": "bad", "message": "it broke"}
    await truth.store.write(lambda tx: tx.update_run(run_id, error=error, job=None))
    await truth.let_leases_expire()
    await truth.steps.sweep()
    assert await truth.status(run_id) is RunStatus.FAILED
    assert await truth.statuses(run_id) == ["skipped"]
    assert not (await truth.steps.sweep()).due


async def test_nothing_of_a_paused_run_is_claimed_and_what_becomes_ready_waits(truth: Truth) -> None:
    run_id = await truth.running(*chain(3))
    (claim,) = await truth.claim()
    await truth.store.write(lambda tx: tx.move_run(run_id, RunStatus.PAUSED))
    assert (await truth.record(done(claim), room=5)).claims == ()
    assert await truth.statuses(run_id) == ["succeeded", "ready", "pending"]
    assert await truth.claim() == []
    assert not (await truth.steps.sweep()).due
    await truth.store.write(lambda tx: tx.move_run(run_id, RunStatus.RUNNING))
    assert [claim.id.idx for claim in await truth.claim()] == [1]


async def test_a_run_whose_last_step_ends_while_it_is_paused_ends_when_it_goes_on(truth: Truth) -> None:
    run_id = await truth.running(new_step())
    (claim,) = await truth.claim()
    await truth.store.write(lambda tx: tx.move_run(run_id, RunStatus.PAUSED))
    await truth.record(done(claim))
    assert await truth.status(run_id) is RunStatus.PAUSED

    def resume(tx) -> None:
        tx.move_run(run_id, RunStatus.RUNNING)
        tx.end_if_over(run_id)

    await truth.store.write(resume)
    assert await truth.status(run_id) is RunStatus.SUCCEEDED


async def test_outputs_are_those_of_the_last_call_of_the_newest_path(truth: Truth) -> None:
    parts = {"subtask": "a", "option": "two"}
    run_id = await truth.running(
        new_step(0, key="a-part1", children=(1,), part=0, **parts),
        new_step(1, key="a", needs=(0,), part=1, aliases={"text": "words"}, **parts),
    )
    (first,) = await truth.claim()
    (second,) = (await truth.record(done(first, output={"value": "half"}), room=1)).claims
    assert await truth.steps.outputs(run_id, ["a"]) == {}
    assert await truth.steps.step_output(first.id) == {"value": "half"}
    await truth.record(done(second, output={"words": "whole"}))
    assert await truth.steps.outputs(run_id, ["a", "b"]) == {"a": ({"words": "whole"}, {"text": "words"})}


def _fail(tx: Transaction, *, run_id: str, error: dict[str, str]) -> None:
    tx.update_run(run_id, error=error, job=None)


async def _cancel(truth: Truth, run_id: str) -> None:
    def act(tx) -> None:
        for step in tx.steps(run_id):
            tx.move_step(step.id, StepStatus.CANCELLED, cause={"reason": "run_cancelled"})
        tx.move_run(run_id, RunStatus.CANCELLED)

    await truth.store.write(act)


async def test_a_run_needs_no_words(truth: Truth) -> None:
    run_id = await truth.running(new_step(), request=RunRequest(plan={"subtasks": []}))
    assert (await truth.store.view(run_id)).run.request.request is None
