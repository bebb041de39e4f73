"""The tools of the service: submit and follow runs, answer what they ask, find tools."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import mcp_types as types
from pydantic import BaseModel

from orchestrator.api.mcp.asked import (
    AnswerQuestions,
    CancelRun,
    GetRun,
    ListQuestions,
    ListRuns,
    SearchTools,
    SubmitRun,
)
from orchestrator.api.mcp.told import hits_told, questions_told, run_told, runs_told
from orchestrator.bootstrap import Services
from orchestrator.domain.run import RunStatus
from orchestrator.domain.views import RunFilter, RunView
from orchestrator.registry.search import ToolFacets, search
from orchestrator.runs import stop
from orchestrator.runs.answer import answer
from orchestrator.runs.submit import submit

#: In these a run moves by itself.
_MOVING = frozenset({RunStatus.PLANNING, RunStatus.RUNNING})
#: Seconds between two looks at a run when no signal comes: a signal may be lost.
_PATIENCE = 5.0

#: Tells the caller how far a run is: a share from 0 to 1, and words.
Progress = Callable[[float, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Asker:
    """Who calls, and how it hears of progress."""

    parts: Services
    key_id: str | None
    progress: Progress


@dataclass(frozen=True, slots=True)
class ServiceTool:
    """One tool of the service: what it takes, what it does, and what it says of itself."""

    asked: type[BaseModel]
    act: Callable[[Asker, Any], Awaitable[dict[str, Any]]]
    description: str
    read_only: bool = False
    idempotent: bool = False
    destructive: bool = False

    def told(self, name: str) -> types.Tool:
        """As a listing has it."""
        return types.Tool(
            name=name,
            description=self.description,
            input_schema=self.asked.model_json_schema(by_alias=True),
            annotations=types.ToolAnnotations(
                read_only_hint=self.read_only,
                idempotent_hint=self.idempotent or self.read_only,
                destructive_hint=self.destructive,
                open_world_hint=not self.read_only,
            ),
        )


async def _submit(asker: Asker, asked: SubmitRun) -> dict[str, Any]:
    parts, body = asker.parts, asked.run()
    run = await submit(
        body.value(),
        store=parts.store,
        catalog=parts.catalog,
        artifacts=parts.artifacts,
        key=asked.idempotency_key,
        fingerprint=hashlib.sha256(body.model_dump_json().encode()).hexdigest(),
        key_id=asker.key_id,
    )
    return await _settled(asker, run.id, asked.wait)


async def _get(asker: Asker, asked: GetRun) -> dict[str, Any]:
    return await _settled(asker, asked.id, asked.wait)


async def _list(asker: Asker, asked: ListRuns) -> dict[str, Any]:
    wanted = RunFilter(tuple(asked.status), {}, None, None)
    found = await asker.parts.store.runs(wanted, limit=asked.limit, cursor=None)
    return runs_told(found.items)


async def _answer(asker: Asker, asked: AnswerQuestions) -> dict[str, Any]:
    given = [(one.id, one.value) for one in asked.answers]
    await answer(asked.id, given, store=asker.parts.store, doorbell=asker.parts.doorbell)
    return await _settled(asker, asked.id, asked.wait)


async def _cancel(asker: Asker, asked: CancelRun) -> dict[str, Any]:
    await stop.cancel(asked.id, store=asker.parts.store, doorbell=asker.parts.doorbell)
    return await _settled(asker, asked.id, 0.0)


async def _questions(asker: Asker, asked: ListQuestions) -> dict[str, Any]:
    return questions_told((await asker.parts.store.inbox(limit=asked.limit, cursor=None)).items)


async def _search(asker: Asker, asked: SearchTools) -> dict[str, Any]:
    hits = await search(asked.query, k=asked.k, facets=ToolFacets(), retriever=asker.parts.retriever)
    return hits_told(hits)


async def _settled(asker: Asker, run_id: str, wait: float) -> dict[str, Any]:
    """The run once it moves no more by itself, or when the time is over."""
    store, signals = asker.parts.store, asker.parts.signals
    until = time.monotonic() + wait
    view = await store.view(run_id)
    while view.run.status in _MOVING and (left := until - time.monotonic()) > 0:
        await asker.progress(*_share(view))
        await signals.wait(run_id, timeout=min(left, _PATIENCE))
        view = await store.view(run_id)
    return run_told(view, now=time.time())


def _share(view: RunView) -> tuple[float, str]:
    ended = sum(step.finished_at is not None for step in view.steps)
    total = len(view.steps)
    if not total:
        return 0.0, str(view.run.status)
    return ended / total, f"{ended} of {total} steps"


TOOLS: Mapping[str, ServiceTool] = {
    "submit_run": ServiceTool(
        SubmitRun,
        _submit,
        "Have a request in plain words planned and done by tools. Answers the run; with `wait` only once it "
        "has ended or asks something. What it asks is in `questions`; answer it with answer_questions.",
    ),
    "get_run": ServiceTool(
        GetRun,
        _get,
        "Where a run stands: its status, steps, open questions, and its result once there is one.",
        read_only=True,
    ),
    "list_runs": ServiceTool(ListRuns, _list, "The newest runs, one line each.", read_only=True),
    "answer_questions": ServiceTool(
        AnswerQuestions,
        _answer,
        "Answer open questions and approvals of a run, which then goes on. The value of an answer fits the "
        "`schema` of its question.",
    ),
    "cancel_run": ServiceTool(
        CancelRun, _cancel, "End a run now; calls in flight are stopped.", idempotent=True, destructive=True
    ),
    "list_questions": ServiceTool(
        ListQuestions, _questions, "Everything that waits for a person, over all runs.", read_only=True
    ),
    "search_tools": ServiceTool(
        SearchTools, _search, "Find the tools that fit some words, best first.", read_only=True
    ),
}
