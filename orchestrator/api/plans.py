"""Routes of plans without a run."""

from __future__ import annotations

from fastapi import APIRouter

from orchestrator.api.deps import Caller, Now, Parts
from orchestrator.api.render import run_out
from orchestrator.api.runs import IdempotencyKey
from orchestrator.api.schemas.plan import RequoteOut, StoredPlanOut
from orchestrator.api.schemas.plan_asked import EditsIn, QuoteAsked, RunPlanIn
from orchestrator.api.schemas.run import RunOut
from orchestrator.api.schemas.run_request import RunIn
from orchestrator.bootstrap import Services
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
    stored = await plans.edit(
        plan_id,
        body.edits,
        terms=body.terms(),
        store=parts.store,
        catalog=parts.catalog,
        editor=_editor(parts),
    )
    return StoredPlanOut.of(stored, await plans.explain(stored))


@router.post("/{plan_id}/quote", summary="The same plan under other terms")
async def requote(plan_id: str, body: QuoteAsked, parts: Parts) -> RequoteOut:
    """Another preference, other limits or fewer tools; nothing is planned again, and nothing stored."""
    quoted = await plans.quote(
        plan_id, terms=body.terms(), store=parts.store, catalog=parts.catalog, beliefs=parts.beliefs
    )
    return RequoteOut.of(quoted, await plans.explain(quoted) if body.explain else None)


@router.post("/{plan_id}/runs", status_code=202, summary="Run exactly that plan")
async def run(  # noqa: PLR0917 - FastAPI reads them by name
    plan_id: str,
    parts: Parts,
    now: Now,
    caller: Caller,
    body: RunPlanIn | None = None,
    idempotency_key: IdempotencyKey = None,
) -> RunOut:
    """A run of the plan as it stands; under other terms of a version of it, which is stored."""
    asked = body or RunPlanIn()
    made = await plans.run_plan(
        plan_id,
        terms=asked.terms(),
        store=parts.store,
        catalog=parts.catalog,
        editor=_editor(parts),
        doorbell=parts.doorbell,
        labels=asked.labels,
        key=idempotency_key,
        key_id=caller,
    )
    return run_out(await parts.store.view(made.id), now=now)


def _editor(parts: Services) -> PlanEditor:
    return PlanEditor(parts.catalog, parts.retriever, parts.beliefs, parts.artifacts)
