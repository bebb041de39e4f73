"""Calls that wait for a person's word: the gate that asks, and what becomes of the answer.

The step keeps the rule that holds for it until it is approved; an approved one is claimed like any
other, and its later tries are not asked about again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, insert, select, update

from orchestrator.domain.events import EventType
from orchestrator.domain.question import Expired, QuestionKind
from orchestrator.domain.run import RunStatus
from orchestrator.domain.step import StepStatus
from orchestrator.store.codec import dumps, loads, usd
from orchestrator.store.ends import ask_repair
from orchestrator.store.gates import Refuse, Wait
from orchestrator.store.journal import Journal, LockedRun
from orchestrator.store.outputs import known_arguments
from orchestrator.store.tables import questions, runs, steps

#: The JSON Schema of an answer: a word, or new arguments with which the call is approved.
ANSWERS: Mapping[str, Any] = {
    "anyOf": [
        {"enum": ["approve", "reject"]},
        {
            "type": "object",
            "properties": {"arguments": {"type": "object"}},
            "required": ["arguments"],
            "additionalProperties": False,
        },
    ]
}
#: Questions settled by one sweep.
_MOST = 200


class ApprovalGate:
    """Holds back a step whose approval is still wanted, and asks for it."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def decide(self, run: LockedRun, row: Any) -> Wait | Refuse | None:
        """Asks, once: a step that waits for a person is not due again before it is answered."""
        if row.approval is None:
            return None
        rule = loads(row.approval)
        id_ = f"approve_{row.idx}_{row.fence}"
        until = None if rule["timeout"] is None else self._journal.now + rule["timeout"]
        text = f"{row.subtask}: call {row.tool!r}? It needs your approval, since {rule['words']}."
        detail = {
            "tool": row.tool,
            "effect": rule["effect"],
            "arguments": known_arguments(
                self._journal.connection, run.id, row.previous, loads(row.arguments), leave=True
            ),
            "worst_usd": str(usd(row.worst_nano)),
            "rule": rule["words"],
            "default": rule["default"] if until is not None else None,
        }
        self._journal.connection.execute(
            insert(questions).values(
                run_id=run.id,
                id=id_,
                kind=QuestionKind.STEP_APPROVAL.value,
                text=text,
                schema=dumps(ANSWERS),
                subtask=row.subtask,
                step_idx=row.idx,
                detail=dumps(detail),
                created_at=self._journal.now,
                expires_at=until,
            )
        )
        self._journal.event(run.id, EventType.QUESTION_ASKED, {"question": id_, "text": text})
        return Wait({"reason": "person", "question": id_}, None)

    def take(self, run: LockedRun, row: Any) -> None:
        """Nothing is held."""


def settle(
    journal: Journal, run: LockedRun, idx: int, *, approved: bool, arguments: Mapping[str, Any] | None = None
) -> None:
    """Let the step go, with other arguments where some are given, or fail it and search for another path."""
    here = and_(steps.c.run_id == run.id, steps.c.idx == idx, steps.c.status == StepStatus.WAITING.value)
    row = journal.connection.execute(select(steps).where(here)).one_or_none()
    if row is None:  # cancelled or replaced since
        return
    told = {"step": row.key, "subtask": row.subtask, "tool": row.tool}
    values: dict[str, Any] = {"cause": None, "approval": None}
    if approved:
        values |= {"status": StepStatus.READY.value, "run_at": journal.now}
        if arguments is not None:
            values["arguments"] = dumps(arguments)
        journal.ring = True
    else:
        error = {"code": "not_approved", "message": f"The call of {row.tool!r} was not approved."}
        values |= {"status": StepStatus.FAILED.value, "error": dumps(error), "finished_at": journal.now}
        run.add("open_steps", -1)
        journal.event(run.id, EventType.STEP_FAILED, told | {"error": error})
        ask_repair(journal, run)
    journal.connection.execute(update(steps).where(here).values(**values))


def expired_questions(journal: Journal) -> tuple[Expired, ...]:
    """Open questions of runs that move whose time is over; a paused run has time."""
    moving = [RunStatus.RUNNING.value, RunStatus.NEEDS_INPUT.value]
    over = (
        select(questions.c.run_id, questions.c.id, questions.c.detail)
        .join_from(questions, runs, questions.c.run_id == runs.c.id)
        .where(
            questions.c.answered_at.is_(None),
            questions.c.expires_at < journal.now,
            runs.c.status.in_(moving),
        )
        .limit(_MOST)
    )
    return tuple(
        Expired(row.run_id, row.id, loads(row.detail)["default"]) for row in journal.connection.execute(over)
    )
