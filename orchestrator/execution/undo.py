"""Undoing what a failed run has done: one call after the other, the newest effect first."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import structlog

from orchestrator.domain.events import EventType
from orchestrator.domain.question import Question, QuestionKind
from orchestrator.domain.retry import RetryPolicy
from orchestrator.domain.run import JobClaim
from orchestrator.domain.step import Claim, Step, StepId
from orchestrator.domain.undo import (
    Undo,
    Undoing,
    UndoStatus,
    effect_of,
    newest_first,
    undo_arguments,
    undoable,
)
from orchestrator.domain.views import RunView
from orchestrator.errors import NotFound, OrchestratorError
from orchestrator.execution.executor import Executor
from orchestrator.ports import Catalog, Store, Transaction
from tools.errors import ToolError, TryAgain
from tools.spec import Effect, Tool, ToolResult, Usage

log = structlog.get_logger(__name__)

#: An undo that every worker vanished over is put before a person.
DEATHS = 3
_TO_DO = (UndoStatus.PENDING, UndoStatus.RUNNING)
ANSWERS = ("retry", "done", "leave")


class Undoer:
    """Does the undoing of a run under its lease; each call has a key of its own and is written down before.

    The first undo that fails for good stops it: what is older may only be undone after what is newer,
    so a person is asked how to go on.
    """

    def __init__(self, *, store: Store, catalog: Catalog, executor: Executor, retry: RetryPolicy) -> None:
        self._store, self._catalog, self._executor, self._retry = store, catalog, executor, retry

    async def undo(self, claim: JobClaim) -> None:
        """Undo all that is left to undo."""
        view = await self._store.view(claim.run.id)
        new = await self._planned(view)
        if not await self._store.write(lambda tx: _add(tx, claim, new)):
            return
        todo = [undo for undo in (*view.undos, *new) if undo.status in _TO_DO]
        for undo in sorted(todo, key=lambda undo: undo.position):
            if not await self._ended(claim, undo, view.steps[undo.step.idx]):
                return
        await self._store.write(lambda tx: _finish(tx, claim))

    async def _ended(self, claim: JobClaim, undo: Undo, step: Step) -> bool:
        """Make one undo and write down what became of it; False when the next may not follow."""
        if undo.arguments is None:
            undo = await self._first(step, undo.tool, undo.position, known=True)
        ended = await self._one(claim, undo)
        if ended is None:
            return False
        written = await self._store.write(lambda tx: _end(tx, claim, ended, step), keep=True)
        return written and ended.status is UndoStatus.SUCCEEDED

    async def _planned(self, view: RunView) -> list[Undo]:
        """An undo for each effect that has none yet."""
        have = {(undo.step.idx, undo.revision) for undo in view.undos}
        steps = [step for step in view.steps if (step.id.idx, step.revision) not in have]
        new: list[Undo] = []
        for step in newest_first(steps):
            tool = await self._catalog.pinned(step.tool, step.tool_version)
            took_effect = effect_of(step)
            if undoable(tool) and took_effect is not False:
                place = len(view.undos) + len(new)
                new.append(await self._first(step, str(tool.undo), place, known=bool(took_effect)))
        return new

    async def _first(self, step: Step, name: str, place: int, *, known: bool) -> Undo:
        undo = Undo(step.id, step.revision, place, name, 0)
        if not known:
            message = f"the call of {step.tool!r} was cut off; look whether it has taken effect"
            return replace(undo, status=UndoStatus.UNKNOWN, error={"code": "cut_off", "message": message})
        try:
            tool = (await self._catalog.entry(name)).tool
            resolved = await self._executor.resolve(_as_claim(step))
        except (OrchestratorError, ToolError) as error:
            # Told when its turn comes: what is newer is undone first all the same.
            return replace(undo, error={"code": error.code, "message": str(error)})
        arguments = undo_arguments(tool, output=step.output or {}, arguments=resolved)
        return replace(undo, tool_version=tool.version, arguments=arguments)

    async def _one(self, claim: JobClaim, undo: Undo) -> Undo | None:
        """What became of it; None when the undoing was taken from us."""
        if undo.arguments is None:
            return replace(undo, status=UndoStatus.FAILED)
        try:
            tool = await self._catalog.pinned(undo.tool, undo.tool_version)
        except NotFound as error:
            return _failed(undo, error.code, str(error))
        cut_off = undo.status is UndoStatus.RUNNING
        if cut_off and tool.effect is Effect.ONCE:
            return _failed(undo, "cut_off", "the undo was cut off and may or may not have taken effect")
        if cut_off and undo.tries >= DEATHS:
            return _failed(undo, "poisoned", f"every one of {undo.tries} workers vanished while it was made")
        return await self._tried(claim, undo, tool)

    async def _tried(self, claim: JobClaim, undo: Undo, tool: Tool) -> Undo | None:
        tries = 0
        while True:
            tries += 1
            begun = replace(undo, status=UndoStatus.RUNNING, tries=undo.tries + tries, started_at=time.time())
            if not await self._store.write(partial(_begin, claim=claim, undo=begun)):
                return None
            try:
                result = await self._call(begun, tool)
            except ToolError as error:
                asked = error.retry_after if isinstance(error, TryAgain) else None
                pause = self._retry.pause(tries, asked=asked) if error.retryable else None
                if pause is None:
                    return _failed(begun, error.code, str(error), usage=error.usage)
                await asyncio.sleep(pause)
            else:
                output = dict(result.output)
                return replace(begun, status=UndoStatus.SUCCEEDED, output=output, usd=result.usage.usd)

    async def _call(self, undo: Undo, tool: Tool) -> ToolResult:
        key = f"{undo.step.run_id}:{undo.step.idx}:{undo.revision}:undo"
        return await self._executor.call(
            tool, undo.arguments or {}, run_id=undo.step.run_id, key=key, timeout=tool.limits.timeout
        )


def _as_claim(step: Step) -> Claim:
    """What resolving needs; not a first claim, so that outputs are read from the truth."""
    return Claim(
        id=step.id,
        fence=max(step.fence, 2),
        key=step.key,
        subtask=step.subtask,
        subtask_type="",
        tool=step.tool,
        tool_version=step.tool_version,
        arguments=step.arguments,
        previous=step.needs[0] if step.part and step.needs else None,
        children=(),
        revision=step.revision,
        tries=step.tries,
        timeout=0.0,
        step_gate=0.0,
    )


def _failed(undo: Undo, code: str, message: str, *, usage: Usage | None = None) -> Undo:
    error = {"code": code, "message": message}
    return replace(undo, status=UndoStatus.FAILED, error=error, usd=usage.usd if usage else undo.usd)


# --- what is written, each time under the lease ---------------------------------------------------


def _held(tx: Transaction, claim: JobClaim) -> bool:
    run = tx.run(claim.run.id)
    return run.fence == claim.fence and run.undoing is Undoing.RUNNING


def _add(tx: Transaction, claim: JobClaim, new: Sequence[Undo]) -> bool:
    if not _held(tx, claim):
        return False
    for undo in new:
        tx.put_undo(undo)
    return True


def _begin(tx: Transaction, *, claim: JobClaim, undo: Undo) -> bool:
    if not _held(tx, claim):
        return False
    tx.put_undo(replace(undo, started_at=tx.now))
    tx.event(claim.run.id, EventType.UNDO_STARTED, {**_told(undo), "try": undo.tries})
    return True


def _end(tx: Transaction, claim: JobClaim, undo: Undo, step: Step) -> bool:
    if not _held(tx, claim):
        return False
    tx.put_undo(replace(undo, finished_at=tx.now))
    tx.charge(claim.run.id, usd=undo.usd)
    if undo.status is UndoStatus.SUCCEEDED:
        tx.event(claim.run.id, EventType.UNDO_SUCCEEDED, _told(undo))
        return True
    tx.event(claim.run.id, EventType.UNDO_FAILED, {**_told(undo), "error": undo.error})
    tx.add_question(_question(undo, step, now=tx.now))
    tx.end_undoing(claim.run.id, Undoing.NEEDS_INPUT, _counted(tx, claim.run.id))
    return True


def _finish(tx: Transaction, claim: JobClaim) -> None:
    if _held(tx, claim):
        tx.end_undoing(claim.run.id, Undoing.DONE, _counted(tx, claim.run.id))


def _counted(tx: Transaction, run_id: str) -> dict[str, Any]:
    counts: dict[str, int] = {}
    for undo in tx.undos(run_id):
        counts[undo.status.value] = counts.get(undo.status.value, 0) + 1
    return {"steps": counts}


def _told(undo: Undo) -> dict[str, Any]:
    return {"undoes": undo.step.idx, "tool": undo.tool}


def question_id(step: StepId, revision: int) -> str:
    """The id of the question about a failed undo."""
    return f"undo_{step.idx}_{revision}"


def _question(undo: Undo, step: Step, *, now: float) -> Question:
    why = (undo.error or {}).get("message", "no reason is known")
    text = (
        f"Undoing {step.tool!r} (step {step.key}) with {undo.tool!r} failed: {why}. "
        'Try it again ("retry"), say that you have undone it by hand ("done"), or let it stand ("leave")? '
        "What is older is undone after that."
    )
    return Question(
        id=question_id(undo.step, undo.revision),
        run_id=undo.step.run_id,
        kind=QuestionKind.UNDO_FAILED,
        text=text,
        schema={"enum": list(ANSWERS)},
        created_at=now,
        subtask=step.subtask,
        step_idx=step.id.idx,
        detail={"tool": undo.tool, "arguments": undo.arguments},
    )


def answer_undos(tx: Transaction, run_id: str, answered: Mapping[str, Any]) -> bool:
    """Do as a person says with failed undos; False when none of the answers is about one."""
    spoken = {question_id(undo.step, undo.revision): undo for undo in tx.undos(run_id)}
    about = {id: undo for id, undo in spoken.items() if id in answered}
    for id, undo in about.items():
        tx.put_undo(_AS_SAID[answered[id]](undo))
    if about:
        tx.go_on_undoing(run_id)
    return bool(about)


_AS_SAID: Mapping[str, Callable[[Undo], Undo]] = {
    "retry": lambda undo: replace(undo, status=UndoStatus.PENDING, tries=0, error=None, finished_at=None),
    "done": lambda undo: replace(undo, status=UndoStatus.BY_HAND),
    "leave": lambda undo: replace(undo, status=UndoStatus.LEFT),
}
