"""Limits as operators set and read them."""

from __future__ import annotations

from sqlalchemy import select

from orchestrator.domain.limits import Limit
from orchestrator.errors import NotFound
from orchestrator.store.database import Database
from orchestrator.store.journal import Journal
from orchestrator.store.limits import read_limits, remove_limit, set_limit
from orchestrator.store.tables import api_keys, tools


class SqlLimits:
    """Limits of tools, keys, endpoints and groups, by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[Limit]:
        """By name, those that tools' records state too."""
        clock = self._database.clock
        return await self._database.read(lambda c: read_limits(c, now=clock.now(c)))

    async def get(self, name: str) -> Limit:
        """Raises `NotFound`."""
        clock = self._database.clock
        found = await self._database.read(lambda c: read_limits(c, [name], now=clock.now(c)))
        if not found:
            raise NotFound(f"there is no limit {name!r}")
        return found[0]

    async def put(self, limit: Limit) -> Limit:
        """Set in place of what stood under the name. Raises `NotFound` for an unknown tool or key."""

        def act(journal: Journal) -> None:
            scope, _, rest = limit.name.partition(":")
            known = {
                "tool": select(tools.c.name).where(tools.c.name == rest, tools.c.removed_at.is_(None)),
                "key": select(api_keys.c.id).where(api_keys.c.id == rest),
            }
            if scope in known and journal.connection.execute(known[scope].limit(1)).first() is None:
                raise NotFound(f"there is no {scope} {rest!r}")
            set_limit(journal, limit)

        await self._database.act(act)
        return await self.get(limit.name)

    async def remove(self, name: str) -> None:
        """Take it away; a tool's own one serves again. Raises `NotFound`."""
        await self._database.act(lambda journal: remove_limit(journal, name))
