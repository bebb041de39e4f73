"""Half an hour of steady work: memory, descriptors and connections of every process must not grow.

    .venv/bin/python -m benchmarks.soak [--minutes 30] [--rate 4]

PostgreSQL, Redis, one API process and two workers; runs of ten steps start at a steady rate, and some
are followed. A line a minute; the last lines compare the second quarter with the last one.
"""

from __future__ import annotations

import argparse
import os
import statistics
import threading
import time
from dataclasses import dataclass, field

from sqlalchemy import create_engine, text

from benchmarks.service import (
    Installation,
    children,
    descriptors,
    given_plan,
    production,
    register_waiting,
    resident_mb,
)

_CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'toolpath%'"


@dataclass
class Samples:
    """By process: megabytes and descriptors; and the database's connections."""

    memory: dict[str, list[float]] = field(default_factory=dict)
    files: dict[str, list[int]] = field(default_factory=dict)
    connections: list[int] = field(default_factory=list)

    def take(self, it: Installation) -> None:
        """One sample of everything."""
        for who, program in it.programs.items():
            pid = program.process.pid
            group = [pid, *children(pid)]
            self.memory.setdefault(who, []).append(sum(map(resident_mb, group)))
            self.files.setdefault(who, []).append(sum(map(descriptors, group)))
        engine = create_engine(it.database)
        with engine.connect() as connection:
            self.connections.append(int(connection.execute(text(_CONNECTIONS)).scalar_one()))
        engine.dispose()

    def newest(self) -> str:
        """The last sample in words."""
        each = (f"{who} {mb[-1]:.0f} MB/{self.files[who][-1]} fd" for who, mb in self.memory.items())
        return f"{' '.join(each)} db {self.connections[-1]}"


def work(it: Installation, rate: float, stop: threading.Event, done: list[str]) -> None:
    """Start runs at that rate, and read the events of every tenth to its end."""
    body = given_plan(10, 20)
    with it.client() as client:
        number = 0
        while not stop.wait(1 / rate):
            run_id = client.post("/v1/runs", body, status=202)["id"]
            done.append(run_id)
            number += 1
            if number % 10 == 0:
                next(event for event in client.events(run_id) if event["type"] == "run.ended")


def quarters(values: list[float]) -> tuple[float, float]:
    """Medians of the second quarter and of the last: the first is the warming up."""
    size = max(1, len(values) // 4)
    return statistics.median(values[size : 2 * size]), statistics.median(values[-size:])


def main() -> None:
    """Work for so long, and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=4.0)
    arguments = parser.parse_args()
    samples, stop, done = Samples(), threading.Event(), list[str]()
    with production(workers=2) as it:
        register_waiting(it)
        worker = threading.Thread(target=work, args=(it, arguments.rate, stop, done), daemon=True)
        worker.start()
        end = time.monotonic() + arguments.minutes * 60
        while time.monotonic() < end:
            time.sleep(15)
            samples.take(it)
            print(f"load {os.getloadavg()[0]:.1f} runs {len(done)} {samples.newest()}", flush=True)
        stop.set()
        worker.join(60)
        with it.client() as client:
            ended = [client.wait(run_id)["status"] for run_id in done[-200:]]
    good = ended.count("succeeded")
    print(f"{len(done)} runs started; of the last {len(ended)}, {good} succeeded")
    for who, values in samples.memory.items():
        early, late = quarters(values)
        early_fd, late_fd = quarters([float(value) for value in samples.files[who]])
        print(f"{who:9} {early:.1f} -> {late:.1f} MB, {early_fd:.0f} -> {late_fd:.0f} descriptors")
    early, late = quarters([float(value) for value in samples.connections])
    print(f"database  {early:.0f} -> {late:.0f} connections")
    if good < len(ended):
        raise SystemExit("not all runs succeeded: these figures tell nothing")


if __name__ == "__main__":
    main()
