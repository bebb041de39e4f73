"""Routes of plans without a run."""

from __future__ import annotations

from fastapi import APIRouter

from orchestrator.api.deps import Caller, Now, Parts
from orchestrator.api.render import run_out
from orchestrator.api.runs import IdempotencyKey
from orchestrator.api.schemas.plan import (
    EditsIn,
    ExplainOut,
    FiguresOut,
    PathOut,
    QuoteAsked,
    QuoteOut,
    RequoteOut,
    RunPlanIn,
    StoredPlanOut,
)
from orchestrator.api.schemas.run import RunOut
from orchestrator.api.schemas.run_request import RunIn
from orchestrator.planning.edits import PlanEditor
from orchestrator.runs import plans

router = APIRouter(prefix="/v1/plans", tags=["plans"])


@router.post("", status_code=201, summary="Plan and quote without a run")
async def create(body: RunIn, parts: Parts, caller: Caller) -> StoredPlanOut:
    """The plan, its checks, the quote, the path and why it was chosen."""
    stored = await plans.make(
        body.value(),
        store=parts.store,
        catalog=parts.catalog,
        artifacts=parts.artifacts,
        planner=parts.planner,
        key_id=caller,
    )
    return StoredPlanOut.of(stored, await plans.explain(stored))


@router.get("/{plan_id}", summary="A stored plan")
async def read(plan_id: str, parts: Parts) -> StoredPlanOut:
    """The plan as it is stored."""
    return StoredPlanOut.of(await parts.store.plan(plan_id))


@router.patch("/{plan_id}", summary="Edit a plan")
async def edit(plan_id: str, body: EditsIn, parts: Parts) -> StoredPlanOut:
    """A new plan made of the old one, which stays as it was; every edit is checked.

    Each edit has an `op` (add, remove, reorder, reword, retarget, arguments or extend) and its fields.
    """
    editor = PlanEditor(parts.catalog, parts.retriever, parts.beliefs, parts.artifacts)
    stored = await plans.edit(plan_id, body.edits, store=parts.store, editor=editor)
    return StoredPlanOut.of(stored, await plans.explain(stored))


@router.post("/{plan_id}/quote", summary="The same plan under another preference")
async def requote(plan_id: str, body: QuoteAsked, parts: Parts) -> RequoteOut:
    """Nothing is planned again."""
    path, explain = await plans.quote(
        plan_id,
        preference=None if body.preference is None else body.preference.value(),
        budget=None if body.budget is None else body.budget.value(),
        store=parts.store,
        catalog=parts.catalog,
        beliefs=parts.beliefs,
    )
    return RequoteOut(
        path=PathOut.of(path),
        quote=QuoteOut.of(path.quote),
        front=[FiguresOut.model_validate(point) for point in explain["front"]],
        explain=ExplainOut.model_validate(explain),
    )


@router.post("/{plan_id}/runs", status_code=202, summary="Run exactly that plan")
async def run(  # noqa: PLR0917 - FastAPI reads them by name
    plan_id: str,
    parts: Parts,
    now: Now,
    caller: Caller,
    body: RunPlanIn | None = None,
    idempotency_key: IdempotencyKey = None,
) -> RunOut:
    """A run of the plan as it stands."""
    made = await plans.run_plan(
        plan_id,
        store=parts.store,
        doorbell=parts.doorbell,
        labels=None if body is None else body.labels,
        key=idempotency_key,
        key_id=caller,
    )
    return run_out(await parts.store.view(made.id), now=now)
