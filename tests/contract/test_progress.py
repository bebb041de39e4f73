"""How far calls under way are, over both databases."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.domain.events import EventType
from orchestrator.domain.step import Progress
from tests.contract.truth import Truth, done, new_step


async def test_progress_is_kept_and_told_while_its_claim_holds(truth: Truth) -> None:
    run_id = await truth.running(new_step(0))
    (claim,) = await truth.claim()
    half = Progress(0.5, "half", 1.0)
    await truth.steps.note_progress(claim, half)
    assert (await truth.step(run_id)).progress == half
    await truth.steps.note_progress(replace(claim, fence=claim.fence + 1), Progress(0.9, "not ours", 2.0))
    assert (await truth.step(run_id)).progress == half
    await truth.record(done(claim))
    assert (await truth.step(run_id)).progress is None
    await truth.steps.note_progress(claim, half)
    events = await truth.store.events(run_id, after=0, limit=100)
    told = [event.data for event in events if event.type is EventType.STEP_PROGRESS]
    assert [(one["share"], one["message"], one["attempt"]) for one in told] == [(0.5, "half", claim.fence)]
