"""What a growing past costs: claims and pages with 1,000 to 1,000,000 finished runs in the database.

    .venv/bin/python -m benchmarks.growth [--runs 1000,10000,100000] [--databases sqlite,postgresql]

Finished runs of three steps each are copied in by SQL: one in fifty failed, half have the label team:a, one
in five hundred cost 5 USD or more and the others cents, and each has a label and words of its own. Then, at
each size, medians in milliseconds of: one run of ten steps that take no time (accepted, planned, claimed,
done), a sweep, the pages of runs by every filter, one run's page, the inbox and the dead letters. They must
stay flat; `words` that stand nowhere are looked for in every run, so that one cannot.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from decimal import Decimal
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, text

from benchmarks.engines.ours import asked
from benchmarks.shapes import Graph, chain
from orchestrator import bootstrap
from orchestrator.domain.dead_letter import DeadLetterFilter
from orchestrator.domain.ids import new_id
from orchestrator.domain.run import RunStatus
from orchestrator.domain.views import RunFilter
from orchestrator.settings import load
from orchestrator.store.cursors import cursor_of
from tests import servers
from tools.testing_functions import BY_NAME

REPEATS = 15
#: Runs of ten steps before the first figure: the first page is always made of them.
_NEWEST = 60
_AT_ONCE = 20_000


def columns(connection: Connection, table: str) -> list[str]:
    """Names of a table's columns."""
    return list(connection.execute(text(f"SELECT * FROM {table} LIMIT 0")).keys())


def _value(table: str, name: str, key: str) -> str:
    if name == key:
        return "'run_past' || n.i"
    if name in ("created_at", "updated_at", "started_at", "finished_at", "at"):
        return f"t.{name} - 60.0 * n.i"
    if name == "idempotency_key":
        return "NULL"
    if (table, name) == ("runs", "words"):
        return "'Request number ' || n.i || ' of many'"
    if (table, name) == ("runs", "status"):
        return "CASE WHEN n.i % 50 = 0 THEN 'failed' ELSE t.status END"
    if (table, name) == ("runs", "spent_nano"):
        return "(n.i % 100) * 1000000 + CASE WHEN n.i % 500 = 0 THEN 5000000000 ELSE 0 END"
    return f't."{name}"'


def copy(connection: Connection, model: str, first: int, count: int) -> None:
    """Copies of a finished run with its steps and events, numbered from `first`, older by a minute each."""
    number = (
        "WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last) "
        if connection.dialect.name == "sqlite"
        else "WITH n(i) AS (SELECT generate_series(CAST(:first AS INT), CAST(:last AS INT))) "
    )
    given = {"first": first, "last": first + count - 1}
    for table, key in (("runs", "id"), ("steps", "run_id"), ("attempts", "run_id"), ("events", "run_id")):
        names = columns(connection, table)
        values = [_value(table, name, key) for name in names]
        quoted = ", ".join(f'"{name}"' for name in names)
        chosen = f"SELECT {', '.join(values)} FROM n, {table} t WHERE t.{key} = :model"
        statement = f"INSERT INTO {table} ({quoted}) {number} {chosen}"
        connection.execute(text(statement), given | {"model": model})
    for label, value in (
        ("team", "CASE WHEN n.i % 2 = 0 THEN 'a' ELSE 'b' END"),
        ("case", "CAST(n.i AS TEXT)"),
    ):
        chosen = f"SELECT 'run_past' || n.i, '{label}', {value}, t.created_at - 60.0 * n.i FROM n, runs t"
        statement = (
            f"INSERT INTO run_labels (run_id, key, value, created_at) {number} {chosen} WHERE t.id = :model"
        )
        connection.execute(text(statement), given | {"model": model})


async def median(act: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds."""
    times = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        await act()
        times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1000


class Past:
    """A service in this process, whose past grows."""

    def __init__(self, services: bootstrap.Services) -> None:
        self._services = services
        self._count = 0

    async def run(self, length: int = 10) -> str:
        """One run, from its acceptance to its end."""
        services = self._services
        graph = Graph("chain", chain(length), dict.fromkeys(range(length), 0.0))
        run = await services.store.accept(new_id("run"), asked(graph, mode="auto"))
        services.doorbell.ring()
        while (await services.store.view(run.id)).run.finished_at is None:
            await services.signals.wait(run.id, timeout=0.05)
        return run.id

    async def grow(self, model: str, to: int) -> None:
        """Copy until so many finished runs are there."""
        engine = self._services.database.engine
        while self._count < to:
            count = min(_AT_ONCE, to - self._count)

            def act(count: int = count) -> None:
                connection = engine.connect().execution_options(writes=True)
                with connection, connection.begin():
                    copy(connection, model, self._count + 1, count)

            await asyncio.to_thread(act)
            self._count += count
        await asyncio.to_thread(self._analyze)

    def _analyze(self) -> None:
        with self._services.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as it:
            it.execute(text("ANALYZE"))

    async def figures(self) -> dict[str, float]:
        """Medians in milliseconds."""
        services, store = self._services, self._services.store
        run_id = await self.run()
        middle = self._count // 2
        first = await store.runs(RunFilter(), limit=50, cursor=None)
        deep = RunFilter(labels={"case": str(middle)})
        (deep_run,) = (await store.runs(deep, limit=50, cursor=None)).items
        past = cursor_of(deep_run.run.created_at, deep_run.run.id)
        filters = {
            "status": RunFilter(statuses=(RunStatus.RUNNING,)),
            "failed": RunFilter(statuses=(RunStatus.FAILED,)),
            "2 statuses": RunFilter(statuses=(RunStatus.SUCCEEDED, RunStatus.FAILED)),
            "common label": RunFilter(labels={"team": "a"}),
            "rare label": deep,
            "both labels": RunFilter(labels={"team": "a", "case": str(middle)}),
            "no such label": RunFilter(labels={"team": "c"}),
            "rare cost": RunFilter(usd_from=Decimal(5)),
            "common cost": RunFilter(usd_from=Decimal("0.01"), usd_until=Decimal("0.05")),
            "failed, rare cost": RunFilter(statuses=(RunStatus.FAILED,), usd_from=Decimal(5)),
            "ended lately": RunFilter(finished_since=first.items[-1].run.created_at),
            "ended long ago": RunFilter(finished_until=deep_run.run.finished_at),
            "since": RunFilter(since=first.items[-1].run.created_at),
            "words": RunFilter(q="of many"),
            "no such words": RunFilter(q="nowhere to be found"),
        }
        return {
            "run of 10 steps": await median(self.run),
            "sweep": await median(services.steps.sweep),
            "first page": await median(lambda: store.runs(RunFilter(), limit=50, cursor=None)),
            "next page": await median(lambda: store.runs(RunFilter(), limit=50, cursor=first.next_cursor)),
            "deep page": await median(lambda: store.runs(RunFilter(), limit=50, cursor=past)),
            **{
                name: await median(partial(store.runs, filter, limit=50, cursor=None))
                for name, filter in filters.items()
            },
            "one run": await median(lambda: store.view(run_id)),
            "inbox": await median(lambda: store.inbox(limit=50, cursor=None)),
            "dead letters": await median(
                lambda: store.dead_letters(DeadLetterFilter(), limit=50, cursor=None)
            ),
        }


async def measure(database_url: str | None, sizes: list[int]) -> None:
    """A line a size."""
    bootstrap.log_plainly(level="error")
    with tempfile.TemporaryDirectory() as folder:
        settings = load(
            data_dir=Path(folder),
            database_url=database_url,
            python_modules=("tools.testing_functions",),
        )
        services = bootstrap.build(settings, runs_steps=True)
        async with bootstrap.running(services):
            await services.catalog.add(BY_NAME["sleep_ms"], replace=True)
            past = Past(services)
            model = await past.run(3)
            for _ in range(_NEWEST):
                await past.run()
            for size in sizes:
                await past.grow(model, size)
                figures = await past.figures()
                told = "  ".join(f"{name} {value:.1f}" for name, value in figures.items())
                print(f"{services.database.engine.dialect.name:10} {size:>9,} runs  {told} ms", flush=True)


def main() -> None:
    """Both databases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", default="1000,10000,100000")
    parser.add_argument("--databases", default="sqlite,postgresql")
    arguments = parser.parse_args()
    sizes = [int(size) for size in arguments.runs.split(",")]
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with ExitStack() as stack:
        for name in arguments.databases.split(","):
            url = None
            if name == "postgresql":
                server = servers.start_postgres(durable=True)
                stack.callback(server.stop)
                url = server.url
            asyncio.run(measure(url, sizes))


if __name__ == "__main__":
    main()
