"""A cluster under observation: waves of runs, each judged when it is over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from tests.chaos import record as records
from tests.chaos.cluster import Cluster, Process
from tests.chaos.invariants import violations
from tests.chaos.people import NotAccepted, People
from tests.chaos.watch import Watch, pid_of
from tests.chaos.workload import Case

ENDS_WITHIN = 120.0


@dataclass
class Result:
    """What became of one fault."""

    name: str
    promise: str
    faults: int = 0
    runs: int = 0
    violations: list[str] = field(default_factory=list)
    #: Figures worth telling, in words.
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    #: The longest that anything lay without an owner, in seconds.
    idle: float = 0.0
    left_out: str = ""
    #: Whether this is the short form.
    short: bool = False


class Wave:
    """Runs under way while the block does harm; leaving it waits for their ends and judges them."""

    def __init__(self, cluster: Cluster, cases: Iterable[Case], *, within: float = ENDS_WITHIN) -> None:
        self.cluster, self.cases, self._within = cluster, list(cases), within
        self.people = People(cluster)
        self.watch = Watch(cluster.connect, cluster.able)
        self.violations: list[str] = []
        self.runs: Sequence[records.RunRecord] = ()
        self._thread = threading.Thread(target=self._live, name="people", daemon=True)

    def __enter__(self) -> Self:
        self.watch.start()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._thread.join(self._within + 60)
        self.watch.stop()
        if kind is None:
            self._judge()

    def _live(self) -> None:
        try:
            self.people.submit(self.cases)
            self.people.attend(within=self._within)
        except NotAccepted as refused:
            self.violations.append(f"not accepted: {refused}")

    def _judge(self) -> None:
        accepted = self.people.accepted
        with self.cluster.connect() as connection:
            self.runs = records.read(connection, accepted, self.cluster.tools.calls, self.people.streams)
        found = {run.run["id"] for run in self.runs}
        record = records.Record(
            self.runs,
            missing=[run_id for run_id in accepted if run_id not in found],
            over_budget=self.watch.over_budget,
            unowned=self.watch.unowned,
        )
        self.violations += violations(record)

    # --- what a fault waits for ---------------------------------------------------------------

    def until(self, holds: Callable[[], Any], *, within: float = 30.0) -> bool:
        """Wait until it holds; False when it does not in time, or all runs have ended."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            if holds():
                return True
            if not self._thread.is_alive():
                return bool(holds())
            time.sleep(0.03)
        return False

    def at_work(self) -> bool:
        """Whether a call of this wave is under way."""
        names = tuple(f"{case.name}/" for case in self.cases)
        return any(call.mark.startswith(names) for call in self.cluster.tools.calls)

    def holders(self, subtask: str = "a") -> list[Process]:
        """The workers that have a step of that sub-task in hand."""
        with self.cluster.connect() as connection:
            rows = connection.execute(
                "SELECT DISTINCT owner FROM steps"
                " WHERE run_id = ANY(%s) AND subtask = %s AND status = 'running'",
                [list(self.people.accepted), subtask],
            ).fetchall()
        pids = {pid_of(row[0]) for row in rows}
        return [worker for worker in self.cluster.workers if worker.pid in pids]

    def hit(self, result: Result) -> None:
        """Count a fault; one that comes when all is over proves nothing."""
        result.faults += 1
        if not self.lasts():
            result.violations.append("the suite was too late: the runs had ended before the fault")

    def lasts(self) -> bool:
        """Whether runs are still under way."""
        return self._thread.is_alive()

    def lost(self) -> int:
        """Attempts whose worker vanished."""
        return sum(row["ending"] == "lost" for run in self.runs for row in run.attempts)

    def settle(self, result: Result) -> None:
        """Add what this wave showed to a result."""
        result.runs += len(self.people.accepted)
        result.violations += self.violations
        result.idle = max(result.idle, self.watch.longest)
