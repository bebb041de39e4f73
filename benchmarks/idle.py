"""What the service takes when nothing happens: CPU of each process, and transactions of the database.

.venv/bin/python -m benchmarks.idle [--seconds 30]
"""

from __future__ import annotations

import argparse
import os
import time

from sqlalchemy import create_engine, text

from benchmarks.service import Installation, children, cpu_seconds, embedded, production, resident_mb

_TRANSACTIONS = "SELECT sum(xact_commit + xact_rollback) FROM pg_stat_database"


def measure(name: str, it: Installation, seconds: float) -> None:
    """Watch for so long; a line for each process."""
    time.sleep(15)  # starting is not idling
    pids = {who: program.process.pid for who, program in it.programs.items()}
    all_of = {who: [pid, *children(pid)] for who, pid in pids.items()}
    before = {who: sum(map(cpu_seconds, group)) for who, group in all_of.items()}
    transactions = _transactions(it)
    begun = time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - begun
    for who, group in all_of.items():
        share = (sum(map(cpu_seconds, group)) - before[who]) / took
        print(f"{name:11} {who:9} {share * 100:.2f} % of a core, {sum(map(resident_mb, group)):.0f} MB")
    if transactions is not None:
        rate = ((_transactions(it) or 0.0) - transactions) / took
        print(f"{name:11} database  {rate:.2f} transactions/s, {len(all_of)} processes", flush=True)


def _transactions(it: Installation) -> float | None:
    if it.database.startswith("sqlite"):
        return None
    engine = create_engine(it.database)
    with engine.connect() as connection:
        count = float(connection.execute(text(_TRANSACTIONS)).scalar_one())
    engine.dispose()
    return count


def main() -> None:
    """Both kinds of installation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with embedded() as it:
        measure("embedded", it, arguments.seconds)
    with production(workers=1) as it:
        measure("production", it, arguments.seconds)


if __name__ == "__main__":
    main()
