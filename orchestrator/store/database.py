"""One database: its writer, its readers, its clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from orchestrator.errors import OrchestratorError
from orchestrator.store import claiming, intake, leases, recording
from orchestrator.store.alarm import Alarm
from orchestrator.store.engine import DatabaseClock, is_sqlite, open_engine
from orchestrator.store.faults import is_away
from orchestrator.store.journal import Journal
from orchestrator.store.unit_of_work import SqlTransaction, run_acts
from orchestrator.store.writer import RECORD, Writer

T = TypeVar("T")

#: Reads at once in one process.
READERS = 4
#: Seconds that a read waits for a database that is away, such as one that is started again.
READ_PATIENCE = 20.0


class Database:
    """Owns the connections. `start` before use, `stop` after; `after_commit` hears of each commit."""

    def __init__(self, url: str, *, after_commit: Callable[[set[str], bool], None]) -> None:
        self.url = url
        self.engine = open_engine(url, pool=READERS + 4)
        # What a read sees is the same without BEGIN and COMMIT on PostgreSQL, and two round trips cheaper;
        # on SQLite they make all statements of a read see one state.
        reading = {} if is_sqlite(self.engine) else {"isolation_level": "AUTOCOMMIT"}
        self._reading = self.engine.execution_options(**reading)
        self.clock = DatabaseClock()
        self._stopping = False
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="toolpath-reader")
        self._alarm = Alarm(lambda: after_commit(set(), True))
        self.writer = Writer(
            self.engine,
            self.clock,
            handlers={
                RECORD: recording.record_outcomes,
                "accept": intake.accept_runs,
                "act": run_acts,
                "plain": _plain,
                "sweep": leases.sweep,
                "jobs": leases.claim_jobs,
                "claim": claiming.claim_steps,
            },
            after_commit=after_commit,
            ring_in=self._alarm.ring_in,
        )

    def start(self) -> None:
        """Begin to write."""
        self.writer.start()

    def stop(self) -> None:
        """Write what is handed in, then close everything."""
        self._stopping = True
        self.writer.stop()
        self._alarm.stop()
        self._readers.shutdown()
        self.engine.dispose()

    async def read(self, query: Callable[[Connection], T]) -> T:
        """`query` on a reader's connection and thread, in one read transaction."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, query)

    def _read(self, query: Callable[[Connection], T]) -> T:
        until = time.monotonic() + READ_PATIENCE
        pause = 0.05
        while True:
            try:
                with self._reading.begin() as connection:
                    return query(connection)
            except DBAPIError as fault:
                if self._stopping or not is_away(fault) or time.monotonic() > until:
                    raise
            time.sleep(pause)
            pause = min(pause * 2, 0.5)

    async def write(self, act: Callable[[SqlTransaction], T], *, keep: bool = False) -> T:
        """`act` in a durable transaction of the writer; with `keep` it waits for room."""
        result: T = await self.writer.submit("act", act, durable=True, keep=keep)
        return result

    async def act(self, act: Callable[[Journal], T], *, keep: bool = False) -> T:
        """`act` over the bare journal, for the store's own writes; with `keep` it waits for room."""
        result: T = await self.writer.submit("plain", act, keep=keep)
        return result


def _plain(journal: Journal, acts: Sequence[Callable[[Journal], Any]]) -> list[Any]:
    results: list[Any] = []
    for act in acts:
        with journal.connection.begin_nested() as savepoint:
            try:
                results.append(act(journal))
            except OrchestratorError as error:
                savepoint.rollback()
                results.append(error)
    return results
