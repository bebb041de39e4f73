"""What people say of runs and outputs: kept, told, and believed, over both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.domain.belief import DECAY
from orchestrator.domain.feedback import Said
from orchestrator.domain.run import RunStatus
from orchestrator.domain.step import Ending, StepStatus, Verdict
from orchestrator.errors import Conflict, Invalid
from orchestrator.ports import Transaction
from orchestrator.runs.feedback import give_feedback
from tests.contract.truth import Truth, done, new_step, step_id, tool

GOOD, BAD = Said(1.0), Said(0.0, "wrong language")


async def ended(truth: Truth, *, quality: float | None = 0.6) -> str:
    """A run of one step whose output the scorer has judged."""
    run_id = await truth.running(new_step(0))
    (claim,) = await truth.claim()
    await truth.record(done(claim, quality=quality))
    return run_id


async def say(truth: Truth, run_id: str, *steps: tuple[str, Said], by: str | None = None) -> None:
    await give_feedback(run_id, None, steps, by=by, store=truth.store)


async def judged(truth: Truth) -> Any:
    """Tries, judgements and their quality in what is believed."""
    seen = (await truth.belief(tool(), "echo")).observed
    return seen.tries, seen.judged, pytest.approx(seen.quality)


async def test_a_judgement_becomes_the_verdict_and_is_believed(truth: Truth) -> None:
    run_id = await ended(truth)
    await say(truth, run_id, ("s0", BAD), by="key_1")
    assert (await truth.step(run_id)).verdict == Verdict(0.0, "person", "wrong language")
    (kept,) = (await truth.store.view(run_id)).feedback
    assert (kept.said, kept.by, kept.step_idx, kept.before) == (BAD, "key_1", 0, Verdict(0.6, "scorer"))
    assert await judged(truth) == (1, 2, 0.6)
    (latest,) = await truth.beliefs.evidence("echo", limit=5)
    assert (latest.quality, latest.judge) == (0.0, "person")
    told = (await truth.store.events(run_id))[-1]
    assert told.type == "feedback.given"
    assert told.data == {"quality": 0.0, "by": "key_1", "step": "s0", "subtask": "s0", "tool": "echo"}


async def test_a_second_judgement_of_a_key_replaces_its_first_and_others_add_theirs(truth: Truth) -> None:
    run_id = await ended(truth, quality=None)
    await say(truth, run_id, ("s0", BAD), by="key_1")
    await say(truth, run_id, ("s0", GOOD), by="key_1")
    assert await judged(truth) == (1, 1, 1.0)
    await say(truth, run_id, ("s0", Said(0.5)), by="key_2")
    await say(truth, run_id, ("0", BAD))
    assert await judged(truth) == (1, 3, 1.5)
    said = (await truth.store.view(run_id)).feedback
    assert [(one.by, one.said.quality, one.before) for one in said] == [
        ("key_1", 1.0, None),
        ("key_2", 0.5, None),
        (None, 0.0, None),
    ]


async def test_the_same_judgement_again_changes_and_tells_nothing(truth: Truth) -> None:
    run_id = await ended(truth)
    await say(truth, run_id, ("s0", BAD))
    before = await truth.event_types(run_id), await judged(truth)
    await say(truth, run_id, ("s0", BAD))
    assert (await truth.event_types(run_id), await judged(truth)) == before
    assert before[0].count("feedback.given") == 1


async def test_what_is_replaced_has_lost_the_weight_that_it_lost_since(truth: Truth) -> None:
    run_id = await ended(truth, quality=None)
    await say(truth, run_id, ("s0", BAD))
    for _ in range(3):
        await ended(truth, quality=None)
    await say(truth, run_id, ("s0", GOOD))
    assert (await judged(truth))[1:] == (pytest.approx(DECAY**3), DECAY**3)


async def test_another_attempt_is_another_output_judged_once_the_run_is_over_again(truth: Truth) -> None:
    run_id = await ended(truth, quality=None)
    await say(truth, run_id, ("s0", GOOD))

    def take_up(tx: Transaction) -> None:
        tx.move_run(run_id, RunStatus.RUNNING)
        tx.move_step(step_id(run_id), StepStatus.READY)

    await truth.store.write(take_up)
    with pytest.raises(Conflict, match="once it has ended"):
        await say(truth, run_id, ("s0", GOOD))
    (claim,) = await truth.claim()
    await truth.record(done(claim))
    await say(truth, run_id, ("s0", GOOD))
    assert (await judged(truth))[1] == pytest.approx(1 + DECAY)
    (kept,) = (await truth.store.view(run_id)).feedback
    assert kept.attempt == claim.fence


async def test_a_whole_run_is_judged_without_a_word_on_its_tools(truth: Truth) -> None:
    run_id = await ended(truth, quality=None)
    await give_feedback(run_id, Said(0.25, "so so"), (), by=None, store=truth.store)
    (kept,) = (await truth.store.view(run_id)).feedback
    assert (kept.said, kept.step_idx, kept.attempt) == (Said(0.25, "so so"), None, None)
    assert (await judged(truth))[1] == 0
    assert (await truth.store.events(run_id))[-1].data == {"quality": 0.25}


async def test_what_cannot_be_judged_is_named_and_nothing_is_kept(truth: Truth) -> None:
    run_id = await truth.running(new_step(0), new_step(1))
    one, other = await truth.claim()
    await truth.record(done(one))
    await truth.record(replace(done(other), ending=Ending.FAILED, output=None))
    await truth.store.write(lambda tx: tx.move_run(run_id, RunStatus.FAILED))
    with pytest.raises(Invalid) as raised:
        await say(truth, run_id, ("s0", GOOD), ("s1", GOOD), ("s7", GOOD))
    assert [problem.path for problem in raised.value.problems] == ["/steps/1/step", "/steps/2/step"]
    with pytest.raises(Invalid, match="verdicts"):
        await say(truth, run_id, ("s0", GOOD), ("0", BAD))
    view = await truth.store.view(run_id)
    assert (view.feedback, view.steps[1].status) == ((), StepStatus.FAILED)
