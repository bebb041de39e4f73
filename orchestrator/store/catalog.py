"""Registered tools: old versions stay for the runs that pinned them, removal only hides."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from orchestrator.errors import Conflict, NotFound
from orchestrator.ports import CatalogEntry
from orchestrator.store.codec import dump, load
from orchestrator.store.database import Database
from orchestrator.store.journal import Journal
from orchestrator.store.limits import drop_record_limit, follow_records
from orchestrator.store.tables import counters, tools
from orchestrator.store.unit_of_work import pinned_tool
from tools.spec import Tool

_CATALOG = "catalog"


class SqlCatalog:
    """`ports.Catalog`; the newest versions are kept in memory until the change counter moves."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen = -1
        self._entries: dict[str, CatalogEntry] = {}
        self._active: tuple[Tool, ...] = ()
        self._pinned: dict[tuple[str, int], Tool] = {}
        #: The look at the database that is under way, and the one that follows it.
        self._looking: asyncio.Future[None] | None = None
        self._next: asyncio.Future[None] | None = None

    async def active(self) -> Sequence[Tool]:
        """The newest version of each tool that may be planned with."""
        await self._refresh()
        return self._active

    async def entries(self) -> Mapping[str, CatalogEntry]:
        """The newest version of each tool in sight."""
        await self._refresh()
        return self._entries

    async def entry(self, name: str) -> CatalogEntry:
        """The newest version. Raises `NotFound`."""
        await self._refresh()
        try:
            return self._entries[name]
        except KeyError:
            raise NotFound(f"there is no tool {name!r}") from None

    async def pinned(self, name: str, version: int) -> Tool:
        """That very version."""
        tool = self._pinned.get((name, version))
        if tool is None:
            tool = await self._database.read(lambda c: pinned_tool(c, name, version))
            self._pinned[(name, version)] = tool
        return tool

    async def add(self, tool: Tool, *, replace: bool = False, reason: str = "") -> CatalogEntry:
        """Register one tool."""
        reasons = {tool.name: reason} if reason else {}
        return (await self.add_all([tool], replace=replace, reasons=reasons))[0]

    async def add_all(
        self, new: Sequence[Tool], *, replace: bool = False, reasons: dict[str, str] | None = None
    ) -> list[CatalogEntry]:
        """Register tools in one commit; `reasons` names those that cannot run here and why."""

        def act(journal: Journal) -> list[CatalogEntry]:
            return _add(journal, new, replace=replace, reasons=reasons or {})

        return await self._database.act(act)

    async def remove(self, name: str) -> None:
        """Hide all versions of it."""

        def act(journal: Journal) -> None:
            hidden = journal.connection.execute(
                update(tools)
                .where(tools.c.name == name, tools.c.removed_at.is_(None))
                .values(removed_at=journal.now)
            )
            if not hidden.rowcount:
                raise NotFound(f"there is no tool {name!r}")
            _changed(journal.connection)
            drop_record_limit(journal, name)

        await self._database.act(act)

    async def _refresh(self) -> None:
        """Look whether anything has changed, by a look that begins after this was asked for.

        All who ask while one look is under way share the next one.
        """
        if self._next is None:
            self._next = asyncio.ensure_future(self._look_after(self._looking))
        await asyncio.shield(self._next)

    async def _look_after(self, before: asyncio.Future[None] | None) -> None:
        if before is not None and not before.done():
            await asyncio.wait([before])
        self._looking, self._next = self._next, None
        await self._look()

    async def _look(self) -> None:
        loaded = await self._database.read(lambda c: _load(c, self._seen))
        if loaded is not None:
            self._seen, entries = loaded
            # A record may change under its version in what decides no call: price, limits, ports.
            self._pinned.clear()
            self._entries = {entry.tool.name: entry for entry in entries}
            self._active = tuple(entry.tool for entry in entries if entry.status == "active")


def _load(connection: Connection, seen: int) -> tuple[int, list[CatalogEntry]] | None:
    """The change counter and all entries; None when nothing has changed."""
    query = select(counters.c.value).where(counters.c.name == _CATALOG)
    value = connection.execute(query).scalar_one_or_none() or 0
    if value == seen:
        return None
    newest = (
        select(tools.c.name, func.max(tools.c.version).label("version"))
        .where(tools.c.removed_at.is_(None))
        .group_by(tools.c.name)
        .subquery()
    )
    rows = connection.execute(
        select(tools)
        .join(newest, (tools.c.name == newest.c.name) & (tools.c.version == newest.c.version))
        .order_by(tools.c.name)
    )
    return value, [_entry(row) for row in rows]


def _entry(row: Any) -> CatalogEntry:
    return CatalogEntry(load(Tool, row.record), row.status, row.reason, row.created_at, row.updated_at)


def _add(
    journal: Journal, new: Sequence[Tool], *, replace: bool, reasons: dict[str, str]
) -> list[CatalogEntry]:
    # First of all, since it makes two processes that register the same tools take turns.
    _changed(journal.connection)
    names = [tool.name for tool in new]
    known = {}
    for row in journal.connection.execute(
        select(tools).where(tools.c.name.in_(names)).order_by(tools.c.version)
    ):
        known[row.name] = row
    entries = [_add_one(journal, tool, known.get(tool.name), replace, reasons) for tool in new]
    follow_records(journal, (entry.tool for entry in entries))
    return entries


def _add_one(
    journal: Journal, tool: Tool, old: Any, replacing: bool, reasons: dict[str, str]
) -> CatalogEntry:
    reason = reasons.get(tool.name, "")
    status = "unavailable" if reason else "active"
    visible = old is not None and old.removed_at is None
    if visible and not replacing:
        raise Conflict(
            f"there is a tool {tool.name!r} already; PUT /v1/tools/{tool.name} makes a new version"
        )
    if visible and old.hash == tool.hash:
        same = replace(tool, version=old.version)
        journal.connection.execute(
            update(tools)
            .where(tools.c.name == old.name, tools.c.version == old.version)
            .values(record=dump(Tool, same), status=status, reason=reason, updated_at=journal.now)
        )
        return CatalogEntry(same, status, reason, old.created_at, journal.now)
    numbered = replace(tool, version=1 if old is None else old.version + 1)
    journal.connection.execute(
        insert(tools).values(
            name=numbered.name,
            version=numbered.version,
            hash=numbered.hash,
            record=dump(Tool, numbered),
            status=status,
            reason=reason,
            created_at=journal.now,
            updated_at=journal.now,
        )
    )
    return CatalogEntry(numbered, status, reason, journal.now, journal.now)


def _changed(connection: Connection) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(counters).values(name=_CATALOG, value=1)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["name"], set_={"value": counters.c.value + statement.excluded.value}
        )
    )
