"""Plans without a run: make, edit, quote under another preference, and run exactly as they stand."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from orchestrator.domain.ids import new_id
from orchestrator.domain.path import Path
from orchestrator.domain.plan import Plan
from orchestrator.domain.planning import NeedsAnswers, PlanningTask
from orchestrator.domain.run import Run, RunRequest, Terms
from orchestrator.domain.views import StoredPlan
from orchestrator.errors import FieldProblem, Invalid
from orchestrator.planning.estimates import estimate_plan
from orchestrator.planning.leaving_out import allowed_by
from orchestrator.ports import Artifacts, Beliefs, Catalog, Doorbell, Planner, Store
from orchestrator.runs.requests import checked, checked_filter
from orchestrator.search.paths import choose
from orchestrator.search.why import choose_on_front, explain_plan


class Editor(Protocol):
    """Applies edits to a plan and grounds and checks what they made."""

    async def edit(self, plan: Plan, edits: Sequence[Mapping[str, Any]], *, request: RunRequest) -> Plan:
        """A new plan with a new id, under the request's filter. Raises `PlanRejected` and `Invalid`."""
        ...


async def make(
    request: RunRequest,
    *,
    store: Store,
    catalog: Catalog,
    artifacts: Artifacts,
    planner: Planner,
    key_id: str | None = None,
) -> StoredPlan:
    """Plan and quote without a run. Raises what the planner raises; `Invalid` where a value is missing."""
    whole = await checked(request, catalog=catalog, artifacts=artifacts)
    planned = await planner.plan(PlanningTask(whole, key_id=key_id))
    if isinstance(planned, NeedsAnswers):
        problems = [FieldProblem(f"/inputs/{asked.id}", asked.text) for asked in planned.questions]
        texts = " ".join(asked.text for asked in planned.questions)
        raise Invalid(f"The request leaves something open: {texts} Say it in the request.", problems=problems)
    plan, path = planned.plan, planned.path
    await store.write(lambda tx: tx.add_plan(plan, request=whole, path=path))
    return await store.plan(plan.id)


async def edit(
    plan_id: str,
    edits: Sequence[Mapping[str, Any]],
    *,
    terms: Terms,
    store: Store,
    catalog: Catalog,
    editor: Editor,
) -> StoredPlan:
    """A new plan made of the old one by `edits` and under `terms`, all checked.

    Raises `NotFound`, `PlanRejected`, `BudgetTooSmall`.
    """
    if not edits and terms == Terms():
        detail = "give at least one edit, or other terms"
        raise Invalid(f"/edits: {detail}", problems=[FieldProblem("/edits", detail)])
    old = await store.plan(plan_id)
    request = await _under(terms, old.request, catalog=catalog)
    plan = await editor.edit(old.plan, edits, request=request)
    path = await asyncio.to_thread(choose, plan, preference=request.preference, budget=request.budget)
    await store.write(lambda tx: tx.add_plan(plan, request=request, path=path, parent=plan_id))
    return await store.plan(plan.id)


async def _under(terms: Terms, request: RunRequest, *, catalog: Catalog) -> RunRequest:
    if terms.tools is not None:
        await checked_filter(terms.tools, catalog=catalog)
    return terms.on(request)


@dataclass(frozen=True, slots=True)
class Requote:
    """A stored plan under other terms: the best path, the front it lies on, and the figures they rest on."""

    plan: Plan
    request: RunRequest
    path: Path
    front: Sequence[Mapping[str, Any]]


async def quote(plan_id: str, *, terms: Terms, store: Store, catalog: Catalog, beliefs: Beliefs) -> Requote:
    """The same plan under other terms and today's beliefs; nothing is planned and nothing stored."""
    stored = await store.plan(plan_id)
    request = await _under(terms, stored.request, catalog=catalog)
    allowed = await allowed_by(request.tools, stored.plan, catalog=catalog)
    plan = await estimate_plan(allowed, catalog=catalog, beliefs=beliefs, risk=request.preference.risk)
    path, front = await asyncio.to_thread(
        choose_on_front, plan, preference=request.preference, budget=request.budget
    )
    return Requote(plan, request, path, front)


async def explain(quoted: StoredPlan | Requote) -> dict[str, Any]:
    """Why the plan's path was chosen, under the request's own preference and budget."""
    request = quoted.request
    return await asyncio.to_thread(
        explain_plan, quoted.plan, preference=request.preference, budget=request.budget
    )


async def run_plan(
    plan_id: str,
    *,
    terms: Terms,
    store: Store,
    catalog: Catalog,
    editor: Editor,
    doorbell: Doorbell,
    labels: Mapping[str, str] | None = None,
    key: str | None = None,
    key_id: str | None = None,
) -> Run:
    """A run of exactly that plan: nothing is planned again.

    Under other terms than the plan's own a version of it under these is stored first, and that is run.
    """
    stored = await store.plan(plan_id)
    fingerprint = f"{plan_id} {dict(labels or stored.request.labels)}"
    if terms != Terms():
        fingerprint += f" {terms}"
        if terms.on(stored.request) is not stored.request:
            stored = await edit(plan_id, (), terms=terms, store=store, catalog=catalog, editor=editor)
    labels = labels or stored.request.labels
    request = replace(stored.request, mode="auto", labels=labels, plan_id=stored.plan.id)
    run = await store.accept(new_id("run"), request, key=key, fingerprint=fingerprint, key_id=key_id)
    doorbell.ring()
    return run
