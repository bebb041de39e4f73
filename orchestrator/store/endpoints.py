"""Registered model endpoints."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Sequence

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from orchestrator.domain.limits import Limit, endpoint_pool
from orchestrator.errors import Conflict, NotFound
from orchestrator.store.codec import dump, load
from orchestrator.store.database import Database
from orchestrator.store.journal import Journal
from orchestrator.store.limits import drop_record, follow_record, set_paused
from orchestrator.store.tables import endpoints
from tools.endpoints.record import Endpoint

#: Seconds after which a change made by another process is seen.
_FRESH = 1.0


class SqlEndpoints:
    """`tools.endpoints.router.Endpoints`: read for every call, so they are kept in memory for a second."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, Endpoint] = {}
        self._records: dict[str, str] = {}
        self._read_at: float | None = None
        self._reading = asyncio.Lock()

    async def find(self, name: str) -> Endpoint | None:
        """The endpoint as it was registered at most a second ago."""
        await self._refresh()
        return self._known.get(name)

    async def get(self, name: str) -> Endpoint:
        """Raises `NotFound`."""
        found = await self.find(name)
        if found is None:
            raise NotFound(f"there is no endpoint {name!r}")
        return found

    async def all(self) -> Sequence[Endpoint]:
        """By name."""
        await self._refresh()
        return list(self._known.values())

    async def add(self, endpoint: Endpoint, *, replace: bool = False) -> None:
        """Register it; its `max_concurrency` becomes a limit unless somebody set one by hand. A pause stays.

        Raises `Conflict` when the name is taken, with `replace` `NotFound` when it is not.
        """

        def act(journal: Journal) -> None:
            old = _old(journal, endpoint.name)
            if old is not None and not replace:
                where = f"PUT /v1/endpoints/{endpoint.name} changes it"
                raise Conflict(f"there is an endpoint {endpoint.name!r} already; {where}")
            if old is None and replace:
                raise NotFound(f"there is no endpoint {endpoint.name!r}")
            _keep(journal, dataclasses.replace(endpoint, paused=old is not None and old.paused))

        await self._database.act(act)
        self._read_at = None

    async def pause(self, name: str, *, paused: bool = True) -> None:
        """Let no new call go there, or let them go again. Raises `NotFound`."""

        def act(journal: Journal) -> None:
            old = _old(journal, name)
            if old is None:
                raise NotFound(f"there is no endpoint {name!r}")
            _keep(journal, dataclasses.replace(old, paused=paused))

        await self._database.act(act)
        self._read_at = None

    async def remove(self, name: str) -> None:
        """Tools that name it fail from now on. Raises `NotFound`."""

        def act(journal: Journal) -> None:
            if not journal.connection.execute(delete(endpoints).where(endpoints.c.name == name)).rowcount:
                raise NotFound(f"there is no endpoint {name!r}")
            drop_record(journal, endpoint_pool(name))

        await self._database.act(act)
        self._read_at = None

    async def _refresh(self) -> None:
        """Read them anew where it is time; all who ask meanwhile share one reading."""
        if self._is_fresh():
            return
        async with self._reading:
            if self._is_fresh():
                return
            begun = time.monotonic()
            rows = await self._database.read(_records)
            self._known = {
                # The same object as long as the record is the same, which tells of changes cheaply.
                name: self._known[name] if self._records.get(name) == record else load(Endpoint, record)
                for name, record in rows.items()
            }
            self._records, self._read_at = rows, begun

    def _is_fresh(self) -> bool:
        return self._read_at is not None and time.monotonic() - self._read_at < _FRESH


def _records(connection: Connection) -> dict[str, str]:
    query = select(endpoints.c.name, endpoints.c.record).order_by(endpoints.c.name)
    return {row.name: row.record for row in connection.execute(query)}


def _old(journal: Journal, name: str) -> Endpoint | None:
    query = select(endpoints.c.record).where(endpoints.c.name == name).with_for_update()
    record = journal.connection.execute(query).scalar_one_or_none()
    return None if record is None else load(Endpoint, record)


def _keep(journal: Journal, endpoint: Endpoint) -> None:
    """The record, and what it says to those who draw from it."""
    _write(journal, endpoint)
    most = endpoint.max_concurrency
    pool = endpoint_pool(endpoint.name)
    # Where others stand in, calls go to them; else they are not begun.
    held = endpoint.paused and not endpoint.fallbacks
    if not held:
        set_paused(journal, pool, paused=False)
    follow_record(journal, pool, None if most is None else Limit(pool, concurrency=most))
    if held:
        set_paused(journal, pool, paused=True)


def _write(journal: Journal, endpoint: Endpoint) -> None:
    dialect = postgresql if journal.connection.dialect.name == "postgresql" else sqlite
    changed = {"record": dump(Endpoint, endpoint), "updated_at": journal.now}
    statement = dialect.insert(endpoints).values(name=endpoint.name, created_at=journal.now, **changed)
    journal.connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=changed))
