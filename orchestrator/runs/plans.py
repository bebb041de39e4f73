"""Plans without a run: make, edit, quote under another preference, and run exactly as they stand."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from orchestrator.domain.budget import Budget, Preference
from orchestrator.domain.ids import new_id
from orchestrator.domain.path import Path
from orchestrator.domain.plan import Plan
from orchestrator.domain.planning import NeedsAnswers, PlanningTask
from orchestrator.domain.run import Run, RunRequest
from orchestrator.domain.views import StoredPlan
from orchestrator.errors import FieldProblem, Invalid
from orchestrator.planning.estimates import estimate_plan
from orchestrator.ports import Artifacts, Beliefs, Catalog, Doorbell, Planner, Store
from orchestrator.runs.requests import checked
from orchestrator.search.paths import choose, explain_plan


class Editor(Protocol):
    """Applies edits to a plan and grounds and checks what they made."""

    async def edit(self, plan: Plan, edits: Sequence[Mapping[str, Any]], *, request: RunRequest) -> Plan:
        """A new plan with a new id and `source` "edited". Raises `PlanRejected` and `Invalid`."""
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
    plan_id: str, edits: Sequence[Mapping[str, Any]], *, store: Store, editor: Editor
) -> StoredPlan:
    """A new plan made of the old one by `edits`, all checked. Raises `NotFound`, `PlanRejected`."""
    old = await store.plan(plan_id)
    plan = await editor.edit(old.plan, edits, request=old.request)
    path = await asyncio.to_thread(choose, plan, preference=old.request.preference, budget=old.request.budget)
    await store.write(lambda tx: tx.add_plan(plan, request=old.request, path=path, parent=plan_id))
    return await store.plan(plan.id)


async def quote(
    plan_id: str,
    *,
    preference: Preference | None,
    budget: Budget | None,
    store: Store,
    catalog: Catalog,
    beliefs: Beliefs,
) -> tuple[Path, dict[str, Any]]:
    """The best path of a stored plan under another preference and today's beliefs, and what explains it."""
    stored = await store.plan(plan_id)
    wanted = preference or stored.request.preference
    limits = budget or stored.request.budget
    plan = await estimate_plan(stored.plan, catalog=catalog, beliefs=beliefs, risk=wanted.risk)
    path = await asyncio.to_thread(choose, plan, preference=wanted, budget=limits)
    return path, await asyncio.to_thread(explain_plan, plan, preference=wanted, budget=limits)


async def explain(stored: StoredPlan) -> dict[str, Any]:
    """Why the plan's path was chosen, under the request's own preference and budget."""
    request = stored.request
    return await asyncio.to_thread(
        explain_plan, stored.plan, preference=request.preference, budget=request.budget
    )


async def run_plan(
    plan_id: str,
    *,
    store: Store,
    doorbell: Doorbell,
    labels: Mapping[str, str] | None = None,
    key: str | None = None,
    key_id: str | None = None,
) -> Run:
    """A run of exactly that plan: nothing is planned again."""
    stored = await store.plan(plan_id)
    labels = labels or stored.request.labels
    request = replace(stored.request, mode="auto", labels=labels, plan_id=plan_id)
    fingerprint = f"{plan_id} {dict(labels)}"
    run = await store.accept(new_id("run"), request, key=key, fingerprint=fingerprint, key_id=key_id)
    doorbell.ring()
    return run
