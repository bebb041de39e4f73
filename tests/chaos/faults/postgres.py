"""PostgreSQL crashes and stalls under the runs."""

from __future__ import annotations

import time

from tests.chaos.cluster import Cluster
from tests.chaos.faults.catalogue import fault
from tests.chaos.stage import Result, Wave
from tests.chaos.workload import Case, chain, fan, layers, once, paid

STALL = 30.0


def _cases(name: str) -> list[Case]:
    return [
        chain(f"{name}-chain", 12, ms=450, followed=True),
        fan(f"{name}-fan", 8, ms=600),
        layers(f"{name}-layers", 4, 3, ms=300),
        once(f"{name}-once", ms=600),
        paid(f"{name}-paid", 4, budget="0.20"),
    ]


@fault(
    "PostgreSQL is restarted at once (a crash), twice",
    "every run ends; no commit is lost or made twice",
    short=True,
)
def restarted(cluster: Cluster, result: Result) -> None:
    with Wave(cluster, _cases("pg-restart")) as wave:
        for _ in range(2):
            wave.until(wave.at_work)
            time.sleep(0.6)
            cluster.postgres.restart()
            wave.hit(result)
    wave.settle(result)
    result.notes.append(f"{wave.lost()} attempts lost")


@fault(
    "PostgreSQL stands still for 30 s (SIGSTOP of all its processes)",
    "every run ends; late commits count once",
)
def stalled(cluster: Cluster, result: Result) -> None:
    with Wave(cluster, _cases("pg-stall")) as wave:
        wave.until(wave.at_work)
        with cluster.postgres.stalled():
            wave.hit(result)
            time.sleep(STALL)
    wave.settle(result)
    result.notes.append(f"{wave.lost()} attempts lost")
