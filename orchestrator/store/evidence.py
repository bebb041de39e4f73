"""What calls of a tool came to lately, from the steps themselves; bounded, however many runs there are."""

from __future__ import annotations

from sqlalchemy import Connection, select

from orchestrator.domain.belief import Evidence
from orchestrator.domain.step import StepStatus, Verdict
from orchestrator.store.codec import load, usd
from orchestrator.store.tables import runs, steps

#: How many of the newest runs are looked through: no index leads from a tool to its steps.
RUNS = 5_000
_TELLING = [StepStatus.SUCCEEDED.value, StepStatus.LOW_QUALITY.value, StepStatus.FAILED.value]


def recent(connection: Connection, tool: str, *, limit: int) -> list[Evidence]:
    """The ends of its steps in the newest runs, newest run first; results used again do not count."""
    # Asked first, and given as a value: PostgreSQL cannot guess how few rows a subquery leaves.
    oldest = connection.scalar(select(runs.c.id).order_by(runs.c.id.desc()).offset(RUNS - 1).limit(1))
    query = (
        select(steps)
        .where(
            steps.c.run_id >= (oldest or ""),
            steps.c.tool == tool,
            steps.c.status.in_(_TELLING),
            steps.c.finished_at.is_not(None),
            steps.c.reused_from.is_(None),
        )
        .order_by(steps.c.run_id.desc(), steps.c.idx.desc())
        .limit(limit)
    )
    found = []
    for row in connection.execute(query):
        verdict = None if row.verdict is None else load(Verdict, row.verdict)
        found.append(
            Evidence(
                run=row.run_id,
                step=row.key,
                subtask_type=row.subtask_type,
                version=row.tool_version,
                at=row.finished_at,
                status=StepStatus(row.status),
                usd=usd(row.usd_nano),
                seconds=row.seconds,
                quality=None if verdict is None else verdict.quality,
                judge=None if verdict is None else verdict.source,
            )
        )
    return found
