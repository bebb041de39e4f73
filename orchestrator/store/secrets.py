"""Secrets of tools: sealed in the database, opened only for a call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from orchestrator.domain.secret import Secret
from orchestrator.errors import Conflict, NotFound
from orchestrator.store.database import Database
from orchestrator.store.journal import Journal
from orchestrator.store.sealing import Sealed
from orchestrator.store.tables import secrets


class SqlSecrets:
    """`ports.Secrets`, and what an operator does with them. Values are kept nowhere in memory."""

    def __init__(self, database: Database, keys: Sequence[str]) -> None:
        self._database = database
        self._sealed = Sealed(keys)

    async def values(self, names: Iterable[str]) -> Mapping[str, str]:
        """The values by name; those that are missing or cannot be opened are left out."""
        wanted = list(names)
        if not wanted:
            return {}
        query = select(secrets.c.name, secrets.c.sealed).where(secrets.c.name.in_(wanted))
        rows = await self._database.read(lambda c: c.execute(query).all())
        opened = {row.name: self._sealed.open(row.name, row.sealed) for row in rows}
        return {name: value for name, value in opened.items() if value is not None}

    async def all(self) -> list[Secret]:
        """Every secret, by name."""
        rows = await self._database.read(_rows)
        return [self._seen(row) for row in rows]

    async def get(self, name: str) -> Secret:
        """Raises `NotFound`."""
        row = await self._database.read(lambda c: _row(c, name))
        if row is None:
            raise _missing(name)
        return self._seen(row)

    async def put(self, name: str, value: str, *, replace: bool = True) -> bool:
        """Keep a value, in the place of the one that was; answers whether the name is new.

        Raises `Conflict` where there is one and `replace` is false.
        """
        sealed = self._sealed.seal(name, value)

        def act(journal: Journal) -> bool:
            values = {"sealed": sealed, "updated_at": journal.now}
            here = update(secrets).where(secrets.c.name == name)
            if _row(journal.connection, name) is None:
                row = {"name": name, "created_at": journal.now, **values}
                journal.connection.execute(insert(secrets).values(**row))
                return True
            if not replace:
                raise Conflict(f"there is a secret {name!r} already; PUT /v1/secrets/{name} replaces it")
            journal.connection.execute(here.values(**values))
            return False

        return await self._database.act(act)

    async def remove(self, name: str) -> None:
        """Forget it. Raises `NotFound`."""

        def act(journal: Journal) -> None:
            gone = delete(secrets).where(secrets.c.name == name)
            if not journal.connection.execute(gone).rowcount:
                raise _missing(name)

        await self._database.act(act)

    async def rotate(self) -> list[str]:
        """Seal everything anew under the newest key, in one commit; answers what no key opens."""

        def act(journal: Journal) -> list[str]:
            lost = []
            for row in _rows(journal.connection):
                value = self._sealed.open(row.name, row.sealed)
                if value is None:
                    lost.append(row.name)
                    continue
                here = update(secrets).where(secrets.c.name == row.name)
                journal.connection.execute(here.values(sealed=self._sealed.seal(row.name, value)))
            return lost

        return await self._database.act(act)

    def _seen(self, row: Any) -> Secret:
        readable = self._sealed.open(row.name, row.sealed) is not None
        return Secret(row.name, row.created_at, row.updated_at, readable)


def _rows(connection: Connection) -> Sequence[Any]:
    return connection.execute(select(secrets).order_by(secrets.c.name)).all()


def _row(connection: Connection, name: str) -> Any:
    return connection.execute(select(secrets).where(secrets.c.name == name)).one_or_none()


def _missing(name: str) -> NotFound:
    return NotFound(f"there is no secret {name!r}")
