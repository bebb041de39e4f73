"""The workers behind their port."""

from __future__ import annotations

from orchestrator.domain.worker import Worker
from orchestrator.store.database import Database
from orchestrator.store.workers import alive, forget, keep


class SqlWorkers:
    """`ports.Workers`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def present(self, worker: Worker) -> None:
        """Say that it is alive; long silent ones are forgotten."""
        await self._database.act(lambda journal: keep(journal.connection, worker, now=journal.now))

    async def absent(self, owner: str) -> None:
        """Say that it stops."""
        await self._database.act(lambda journal: forget(journal.connection, owner))

    async def alive(self) -> list[Worker]:
        """Those heard of lately, by name."""
        return await self._database.read(lambda c: alive(c, self._database.clock.now(c)))
