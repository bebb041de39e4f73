"""What is left of a wave of runs: the rows, the tools' log, the streams; read once, judged afterwards."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.chaos.toolserver import Call
from tests.chaos.workload import Case

Row = Mapping[str, Any]


@dataclass(frozen=True)
class RunRecord:
    """All of one run."""

    case: Case
    run: Row
    steps: Sequence[Row]
    attempts: Sequence[Row]
    events: Sequence[Row]
    questions: Sequence[Row]
    #: (kind, came, went, idx) in the order of their commits.
    moves: Sequence[tuple[str, str, str, int | None]]
    #: Calls that HTTP tools logged, by mark.
    calls: Mapping[str, Sequence[Call]]
    #: Ids of the events that a follower got, in their order; None where nobody followed.
    stream: Sequence[int] | None = None

    def attempts_of(self, idx: int) -> list[Row]:
        return [attempt for attempt in self.attempts if attempt["idx"] == idx]

    @property
    def reopened(self) -> int:
        """How often a person had it done again."""
        return sum(event["type"] == "run.reopened" for event in self.events)


@dataclass(frozen=True)
class Record:
    """A wave: its runs, and what was seen while they ran."""

    runs: Sequence[RunRecord]
    #: Accepted runs of which no row was found.
    missing: Sequence[str] = ()
    #: Samples in which a run had spent and reserved more than its budget.
    over_budget: Sequence[str] = ()
    #: What nobody owned for too long.
    unowned: Sequence[str] = ()
    #: Calls whose mark belongs to no run of any wave.
    strays: Sequence[str] = field(default=())


def read(
    connection: psycopg.Connection[Any],
    accepted: Mapping[str, Case],
    calls: Sequence[Call],
    streams: Mapping[str, Sequence[int]],
) -> list[RunRecord]:
    """The records of the accepted runs (id → case) that the database holds."""
    ids = list(accepted)
    rows = {
        name: _rows(connection, f"SELECT * FROM {name} WHERE run_id = ANY(%s) ORDER BY {order}", ids)
        for name, order in (
            ("steps", "idx"),
            ("attempts", "idx, number"),
            ("events", "number"),
            ("questions", "created_at"),
            ("chaos.moves", "id"),
        )
    }
    by_mark: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        by_mark[call.mark].append(call)
    found = []
    for run in _rows(connection, "SELECT *, id AS run_id FROM runs WHERE id = ANY(%s)", ids)["*"]:
        case = accepted[run["id"]]
        mine = {name: table.get(run["id"], []) for name, table in rows.items()}
        found.append(
            RunRecord(
                case,
                run,
                mine["steps"],
                mine["attempts"],
                mine["events"],
                mine["questions"],
                [(m["kind"], m["came"], m["went"], m["idx"]) for m in mine["chaos.moves"]],
                {mark: made for mark, made in by_mark.items() if mark.startswith(f"{case.name}/")},
                streams.get(run["id"]),
            )
        )
    return found


def decoded(text: str | None) -> Any:
    """JSON as the tables keep it."""
    return None if text is None else json.loads(text)


def _rows(connection: psycopg.Connection[Any], query: str, ids: list[str]) -> dict[str, list[Row]]:
    """Rows by run id, and all of them under "*"."""
    grouped: dict[str, list[Row]] = defaultdict(list)
    with connection.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(query.encode(), [ids]):
            grouped[row["run_id"]].append(row)
            grouped["*"].append(row)
    return grouped
