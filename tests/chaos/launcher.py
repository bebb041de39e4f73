"""A process of the service that can be made to die, lose its heartbeat, or see its clock jump.

It starts the ordinary `toolpath` command after wrapping a few names; everything that faults patch is here.
The environment variable `CHAOS_SPEC` holds a `Spec` as JSON.
"""

from __future__ import annotations

import dataclasses
import json
import mmap
import os
import signal
import struct
import sys
import time
from pathlib import Path
from typing import Any, Literal

When = Literal["before", "after"]
#: The moves of the transaction at hand, as the triggers of `moves.sql` noted them; none has written: none.
MOVES = "SELECT kind, came, went FROM chaos.moves WHERE txid = pg_current_xact_id_if_assigned()::text::bigint"


@dataclasses.dataclass(frozen=True)
class Spec:
    """Files by which the harness steers a process while it runs.

    `orders` holds `Orders` as JSON, `report` gets a line for each death, `mute` silences the heartbeat
    while it exists, `clock` holds the offset of `time.time` in seconds (eight bytes, little endian).
    """

    orders: str
    report: str
    mute: str
    clock: str


@dataclasses.dataclass(frozen=True)
class Orders:
    """When to die: at the commit that holds one of `points` (kind, from, to, when), after `skip` others.

    `ring` is another way: at a ring taken from the broker, before the runner hears of it.
    """

    points: tuple[tuple[str, str, str, When], ...] = ()
    skip: int = 0
    ring: bool = False

    @classmethod
    def read(cls, path: Path) -> Orders:
        """What the file says now; an absent or empty file asks for nothing."""
        try:
            given = json.loads(path.read_text() or "{}")
        except FileNotFoundError:
            return cls()
        return cls(
            tuple((kind, came, went, when) for kind, came, went, when in given.get("points", ())),
            given.get("skip", 0),
            given.get("ring", False),
        )


class Executioner:
    """Obeys the orders of one process; one death uses them up."""

    def __init__(self, spec: Spec) -> None:
        self._orders_file, self._report = Path(spec.orders), Path(spec.report)
        self._changed = 0
        self._orders = Orders()
        self._skipped = 0

    def orders(self) -> Orders:
        """The orders of this moment."""
        try:
            changed = self._orders_file.stat().st_mtime_ns
        except FileNotFoundError:
            return Orders()
        if changed != self._changed:
            self._changed, self._orders, self._skipped = changed, Orders.read(self._orders_file), 0
        return self._orders

    def condemned(self, orders: Orders, moves: set[tuple[str, str, str]], when: When) -> bool:
        """Whether the commit of these moves is the one to die at."""
        if not any(point[:3] in moves and point[3] == when for point in orders.points):
            return False
        self._skipped += 1
        return self._skipped > orders.skip

    def die(self, when: str, moves: set[tuple[str, str, str]]) -> None:
        """Say at what, then end as a power cut would."""
        self._orders_file.write_text("{}")
        line = json.dumps({"pid": os.getpid(), "when": when, "moves": sorted(moves), "at": time.time()})
        with self._report.open("a") as report:
            report.write(line + "\n")
        os.kill(os.getpid(), signal.SIGKILL)


def watch_commits(executioner: Executioner) -> None:
    """Wrap the one place through which every commit of the process goes."""
    from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

    commit = PGDialect_psycopg.do_commit

    def do_commit(self: Any, connection: Any) -> None:
        orders = executioner.orders()
        if not orders.points:
            commit(self, connection)
            return
        with connection.cursor() as cursor:
            moves = set(cursor.execute(MOVES).fetchall())
        if executioner.condemned(orders, moves, "before"):
            executioner.die("before", moves)
        commit(self, connection)
        if executioner.condemned(orders, moves, "after"):
            executioner.die("after", moves)

    PGDialect_psycopg.do_commit = do_commit  # type: ignore[method-assign]


def watch_rings(executioner: Executioner) -> None:
    """Die between the broker's pop and the claim."""
    from workers.lifecycle import RunnerThread

    wake = RunnerThread.wake

    def dying_wake(self: RunnerThread) -> None:
        if executioner.orders().ring:
            executioner.die("ring", set())
        wake(self)

    RunnerThread.wake = dying_wake  # type: ignore[method-assign]


def shift_clock(path: Path) -> None:
    """Add the offset in the file to `time.time`, read anew at each call."""
    with path.open("r+b") as file:
        shared = mmap.mmap(file.fileno(), 8)
    true = time.time

    def shifted() -> float:
        return true() + float(struct.unpack_from("<d", shared)[0])

    time.time = shifted


def mute_heartbeat(path: Path) -> None:
    """Let no heartbeat through while the file exists."""
    from orchestrator.store.sql_store import SqlStepStore

    heartbeat = SqlStepStore.heartbeat

    def muted(self: SqlStepStore, **asked: Any) -> Any:
        if path.exists():
            raise TimeoutError("the heartbeat is muted")
        return heartbeat(self, **asked)

    SqlStepStore.heartbeat = muted  # type: ignore[method-assign]


def main() -> None:
    """Prepare the faults, then be the ordinary command."""
    spec = Spec(**json.loads(os.environ["CHAOS_SPEC"]))
    shift_clock(Path(spec.clock))  # before anything keeps a name of its own for the clock
    executioner = Executioner(spec)
    watch_commits(executioner)
    if "worker" in sys.argv:
        watch_rings(executioner)
        mute_heartbeat(Path(spec.mute))
    from workers.cli import main as toolpath

    toolpath()


if __name__ == "__main__":
    main()
