"""Rows of the truth as values of the domain: one function for each noun."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from orchestrator.domain.events import Event, EventType
from orchestrator.domain.path import Path
from orchestrator.domain.plan import Plan
from orchestrator.domain.question import Question, QuestionKind
from orchestrator.domain.run import Delivery, Job, Run, RunRequest, RunStatus, Spend
from orchestrator.domain.step import Attempt, Ending, Progress, ReusedFrom, Step, StepId, StepStatus, Verdict
from orchestrator.domain.undo import Undoing
from orchestrator.domain.views import StoredPlan
from orchestrator.errors import NotFound
from orchestrator.store.asking import KEPT
from orchestrator.store.codec import load, loads, usd
from orchestrator.store.tables import tools
from tools.spec import Tool


def run_of(row: Any) -> Run:
    """A row of `runs`."""
    return Run(
        id=row.id,
        request=load(RunRequest, row.request),
        status=RunStatus(row.status),
        created_at=row.created_at,
        updated_at=row.updated_at,
        spend=Spend(usd(row.spent_nano), usd(row.reserved_nano), row.seconds, row.tokens, row.gpu_seconds),
        plan_id=row.plan_id,
        path_version=row.path_version,
        job=None if row.job is None else Job(row.job),
        owner=row.owner,
        fence=row.fence,
        answers=loads(row.answers),
        error=loads(row.error),
        started_at=row.started_at,
        finished_at=row.finished_at,
        deadline_at=row.deadline_at,
        dead_job=row.dead_job,
        undoing=None if row.undoing is None else Undoing(row.undoing),
        last_event=row.last_event,
        key_id=row.key_id,
        webhook=None if row.webhook is None else load(Delivery, row.webhook),
    )


def step_of(row: Any) -> Step:
    """A row of `steps`."""
    return Step(
        id=StepId(row.run_id, row.idx),
        key=row.key,
        subtask=row.subtask,
        option=row.option,
        tool=row.tool,
        tool_version=row.tool_version,
        status=StepStatus(row.status),
        arguments=loads(row.arguments),
        needs=tuple(loads(row.needs)),
        children=tuple(loads(row.children)),
        path_version=row.path_version,
        part=row.part,
        queue=row.queue,
        fence=row.fence,
        tries=row.tries,
        revision=row.revision,
        owner=row.owner,
        run_at=row.run_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        output=loads(row.output),
        aliases=loads(row.aliases),
        verdict=None if row.verdict is None else load(Verdict, row.verdict),
        usd=usd(row.usd_nano),
        seconds=row.seconds,
        tokens=row.tokens,
        gpu_seconds=row.gpu_seconds,
        cause=loads(row.cause),
        error=loads(row.error),
        result_key=row.result_key,
        reused_from=None if row.reused_from is None else load(ReusedFrom, row.reused_from),
        progress=None if row.progress is None else load(Progress, row.progress),
    )


def attempt_of(row: Any) -> Attempt:
    """A row of `attempts`."""
    return Attempt(
        step=StepId(row.run_id, row.idx),
        number=row.number,
        ending=Ending(row.ending),
        started_at=row.started_at,
        finished_at=row.finished_at,
        worker=row.worker,
        revision=row.revision,
        usd=usd(row.usd_nano),
        tokens=row.tokens,
        gpu_seconds=row.gpu_seconds,
        error=loads(row.error),
    )


def event_of(row: Any) -> Event:
    """A row of `events`."""
    return Event(row.run_id, row.number, EventType(row.type), row.at, loads(row.data))


def plan_of(row: Any) -> StoredPlan:
    """A row of `plans`."""
    return StoredPlan(
        plan=load(Plan, row.plan),
        request=load(RunRequest, row.request),
        path=None if row.path is None else load(Path, row.path),
        created_at=row.created_at,
        parent=row.parent,
    )


def question_of(row: Any) -> Question:
    """A row of `questions`."""
    return Question(
        id=row.id,
        run_id=row.run_id,
        kind=QuestionKind(row.kind),
        text=row.text,
        schema=loads(row.schema),
        created_at=row.created_at,
        subtask=row.subtask,
        argument=row.argument,
        step_idx=row.step_idx,
        detail=_told(loads(row.detail)),
        expires_at=row.expires_at,
        answered_at=row.answered_at,
        answer=loads(row.answer),
    )


def _told(detail: Any) -> Any:
    """Without what belongs to a call that asked."""
    return {name: value for name, value in detail.items() if name != KEPT} if detail else detail


def pinned_tool(connection: Connection, name: str, version: int) -> Tool:
    """That very version, removed or not. Raises `NotFound`."""
    query = select(tools.c.record).where(tools.c.name == name, tools.c.version == version)
    text = connection.execute(query).scalar_one_or_none()
    if text is None:
        raise NotFound(f"there is no version {version} of tool {name!r}")
    return load(Tool, text)
