"""Registered tools: old versions stay for the runs that pinned them, removal only hides."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from orchestrator.domain.limits import tool_pool
from orchestrator.errors import Conflict, NotFound
from orchestrator.ports import CatalogEntry, ToolStatus
from orchestrator.store.codec import dump, load
from orchestrator.store.counting import CATALOG, tell_of_change
from orchestrator.store.database import Database
from orchestrator.store.journal import Journal
from orchestrator.store.limits import drop_record, follow_records
from orchestrator.store.rows import pinned_tool
from orchestrator.store.tables import counters, tools
from tools.spec import Tool


class SqlCatalog:
    """`ports.Catalog`; the newest versions are kept in memory, and those that changed read again."""

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

    async def quarantine(self, name: str, pending: Tool | None, *, reason: str) -> None:
        """Plan with it no more until `pending`, what its server has made of it, is approved."""
        written = None if pending is None else dump(Tool, pending)

        def act(journal: Journal) -> None:
            if _newest(journal.connection, name).status == "disabled":  # a person's word stands
                _set_newest(journal, name, pending=written)
            else:
                _set_newest(journal, name, status="quarantined", reason=reason, pending=written)

        await self._database.act(act)

    async def approve(self, name: str, hash: str) -> CatalogEntry:
        """Make the pending definition of that hash the newest version."""

        def act(journal: Journal) -> CatalogEntry:
            row = _newest(journal.connection, name)
            pending = None if row.pending is None else load(Tool, row.pending)
            if pending is None:
                raise Conflict(f"there is no changed definition of {name!r} to approve")
            if pending.hash != hash:
                raise Conflict(f"{name!r} has changed again since; look at what it would become now")
            _set_newest(journal, name, status="quarantined")  # a disabled one is wanted again
            return _add(journal, [pending], replace=True, reasons={})[0]

        return await self._database.act(act)

    async def disable(self, name: str, *, reason: str) -> CatalogEntry:
        """Keep it out of searches, plans and trials until `enable`; new versions stay out too."""

        def act(journal: Journal) -> CatalogEntry:
            _set_newest(journal, name, status="disabled", reason=reason)
            return _entry(_newest(journal.connection, name))

        return await self._database.act(act)

    async def enable(self, name: str, *, reason: str) -> CatalogEntry:
        """Take a disabled one up again; `reason` says why it cannot be called here, if so."""

        def act(journal: Journal) -> CatalogEntry:
            row = _newest(journal.connection, name)
            if row.status == "disabled":
                waits = "its server has changed its definition; look at the change, then approve it"
                status = "quarantined" if row.pending else "unavailable" if reason else "active"
                _set_newest(journal, name, status=status, reason=waits if row.pending else reason)
            return _entry(_newest(journal.connection, name))

        return await self._database.act(act)

    async def versions(self, name: str) -> list[tuple[Tool, float]]:
        """Its versions in sight, newest first, each with the time it was made. Raises `NotFound`."""
        query = (
            select(tools.c.record, tools.c.created_at)
            .where(tools.c.name == name, tools.c.removed_at.is_(None))
            .order_by(tools.c.version.desc())
        )
        rows = await self._database.read(lambda c: c.execute(query).all())
        if not rows:
            raise NotFound(f"there is no tool {name!r}")
        return [(load(Tool, row.record), row.created_at) for row in rows]

    async def remove(self, name: str) -> None:
        """Hide all versions of it."""

        def act(journal: Journal) -> None:
            number = tell_of_change(journal.connection)
            hidden = journal.connection.execute(
                update(tools)
                .where(tools.c.name == name, tools.c.removed_at.is_(None))
                .values(removed_at=journal.now, changed=number)
            )
            if not hidden.rowcount:
                raise NotFound(f"there is no tool {name!r}")
            drop_record(journal, tool_pool(name))

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
        if loaded is None:
            return
        self._seen, changed = loaded
        # A record may change under its version in what decides no call: price, limits, ports.
        for key in [key for key in self._pinned if key[0] in changed]:
            del self._pinned[key]
        merged: dict[str, CatalogEntry | None] = {**self._entries, **changed}
        self._entries = {name: entry for name in sorted(merged) if (entry := merged[name]) is not None}
        self._active = tuple(entry.tool for entry in self._entries.values() if entry.status == "active")


def _load(connection: Connection, seen: int) -> tuple[int, dict[str, CatalogEntry | None]] | None:
    """The number of the last change, and the tools changed since `seen`, None for those that went.

    None when nothing has changed.
    """
    query = select(counters.c.value).where(counters.c.name == CATALOG)
    value = connection.execute(query).scalar_one_or_none() or 0
    if value == seen:
        return None
    names = select(tools.c.name).where(tools.c.changed > seen).distinct()
    found: dict[str, CatalogEntry | None] = dict.fromkeys(connection.execute(names).scalars())
    newest = (
        select(tools.c.name, func.max(tools.c.version).label("version"))
        .where(tools.c.removed_at.is_(None), tools.c.name.in_(names))
        .group_by(tools.c.name)
        .subquery()
    )
    rows = connection.execute(
        select(tools).join(newest, (tools.c.name == newest.c.name) & (tools.c.version == newest.c.version))
    )
    return value, found | {row.name: _entry(row) for row in rows}


def _entry(row: Any) -> CatalogEntry:
    pending = None if row.pending is None else load(Tool, row.pending)
    return CatalogEntry(
        load(Tool, row.record), row.status, row.reason, row.created_at, row.updated_at, pending
    )


def _newest(connection: Connection, name: str) -> Any:
    """The row of the newest version in sight. Raises `NotFound`."""
    row = connection.execute(
        select(tools)
        .where(tools.c.name == name, tools.c.removed_at.is_(None))
        .order_by(tools.c.version.desc())
        .limit(1)
    ).first()
    if row is None:
        raise NotFound(f"there is no tool {name!r}")
    return row


def _set_newest(journal: Journal, name: str, **values: Any) -> None:
    number = tell_of_change(journal.connection)
    row = _newest(journal.connection, name)
    journal.connection.execute(
        update(tools)
        .where(tools.c.name == name, tools.c.version == row.version)
        .values(updated_at=journal.now, changed=number, **values)
    )


def _add(
    journal: Journal, new: Sequence[Tool], *, replace: bool, reasons: dict[str, str]
) -> list[CatalogEntry]:
    # First of all, since it makes two processes that register the same tools take turns.
    number = tell_of_change(journal.connection)
    names = [tool.name for tool in new]
    known = {}
    for row in journal.connection.execute(
        select(tools).where(tools.c.name.in_(names)).order_by(tools.c.version)
    ):
        known[row.name] = row
    adding = _Adding(journal, number, replace, reasons)
    entries = [adding.add(tool, known.get(tool.name)) for tool in new]
    adding.flush()
    follow_records(journal, (entry.tool for entry in entries))
    return entries


class _Adding:
    """Writes tools as the change of that number; new rows all at once, by `flush`."""

    def __init__(self, journal: Journal, number: int, replacing: bool, reasons: dict[str, str]) -> None:
        self._journal, self._number = journal, number
        self._replacing, self._reasons = replacing, reasons
        self._rows: list[dict[str, Any]] = []

    def add(self, tool: Tool, old: Any) -> CatalogEntry:
        """Beside `old`, its newest row so far. Raises `Conflict`."""
        now = self._journal.now
        reason = self._reasons.get(tool.name, "")
        status: ToolStatus = "unavailable" if reason else "active"
        visible = old is not None and old.removed_at is None
        if visible and not self._replacing:
            raise Conflict(
                f"there is a tool {tool.name!r} already; PUT /v1/tools/{tool.name} makes a new version"
            )
        if visible and old.status == "disabled":  # until a person enables it
            status, reason = "disabled", old.reason
        if visible and old.hash == tool.hash:
            same = self._write_same(tool, old, status, reason)
            return CatalogEntry(same, status, reason, old.created_at, now)
        numbered = replace(tool, version=1 if old is None else old.version + 1)
        self._rows.append(
            {
                "name": numbered.name,
                "version": numbered.version,
                "hash": numbered.hash,
                "record": dump(Tool, numbered),
                "status": status,
                "reason": reason,
                "created_at": now,
                "updated_at": now,
                "changed": self._number,
            }
        )
        return CatalogEntry(numbered, status, reason, now, now)

    def flush(self) -> None:
        """Insert the new rows."""
        if self._rows:
            self._journal.connection.execute(insert(tools), self._rows)

    def _write_same(self, tool: Tool, old: Any, status: ToolStatus, reason: str) -> Tool:
        """The same version, with what decides no call as it is now."""
        before = load(Tool, old.record)
        # What was seen counts until the record states another price.
        seen = before.most_seen if before.price == tool.price else Decimal(0)
        same = replace(tool, version=old.version, most_seen=seen)
        self._journal.connection.execute(
            update(tools)
            .where(tools.c.name == old.name, tools.c.version == old.version)
            .values(
                record=dump(Tool, same),
                status=status,
                reason=reason,
                pending=None,
                updated_at=self._journal.now,
                changed=self._number,
            )
        )
        return same
