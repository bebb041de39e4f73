"""Routes of runs."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response

from orchestrator.api.deps import Caller, Now, Parts
from orchestrator.api.render import exchange_out, run_line, run_out
from orchestrator.api.schemas.diff import QuoteDiffOut, RunDiffOut
from orchestrator.api.schemas.feedback import FeedbackIn
from orchestrator.api.schemas.fields import PageOut
from orchestrator.api.schemas.plan import ExplainOut
from orchestrator.api.schemas.run import (
    AnswersIn,
    BulkIn,
    BulkOut,
    ExchangesOut,
    RefusedOut,
    ResumeIn,
    RetryIn,
    RunLine,
    RunOut,
    RunsAsked,
)
from orchestrator.api.schemas.run_request import RunIn
from orchestrator.domain.views import RunView
from orchestrator.errors import FieldProblem, Invalid
from orchestrator.runs import plans, stop
from orchestrator.runs.answer import answer
from orchestrator.runs.bulk import bulk
from orchestrator.runs.diff import diff_quote, diff_runs
from orchestrator.runs.feedback import give_feedback
from orchestrator.runs.retry import retry
from orchestrator.runs.submit import submit

router = APIRouter(prefix="/v1/runs", tags=["runs"])

IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=200)]


@router.post("", status_code=202, summary="Do a request, or a graph of your own")
async def create(  # noqa: PLR0917 - FastAPI reads them by name
    body: RunIn,
    parts: Parts,
    now: Now,
    response: Response,
    caller: Caller,
    idempotency_key: IdempotencyKey = None,
) -> RunOut:
    """Accept a run; the same Idempotency-Key with the same body answers the run it made first."""
    run = await submit(
        body.value(),
        store=parts.store,
        catalog=parts.catalog,
        artifacts=parts.artifacts,
        key=idempotency_key,
        fingerprint=hashlib.sha256(body.model_dump_json().encode()).hexdigest(),
        key_id=caller,
    )
    response.headers["Location"] = f"/v1/runs/{run.id}"
    new = run.last_event <= 1  # a repeat under the same key may find it far on its way
    view = RunView(run, None, None, (), (), ()) if new else await parts.store.view(run.id)
    return run_out(view, now=now)


@router.get("", summary="Runs, newest first")
async def page(parts: Parts, asked: Annotated[RunsAsked, Query()]) -> PageOut[RunLine]:
    """One page of runs, each with what it waits for."""
    wanted = asked.value(asked.status, _labels(asked.label), asked.q)
    found = await parts.store.runs(wanted, limit=asked.limit, cursor=asked.cursor)
    items = [run_line(summary) for summary in found.items]
    return PageOut[RunLine](items=items, next_cursor=found.next_cursor)


@router.post("/bulk", summary="One act on many runs")
async def act_on_many(body: BulkIn, parts: Parts) -> BulkOut:
    """Cancel, pause, resume or retry runs, named or found by a filter, each judged alone.

    A call touches at most a thousand. What has been done already is done again without harm: a run that is
    cancelled or paused stays so.
    """
    wanted = body.ids if body.filter is None else body.filter.filter()
    assert wanted is not None
    done = await bulk(body.action, wanted, store=parts.store, catalog=parts.catalog, doorbell=parts.doorbell)
    refused = [RefusedOut(id=id, reason=reason) for id, reason in done.refused]
    return BulkOut(done=list(done.done), refused=refused, more=done.more)


@router.get("/{run_id}", summary="All of a run")
async def read(run_id: str, parts: Parts, now: Now) -> RunOut:
    """Status, plan, path, steps with attempts, spend, quote, what it waits for, and its result."""
    return run_out(await parts.store.view(run_id), now=now)


@router.get("/{run_id}/explain", summary="Why this path")
async def explain(run_id: str, parts: Parts) -> ExplainOut:
    """Options with what is believed of them, the runner-up, the front, and what other alphas would choose."""
    view = await parts.store.view(run_id)
    if view.plan is None:
        raise Invalid(f"run {run_id} has no plan yet; there is nothing to explain")
    return ExplainOut.model_validate(await plans.explain(view.plan))


@router.get("/{run_id}/steps/{step}/exchanges", summary="What a step sent and got")
async def exchanged(run_id: str, step: str, parts: Parts) -> ExchangesOut:
    """Of each try at the step of that key or number: bounded, and without secrets."""
    tries = await parts.store.exchanges(run_id, step)
    return ExchangesOut(items=[exchange_out(one) for one in tries])


@router.post("/{run_id}/cancel", summary="End a run now")
async def cancel(run_id: str, parts: Parts, now: Now) -> RunOut:
    """Calls in flight are stopped."""
    await stop.cancel(run_id, store=parts.store, doorbell=parts.doorbell)
    return run_out(await parts.store.view(run_id), now=now)


@router.post("/{run_id}/pause", summary="Start nothing new")
async def pause(run_id: str, parts: Parts, now: Now) -> RunOut:
    """Calls in flight go on to their end."""
    await stop.pause(run_id, store=parts.store)
    return run_out(await parts.store.view(run_id), now=now)


@router.post("/{run_id}/resume", summary="Go on, or start a planned run")
async def resume(run_id: str, parts: Parts, now: Now, body: ResumeIn | None = None) -> RunOut:
    """A paused run goes on; one that stopped after planning starts, by an edited plan where one is named."""
    plan = None if body is None else body.plan
    await stop.resume(run_id, store=parts.store, doorbell=parts.doorbell, plan=plan)
    return run_out(await parts.store.view(run_id), now=now)


@router.post("/{run_id}/retry", summary="Run again what failed, or from a step on")
async def again(run_id: str, parts: Parts, now: Now, body: RetryIn | None = None) -> RunOut:
    """Finished steps are kept; with `from_step` that step and all that follows from it run again."""
    asked = body or RetryIn()
    await retry(
        run_id,
        store=parts.store,
        catalog=parts.catalog,
        doorbell=parts.doorbell,
        from_step=asked.from_step,
        edits=asked.edits,
    )
    return run_out(await parts.store.view(run_id), now=now)


@router.post("/{run_id}/answers", summary="Answer questions and approvals")
async def answers(run_id: str, body: AnswersIn, parts: Parts, now: Now) -> RunOut:
    """All are recorded, or none."""
    given = [(one.id, one.value) for one in body.answers]
    await answer(run_id, given, store=parts.store, doorbell=parts.doorbell)
    return run_out(await parts.store.view(run_id), now=now)


@router.post("/{run_id}/feedback", summary="Judge a run that has ended, and its outputs")
async def feedback(run_id: str, body: FeedbackIn, parts: Parts, now: Now, caller: Caller) -> RunOut:
    """What is said of a step's output is believed of its tool; what the same key said before is replaced."""
    of_steps = [(one.step, said) for one in body.steps if (said := one.said()) is not None]
    await give_feedback(run_id, body.said(), of_steps, by=caller, store=parts.store)
    return run_out(await parts.store.view(run_id), now=now)


@router.get("/{run_id}/diff/quote", summary="Predicted against actual")
async def compare_quote(run_id: str, parts: Parts) -> QuoteDiffOut:
    """Money, seconds and quality as quoted and as they came."""
    return QuoteDiffOut.model_validate(diff_quote(await parts.store.view(run_id)))


@router.get("/{run_id}/diff/{other}", summary="Run against run")
async def compare(run_id: str, other: str, parts: Parts) -> RunDiffOut:
    """Plan, path, inputs, outputs, cost and time where they differ."""
    found = diff_runs(await parts.store.view(run_id), await parts.store.view(other))
    return RunDiffOut.model_validate(found)


def _labels(given: list[str]) -> dict[str, str]:
    labels = {}
    for text in given:
        key, colon, value = text.partition(":")
        if not colon:
            raise Invalid(
                "A label is key:value.", problems=[FieldProblem("/label", f"{text!r} has no colon")]
            )
        labels[key] = value
    return labels
