"""What people say of outputs: kept for each key, told, and believed of the tool."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from orchestrator.domain.events import EventType
from orchestrator.domain.feedback import Feedback, Said
from orchestrator.domain.step import ReusedFrom, StepId, Verdict
from orchestrator.store import beliefs
from orchestrator.store.codec import dump, load
from orchestrator.store.journal import Journal
from orchestrator.store.tables import feedback, results, steps

#: Stands for the whole run where a step's number would.
_WHOLE = -1


def say(journal: Journal, run_id: str, step: StepId | None, said: Said, *, by: str | None) -> None:
    """Take down a judgement in place of that key's earlier one; the same one again changes nothing."""
    connection = journal.connection
    journal.run(run_id)
    journal.flush()  # what this transaction has done to the step is read below
    row = None if step is None else _step(connection, step)
    here = (feedback.c.run_id == run_id) & (feedback.c.idx == (_WHOLE if step is None else step.idx))
    known = connection.execute(select(feedback).where(here)).all()
    old = next((one for one in known if one.key_id == (by or "")), None)
    attempt = None if row is None else row.fence
    # Said of an earlier attempt, it was about another output: both count.
    again = old is not None and old.attempt == attempt
    if old is not None and again and (old.quality, old.comment) == (said.quality, said.comment):
        return
    values: dict[str, Any] = {"attempt": attempt, "quality": said.quality, "comment": said.comment}
    values |= {"at": journal.now, "judged": None, "seen": None}
    told: dict[str, Any] = {"quality": said.quality} | ({} if by is None else {"by": by})
    if row is not None:
        told |= {"step": row.key, "subtask": row.subtask, "tool": row.tool}
        values["judged"] = next((one.judged for one in known if one.attempt == attempt), row.verdict)
        key = (row.tool, row.tool_version, row.subtask_type)
        if old is not None and again:
            values["seen"] = old.seen
            beliefs.judge_again(connection, key, said.quality - old.quality, since=old.seen)
        else:
            values["seen"] = beliefs.judge(connection, key, said.quality)
        verdict = Verdict(said.quality, "person", said.comment)
        at = (steps.c.run_id == run_id) & (steps.c.idx == row.idx)
        connection.execute(update(steps).where(at).values(verdict=dump(Verdict, verdict)))
        if said.quality < row.step_gate:
            _forget(connection, row)
    if old is None:
        idx = _WHOLE if step is None else step.idx
        connection.execute(insert(feedback).values(run_id=run_id, idx=idx, key_id=by or "", **values))
    else:
        connection.execute(update(feedback).where(here, feedback.c.key_id == old.key_id).values(**values))
    journal.event(run_id, EventType.FEEDBACK_GIVEN, told)


def _step(connection: Connection, step: StepId) -> Any:
    here = (steps.c.run_id == step.run_id) & (steps.c.idx == step.idx)
    return connection.execute(select(steps).where(here)).one()


def _forget(connection: Connection, row: Any) -> None:
    """No other step takes a result that a person found too bad."""
    if row.result_key is None:
        return
    source = None if row.reused_from is None else load(ReusedFrom, row.reused_from)
    run_id, step = (row.run_id, row.key) if source is None else (source.run_id, source.step)
    kept = results.c.key == row.result_key.partition("@")[0]
    connection.execute(delete(results).where(kept, results.c.run_id == run_id, results.c.step == step))


def feedback_of(connection: Connection, run_id: str) -> tuple[Feedback, ...]:
    """All that was said of a run and its steps, oldest first."""
    query = select(feedback).where(feedback.c.run_id == run_id)
    rows = connection.execute(query.order_by(feedback.c.at, feedback.c.idx, feedback.c.key_id))
    return tuple(
        Feedback(
            run_id,
            Said(row.quality, row.comment),
            row.key_id or None,
            row.at,
            None if row.idx == _WHOLE else row.idx,
            row.attempt,
            None if row.judged is None else load(Verdict, row.judged),
        )
        for row in rows
    )
