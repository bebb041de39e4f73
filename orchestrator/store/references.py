"""Which artifacts rows refer to: by their ids, wherever these stand in the text of a row."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, Connection, Table, Text, or_, select, update

from orchestrator.store.tables import artifacts, metadata, runs, steps

ID = re.compile(r"art_[0-9a-f]{32}")
#: What holds no references of its own: the artifacts themselves, and what only tells of a run.
_SILENT = frozenset(
    {"artifacts", "events", "attempts", "replies", "beliefs", "counters", "tools", "feedback"}
)
#: Looked at last: what is copied is copied into runs and steps, so a copy made meanwhile is seen.
_LAST = (runs.name, steps.name)
_AT_ONCE = 1_000


def touch(connection: Connection, now: float, text: str) -> None:
    """Note that artifacts named in a text that is about to be stored are used again."""
    if "art_" not in text:
        return
    ids = set(ID.findall(text))
    if ids:
        used = update(artifacts).where(artifacts.c.id.in_(sorted(ids))).values(used_at=now)
        connection.execute(used)


def unreferenced(connection: Connection, candidates: Iterable[str], *, without: Any = None) -> set[str]:
    """Those of the artifacts that no row names; `without` is a query of runs that count as gone."""
    left = set(candidates)
    for table in sorted(metadata.sorted_tables, key=lambda table: table.name in _LAST):
        columns = [column for column in table.columns if isinstance(column.type, Text)]
        if table.name in _SILENT or not columns or not left:
            continue
        for row in connection.execute(_naming(table, columns, without)).yield_per(_AT_ONCE):
            for text in row:
                left.difference_update(ID.findall(text or ""))
    return left


def _naming(table: Table, columns: list[Column[Any]], without: Any) -> Any:
    query = select(*columns).where(or_(*(column.contains("art_", autoescape=True) for column in columns)))
    if without is not None and table.name == runs.name:
        query = query.where(runs.c.id.not_in(without))
    elif without is not None and "run_id" in table.columns:
        query = query.where(table.c.run_id.not_in(without))
    return query
