"""The planner: a request, or a plan that came with it, becomes a checked plan with its best path."""

from __future__ import annotations

import asyncio
import importlib
import math
from collections.abc import Awaitable, Callable
from typing import Any

from orchestrator.domain.planning import NeedsAnswers, Planned, PlanningTask
from orchestrator.domain.run import RunRequest
from orchestrator.errors import DeadlineExceeded, FieldProblem, Invalid, OrchestratorError, PlanningTooLong
from orchestrator.planning.llm_decomposer import LlmDecomposer
from orchestrator.planning.model_calls import Bill, Model, ModelCalls
from orchestrator.planning.nodes import DraftsOffline, Nodes
from orchestrator.planning.state import Source, State
from orchestrator.ports import Artifacts, Beliefs, Catalog, PlanningBudget, Replies, Retriever


class Planner:
    """Implements `ports.Planner`. Without `model` the offline planner serves.

    `candidates` plans are asked of the model, each mended at most `max_repairs` times; `recalled`
    tools are shown to it; a search takes at most about `search_seconds`, a whole planning `seconds`,
    and `model_seconds` more for each time a model may be asked.
    """

    def __init__(  # noqa: PLR0913 - the parts and the settings of planning, by name
        self,
        *,
        catalog: Catalog,
        retriever: Retriever,
        beliefs: Beliefs,
        artifacts: Artifacts | None,
        offline: DraftsOffline,
        model: Model | None = None,
        replies: Replies | None = None,
        budget: PlanningBudget | None = None,
        candidates: int = 1,
        max_repairs: int = 2,
        max_tokens: int = 4096,
        recalled: int = 20,
        search_seconds: float = 1.0,
        seconds: float = 30.0,
        model_seconds: float = 60.0,
    ) -> None:
        self._seconds = seconds
        self._model_seconds = model_seconds * (1 + max_repairs)
        by_model = None
        if model is not None:
            calls = ModelCalls(model, replies=replies, budget=budget, max_tokens=max_tokens)
            by_model = LlmDecomposer(calls, candidates=candidates)
        self._has_model = by_model is not None
        self._nodes = Nodes(
            catalog=catalog,
            retriever=retriever,
            beliefs=beliefs,
            artifacts=artifacts,
            offline=offline,
            model=by_model,
            recalled=recalled,
            max_repairs=max_repairs,
            search_seconds=search_seconds,
        )
        self._graph: Callable[[State], Awaitable[State]] | None = None

    async def plan(self, task: PlanningTask) -> Planned | NeedsAnswers:
        """A checked plan and its path, or what must be asked first.

        `usage` is what this planning paid for; replies of an earlier planning of the same run are
        not in it. Raises NoSuitableTool, PlanRejected, BudgetTooSmall, PlanningTooLong,
        DeadlineExceeded, ModelFailed or Invalid.
        """
        start = self._start(task)
        state = await self._in_time(start, task)
        questions = state.get("questions")
        if questions:
            return NeedsAnswers(questions, state["bill"].usage)
        return Planned(state["plan"], state["path"], state["bill"].usage)

    async def _in_time(self, start: State, task: PlanningTask) -> State:
        limit = self._seconds + (self._model_seconds if start["source"] == "llm" else 0.0)
        # A plan without a run has no clock running.
        whole = None if task.run_id is None else task.request.budget.seconds
        left = math.inf if whole is None else max(whole - task.used.seconds, 0.0)
        try:
            async with asyncio.timeout(min(limit, left)):
                return await self._through(start)
        except TimeoutError as error:
            raise too_long(limit, left) from error

    async def _through(self, start: State) -> State:
        if start["source"] == "given":
            return await self._nodes.in_line(start)  # nothing to mend, so no loop
        if self._graph is None:
            # Most of a second of imports, which a process that is only given plans never needs.
            module: Any = await asyncio.to_thread(importlib.import_module, "orchestrator.planning.graph")
            self._graph = module.planning_graph(self._nodes)
        assert self._graph is not None
        return await self._graph(start)

    def _start(self, task: PlanningTask) -> State:
        source = self._source(task.request)
        return {"task": task, "source": source, "repairs": 0, "bill": Bill(), "notes": ()}

    def _source(self, request: RunRequest) -> Source:
        if (request.plan is None) == (request.request is None):
            raise Invalid("give either `request` in words or a `plan`, and not both")
        if request.plan is not None:
            return "given"
        if request.planner == "llm" and not self._has_model:
            detail = (
                "no language model is configured: set TOOLPATH_LLM_BASE_URL and TOOLPATH_LLM_MODEL "
                "(and TOOLPATH_LLM_API_KEY where one is needed), or use planner 'offline'"
            )
            raise Invalid(detail, problems=[FieldProblem("/planner", detail)])
        return "offline" if request.planner == "offline" or not self._has_model else "llm"


def too_long(limit: float, left: float) -> OrchestratorError:
    """What to say of a planning that did not end within `limit` seconds, of which the run had `left`."""
    if left < limit:
        return DeadlineExceeded(
            "the run's time limit (budget.seconds) passed while a plan was being made: "
            f"{left:.3g} s were left for it; raise budget.seconds"
        )
    return PlanningTooLong(
        f"no plan was found within {limit:g} s; ask for less in one request, "
        "or raise TOOLPATH_PLANNING_SECONDS"
    )
