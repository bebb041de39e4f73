"""What calls ask of persons: the questions, and the answers for the call that is made again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, insert, select

from orchestrator.domain.events import EventType
from orchestrator.domain.question import REFUSALS, QuestionKind
from orchestrator.domain.step import Asked, Claim, Outcome, StepId
from orchestrator.store.codec import dumps, loads
from orchestrator.store.journal import Journal
from orchestrator.store.outputs import known_arguments
from orchestrator.store.tables import questions, runs
from tools.asking import Answers, Ask

#: Under this name a question's detail holds what belongs to the call, and is told to nobody.
KEPT = "kept"


def ask(journal: Journal, outcome: Outcome, asked: Asked) -> None:
    """Put the questions of a call that was recorded before a person."""
    claim = outcome.claim
    patience = _patience(journal, claim.id.run_id)
    seconds = patience.get("approval_timeout")
    told = {
        "tool": claim.tool,
        "arguments": known_arguments(
            journal.connection, claim.id.run_id, claim.previous, claim.arguments, leave=True
        ),
        "default": None if seconds is None else REFUSALS[-1],
    }
    for number, one in enumerate(asked.asks):
        id_ = _id_of(claim, number)
        text = f"{claim.subtask}: {claim.tool} asks: {one.text}"
        kept = {"round": claim.fence, "key": one.key, "call": asked.call, "state": asked.state}
        journal.connection.execute(
            insert(questions).values(
                run_id=claim.id.run_id,
                id=id_,
                kind=QuestionKind.TOOL_ASKS.value,
                text=text,
                schema=dumps(_schema_of(one)),
                subtask=claim.subtask,
                step_idx=claim.id.idx,
                detail=dumps(told | _mode_of(one) | {KEPT: kept}),
                created_at=journal.now,
                expires_at=None if seconds is None else journal.now + seconds,
            )
        )
        journal.event(claim.id.run_id, EventType.QUESTION_ASKED, {"question": id_, "text": text})


def first_question(claim: Claim) -> str:
    """The id of the first question that this attempt asks."""
    return _id_of(claim, 0)


def answers(connection: Any, step: StepId, call: str) -> tuple[Answers, ...]:
    """What was answered to earlier attempts at that very call, oldest first."""
    here = and_(
        questions.c.run_id == step.run_id,
        questions.c.step_idx == step.idx,
        questions.c.kind == QuestionKind.TOOL_ASKS.value,
        questions.c.answered_at.is_not(None),
    )
    query = select(questions.c.detail, questions.c.answer).where(here).order_by(questions.c.created_at)
    rounds: dict[int, dict[str, Any]] = {}
    states: dict[int, str | None] = {}
    for row in connection.execute(query):
        kept, given = loads(row.detail)[KEPT], loads(row.answer)
        if kept["call"] == call and given is not None and given not in REFUSALS:
            given = None if given == "accept" else given
            rounds.setdefault(kept["round"], {})[kept["key"]] = given
            states[kept["round"]] = kept["state"]
    return tuple(Answers(given, states[number]) for number, given in rounds.items())


def _id_of(claim: Claim, number: int) -> str:
    return f"ask_{claim.id.idx}_{claim.fence}" + (f"_{number + 1}" if number else "")


def _patience(journal: Journal, run_id: str) -> dict[str, Any]:
    request = journal.connection.execute(select(runs.c.request).where(runs.c.id == run_id)).scalar_one()
    patience: dict[str, Any] = loads(request).get("patience") or {}
    return patience


def _schema_of(one: Ask) -> dict[str, Any]:
    if one.schema is None:
        return {"enum": ["accept", *REFUSALS]}
    return {"anyOf": [dict(one.schema), {"enum": list(REFUSALS)}]}


def _mode_of(one: Ask) -> dict[str, Any]:
    return {"mode": "form"} if one.url is None else {"mode": "url", "url": one.url}
