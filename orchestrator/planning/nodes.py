"""The steps of planning: recall, decompose, ground, search, check; each answers what it changes."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from orchestrator.domain.plan import Plan
from orchestrator.domain.planning import PlanningTask
from orchestrator.domain.run import RunRequest
from orchestrator.errors import (
    BudgetTooSmall,
    FieldProblem,
    Invalid,
    ModelFailed,
    NoOptionLeft,
    NoSuitableTool,
    NotFound,
)
from orchestrator.planning.assembly import assembled
from orchestrator.planning.checks import CLAUSES, TYPES, Finding, Scene, check_rows, rejection
from orchestrator.planning.coverage import naming, unquoted
from orchestrator.planning.drafts import Draft
from orchestrator.planning.estimates import estimate_plan
from orchestrator.planning.finished import without_finished
from orchestrator.planning.given import ROOT, read_given
from orchestrator.planning.grounding import ground
from orchestrator.planning.model_calls import Bill
from orchestrator.planning.offline import ABSENT, QUESTION, AttachedInput, peek_inputs
from orchestrator.planning.recall import recalled
from orchestrator.planning.state import Candidate, State
from orchestrator.planning.toolset import Toolset
from orchestrator.ports import Artifacts, Beliefs, Catalog, Retriever
from orchestrator.search.paths import choose
from tools.spec import Tool

#: A search over more options than this, or under limits, leaves the event loop.
_QUICK_OPTIONS = 200


class DraftsOffline(Protocol):
    """Decomposes without a model."""

    async def draft(
        self, task: PlanningTask, *, tools: Sequence[Tool], peek: Mapping[str, AttachedInput]
    ) -> Draft:
        """One draft, which may hold questions or clauses that nothing serves."""
        ...


class DraftsByModel(Protocol):
    """Decomposes with a language model; raises ModelFailed or BudgetTooSmall. What it pays is billed."""

    async def propose(
        self, task: PlanningTask, *, shown: Sequence[Tool], peek: Mapping[str, AttachedInput], bill: Bill
    ) -> tuple[Candidate, ...]:
        """Candidate drafts, the most careful first."""
        ...

    async def repair(
        self, task: PlanningTask, candidate: Candidate, findings: Sequence[Finding], *, bill: Bill
    ) -> Candidate:
        """A draft in place of one that did not pass."""
        ...


@dataclass(slots=True)
class Shelf:
    """The index over the active tools, made anew only when the catalog changes."""

    _tools: Sequence[Tool] | None = None
    _index: Toolset = field(default_factory=lambda: Toolset(()))

    def of(self, tools: Sequence[Tool]) -> Toolset:
        """The index over exactly these tools."""
        if tools is not self._tools:
            self._tools, self._index = tools, Toolset(tools)
        return self._index


@dataclass(frozen=True, slots=True)
class Nodes:
    """The steps with what they need from outside; a model is shown about `recalled` tools."""

    catalog: Catalog
    retriever: Retriever
    beliefs: Beliefs
    artifacts: Artifacts | None
    offline: DraftsOffline
    model: DraftsByModel | None = None
    recalled: int = 20
    max_repairs: int = 2
    search_seconds: float = 1.0
    shelf: Shelf = field(default_factory=Shelf)

    async def recall(self, state: State) -> State:
        """Find what the plan may use: tools allowed, inputs with their types, and what a model is shown."""
        request = state["task"].request
        tools = self.shelf.of(await self.catalog.active()).restricted(request.tools)
        given = state["source"] == "given"
        peek = {} if given else await self._peek(state)
        media_types = await self._media_types(request) if given else _types_of(_inputs(state), peek)
        scene = Scene(tools, request.inputs, media_types, root=ROOT if given else "/subtasks")
        shown: list[Tool] = []
        if state["source"] == "llm":
            words = request.request or ""
            shown = await recalled(words, tools=tools, retriever=self.retriever, k=self.recalled)
        return {"scene": scene, "peek": peek, "shown": tuple(shown)}

    async def decompose(self, state: State) -> State:
        """Draft the plan, or have the model mend the draft that did not pass."""
        task, tools = state["task"], state["scene"].tools
        if state["source"] == "given":
            read = await read_given(task.request.plan or {}, tools=tools, retriever=self.retriever)
            return {"candidates": (Candidate(read.draft, read.pinned),)}
        if state["source"] == "llm":
            try:
                return await self._by_model(state)
            except (ModelFailed, BudgetTooSmall) as error:
                if state.get("doubted"):
                    return {"candidates": state["doubted"], "findings": ()}
                if task.request.planner != "auto":
                    raise
                note = f"The language model could not be used, so the offline planner made this plan: {error}"
                offline = await self.decompose({**state, "source": "offline"})
                return {**offline, "source": "offline", "notes": (*state["notes"], note)}
        draft = await self.offline.draft(task, tools=tools.tools, peek=state["peek"])
        return {"candidates": (Candidate(draft),), "findings": ()}

    async def ground(self, state: State) -> State:
        """Pin tools, add alternatives and build one plan of the candidates that pass."""
        first = state["candidates"][0]
        if first.draft.questions:
            return {"questions": first.draft.questions, "done": True}
        judged = [self._judged(candidate, state) for candidate in state["candidates"]]
        good = [candidate for candidate in judged if not candidate.against]
        fallback, notes = state.get("doubted", ()), state["notes"]
        if not good and not fallback:
            return {"candidates": tuple(judged), "findings": judged[0].against}
        missed = unquoted(state["task"].request.request or "", (good or fallback)[0].draft)
        if missed and state["source"] == "llm":
            if not fallback and state["repairs"] < self.max_repairs:
                return {"candidates": tuple(good), "doubted": tuple(good), "findings": _doubts(missed)}
            notes = (*notes, f"No sub-task quotes these words of the request: {'; '.join(missed)}")
        plan = assembled(good or fallback, state["task"], source=state["source"], notes=notes)
        return {"plan": plan, "findings": (), "candidates": tuple(good or fallback)}

    async def search(self, state: State) -> State:
        """Fill in what is believed of each option and choose the best path."""
        request = state["task"].request
        plan = await estimate_plan(
            state["plan"], catalog=self.catalog, beliefs=self.beliefs, risk=request.preference.risk
        )
        used = state["task"].used
        sunk = used.usd + float(state["bill"].usd)
        left = without_finished(plan, used.finished, request.inputs)

        def search() -> State:
            path = choose(
                left,
                preference=request.preference,
                budget=request.budget,
                elapsed=used.seconds,
                sunk_usd=sunk,
                time_limit=self.search_seconds,
            )
            return {"plan": plan, "path": path}

        try:
            return await asyncio.to_thread(search) if _takes_long(plan, request) else search()
        except NoOptionLeft as error:
            where = state["scene"].at(error.subtask)
            detail = "no option of this sub-task fits any option of the others: name other tools"
            return {"findings": (Finding(TYPES, where, detail),)}

    async def check(self, state: State) -> State:
        """Write the check rows; refuse what did not pass and cannot be mended any more."""
        findings = state.get("findings", ())
        if not findings:
            return {"plan": replace(state["plan"], checks=check_rows(())), "done": True}
        if state["source"] == "llm" and state["repairs"] < self.max_repairs:
            return {"repairs": state["repairs"] + 1, "done": False}
        draft = state["candidates"][0].draft
        if all(finding.check == CLAUSES for finding in findings):
            raise nothing_fits(draft, state["shown"])
        raise rejection(findings)

    async def in_line(self, state: State) -> State:
        """All steps once, for a plan that is right or refused as it is."""
        for step in (self.recall, self.decompose, self.ground):
            state = {**state, **await step(state)}
        if not state.get("findings"):
            state = {**state, **await self.search(state)}
        return {**state, **await self.check(state)}

    # --- parts ----------------------------------------------------------------------------------

    async def _by_model(self, state: State) -> State:
        assert self.model is not None, "the source is llm only where a model is configured"
        if state.get("findings"):
            first = state["candidates"][0]
            mended = await self.model.repair(state["task"], first, state["findings"], bill=state["bill"])
            others = state["candidates"][1:] if state.get("doubted") else ()
            return {"candidates": (mended, *others), "findings": ()}
        found = await self.model.propose(
            state["task"], shown=state["shown"], peek=state["peek"], bill=state["bill"]
        )
        return {"candidates": found}

    def _judged(self, candidate: Candidate, state: State) -> Candidate:
        """The candidate grounded, or with what stands against it. Raises NoSuitableTool."""
        draft = candidate.draft
        if candidate.findings:
            return candidate
        missed = tuple(_missed(draft))
        if not draft.subtasks or (missed and state["source"] != "llm"):
            raise nothing_fits(draft, state["shown"])
        scene = replace(state["scene"], positions=candidate.positions)
        pinned = candidate.pinned | _named(draft, state["task"].request.request or "")
        grounded = ground(draft, scene, pinned=pinned, failed=state["task"].failed)
        return replace(candidate, grounded=grounded, findings=missed)

    async def _peek(self, state: State) -> Mapping[str, AttachedInput]:
        try:
            return await peek_inputs(_inputs(state), self.artifacts)
        except NotFound as error:
            raise Invalid(str(error), problems=[FieldProblem("/inputs", str(error))]) from error

    async def _media_types(self, request: RunRequest) -> dict[str, str]:
        """The media type of each artifact among the inputs."""
        found: dict[str, str] = {}
        for name, value in request.inputs.items():
            id = value.get("artifact") if isinstance(value, Mapping) else None
            if not isinstance(id, str) or self.artifacts is None:
                continue
            try:
                found[id] = (await self.artifacts.get(id)).media_type
            except NotFound as error:
                detail = f"there is no artifact {id!r}: upload the file first"
                raise Invalid(detail, problems=[FieldProblem(f"/inputs/{name}", detail)]) from error
        return found


def nothing_fits(draft: Draft, shown: Sequence[Tool] = ()) -> NoSuitableTool:
    """The refusal of a request that no tool can serve, or of which a part is left over."""
    if draft.uncovered:
        parts = "; ".join(repr(clause) for clause in draft.uncovered)
        message = f"no registered tool serves this part of the request: {parts}"
    else:
        message = "no registered tool serves this request"
    reason = f" ({'; '.join(draft.notes)})" if draft.notes else ""
    nearest = draft.nearest or tuple(tool.name for tool in shown[:5])
    near = f". Nearest tools: {', '.join(nearest)}" if nearest else ""
    return NoSuitableTool(
        f"{message}{reason}{near}. Register a tool that does it, or ask for something else.",
        nearest=nearest,
    )


def _missed(draft: Draft) -> list[Finding]:
    how = "add a sub-task for it with one of the tools; answer nothing_fits only when none can"
    return [Finding(CLAUSES, "/clauses", f"nothing serves {clause!r}: {how}") for clause in draft.uncovered]


def _named(draft: Draft, request: str) -> frozenset[str]:
    """Sub-tasks whose tool the request calls by its name: the person has chosen."""
    tools = {
        one.id: call.tool for one in draft.subtasks for option in one.options[:1] for call in option.calls
    }
    names = naming(request, tools.values())
    return frozenset(id for id, tool in tools.items() if tool in names)


def _doubts(parts: Sequence[str]) -> tuple[Finding, ...]:
    how = "when it asks for something, serve it and list it; when it does not, send the same plan again"
    return tuple(Finding(CLAUSES, "/clauses", f"no clause quotes {part!r}: {how}") for part in parts)


def _inputs(state: State) -> Mapping[str, Any]:
    """What is attached, with the file that the offline planner asked for once it is there."""
    task = state["task"]
    file = task.answers.get(QUESTION) if state["source"] == "offline" else None
    return task.request.inputs if file is None else {**task.request.inputs, ABSENT: file}


def _types_of(inputs: Mapping[str, Any], peek: Mapping[str, AttachedInput]) -> dict[str, str]:
    return {
        str(value["artifact"]): peek[name].types[0]
        for name, value in inputs.items()
        if isinstance(value, Mapping) and "artifact" in value and name in peek and peek[name].types
    }


def _takes_long(plan: Plan, request: RunRequest) -> bool:
    budget = request.budget
    limited = budget.usd is not None or budget.seconds is not None or bool(budget.min_quality)
    choices = math.fsum(len(subtask.options) for subtask in plan.subtasks)
    return choices > _QUICK_OPTIONS or (limited and choices > len(plan.subtasks))
