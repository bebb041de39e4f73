"""Looks at the truth several times a second: is a budget passed, is anything left without an owner?"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg

#: Seconds that anything may lie without an owner while a worker lives and the database is up.
LIMIT = 15.0
EVERY = 0.25

_BUDGETS = """
SELECT id, spent_nano, reserved_nano, budget_nano FROM runs
WHERE budget_nano IS NOT NULL AND spent_nano + reserved_nano > budget_nano"""

#: What should be in somebody's hands now: due steps, claimed steps, due and claimed jobs.
_OPEN = """
SELECT s.run_id, s.idx, s.status, s.owner FROM steps s JOIN runs r ON r.id = s.run_id
WHERE r.status = 'running' AND r.error IS NULL AND (s.status = 'running'
   OR (s.status IN ('ready', 'waiting') AND s.run_at <= extract(epoch FROM clock_timestamp())))
UNION ALL
SELECT id, -1, job, owner FROM runs
WHERE job IS NOT NULL AND status <> 'paused' AND job_at <= extract(epoch FROM clock_timestamp())"""


@dataclass
class Watch:
    """Samples in a thread between `start` and `stop`; `able` answers the pids of workers that can work."""

    connect: Callable[[], psycopg.Connection[Any]]
    able: Callable[[], set[int]]
    over_budget: list[str] = field(default_factory=list)
    unowned: list[str] = field(default_factory=list)
    samples: int = 0
    #: The longest that anything lay without an owner, in seconds.
    longest: float = 0.0
    #: For each row that nobody has in hand: since when, and who had it last.
    _since: dict[tuple[str, int], tuple[float, str | None]] = field(default_factory=dict)
    _told: set[tuple[str, int]] = field(default_factory=set)
    _ending: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        assert self._thread is not None
        self._thread.join(60)

    def _run(self) -> None:
        connection: psycopg.Connection[Any] | None = None
        while not self._ending.wait(EVERY):
            began = time.monotonic()
            try:
                connection = connection or self.connect()
                over = connection.execute(_BUDGETS).fetchall()
                rows = connection.execute(_OPEN).fetchall()
            except psycopg.Error:
                connection = None
                self._since.clear()  # the database is away: time counts from its return
                continue
            if time.monotonic() - began > 2.0:
                self._since.clear()  # it was stalled meanwhile
            self.over_budget += [f"run {row[0]}: {row[1:3]} of a budget of {row[3]}" for row in over]
            self.look(rows, self.able(), time.monotonic())
            self.samples += 1
        if connection is not None:
            connection.close()

    def look(self, rows: list[tuple[str, int, str, str | None]], able: set[int], now: float) -> None:
        """Count for how long each row that nobody has in hand has been so; `able` are pids of workers."""
        idle = {
            (run_id, idx): (status, owner)
            for run_id, idx, status, owner in rows
            if owner is None or pid_of(owner) not in able
        }
        if not able:
            self._since.clear()  # nobody could take anything: time counts from a worker's return
            return
        self._since = {key: self._count(key, owner, now) for key, (_, owner) in idle.items()}
        for key, (since, _) in self._since.items():
            lay = now - since
            self.longest = max(self.longest, lay)
            if lay > LIMIT and key not in self._told:
                self._told.add(key)
                self.unowned.append(f"run {key[0]} step {key[1]} {idle[key]} had no owner for {lay:.1f} s")

    def _count(self, key: tuple[str, int], owner: str | None, now: float) -> tuple[float, str | None]:
        """Time runs on while it changes from a dead owner's hands to nobody's; a new owner starts it anew."""
        since, last = self._since.get(key, (now, owner))
        return (since, last) if owner in (None, last) else (now, owner)


def pid_of(owner: str) -> int:
    """The process id in a runner's name: host-pid-random."""
    return int(owner.rsplit("-", 2)[1])
