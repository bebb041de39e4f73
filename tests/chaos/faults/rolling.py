"""A rolling restart with runs in flight; old and new code side by side where the last release is at hand."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.chaos.cluster import ROOT, Cluster, running
from tests.chaos.faults.catalogue import fault
from tests.chaos.people import People
from tests.chaos.stage import Result, Wave
from tests.chaos.workload import Case, chain, fan, layers, once, paid

OLD = "v0.1.0"


def _cases(name: str) -> list[Case]:
    return [
        *(chain(f"{name}-chain{n}", 20, ms=700, followed=n == 0) for n in range(3)),
        layers(f"{name}-layers", 10, 3, ms=700),
        fan(f"{name}-fan", 12, ms=3_000),
        once(f"{name}-once", ms=2_000),
        paid(f"{name}-paid", 4, budget="0.20"),
    ]


@fault(
    "every process is restarted in turn (SIGTERM), runs in flight",
    "what is in hand ends or is handed back",
    short=True,
)
def same_code(cluster: Cluster, result: Result) -> None:
    with Wave(cluster, _cases("rolling")) as wave:
        wave.until(wave.at_work)
        for process in [*cluster.workers, cluster.api, cluster.beat]:
            process.signal(signal.SIGTERM)
            result.faults += 1
            wave.until(partial(process.born_anew, process.starts), within=40)
    wave.settle(result)
    result.notes.append(f"{wave.lost()} attempts lost")
    cluster.until_ready()


@fault(f"from {OLD} to this code, side by side on one database, runs in flight", "both do the same runs")
def old_and_new(_: Cluster, result: Result) -> None:
    with _checked_out() as old:
        if old is None:
            result.left_out = f"there is no tag {OLD} here"
            return
        with running(workers=2, code=old) as cluster:
            People(cluster).register(but=("chaos_kill_worker",))  # of this code alone
            with Wave(cluster, _cases("upgrade")) as wave:
                wave.until(wave.at_work)
                _upgrade(cluster, wave, result)
            wave.settle(result)
            result.notes.append(f"{wave.lost()} attempts lost")


def _upgrade(cluster: Cluster, wave: Wave, result: Result) -> None:
    """As an operator does it: migrate, add new workers, end the old ones, then API and beat."""
    before = [*cluster.workers]
    cluster.migrate()
    for n in range(2):
        cluster.add("worker", name=f"new{n}")
    cluster.until_ready()
    time.sleep(2)
    for process in before:
        process.kept = False
        process.signal(signal.SIGTERM)
        result.faults += 1
        wave.until(process.ended, within=30)
        cluster.remove(process)
    for role in ("api", "beat"):
        old = cluster.of(role)[0]
        old.kept = False
        old.signal(signal.SIGTERM)
        wave.until(old.ended, within=20)
        cluster.remove(old)
        cluster.add(role, name=f"new-{role}")
        result.faults += 1
    cluster.until_ready()
    owners = _owners(cluster)
    result.notes.append(f"steps done by {owners} workers of both versions")


def _owners(cluster: Cluster) -> int:
    with cluster.connect() as connection:
        row = connection.execute("SELECT count(DISTINCT worker) FROM attempts").fetchone()
    assert row is not None
    return int(row[0])


@contextlib.contextmanager
def _checked_out() -> Iterator[Path | None]:
    """The code of the last release in a folder of its own; None when the tag is not here."""
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="toolpath-old-"))
    try:
        packed = subprocess.run(["git", "archive", OLD], cwd=ROOT, capture_output=True, check=False)
        if packed.returncode != 0:
            yield None
            return
        subprocess.run(["tar", "-x", "-C", str(folder)], input=packed.stdout, check=True)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
