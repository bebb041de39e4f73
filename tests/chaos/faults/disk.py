"""Disks without room: that of the files, and that of the database."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.chaos.cluster import Cluster, running
from tests.chaos.faults.catalogue import fault
from tests.chaos.people import People
from tests.chaos.stage import Result, Wave
from tests.chaos.workload import Act, Case, chain, fan

MEGABYTE = 1_000_000


@contextlib.contextmanager
def small_disk(megabytes: int) -> Iterator[Path | None]:
    """A file system of that size in memory (tmpfs); None where this process may not mount one."""
    folder = Path(tempfile.mkdtemp(prefix="toolpath-disk-"))
    folder.chmod(0o711)
    size = f"size={megabytes}m,mode=711"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], capture_output=True, check=False
    )
    try:
        yield folder if mounted.returncode == 0 else None
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)
        folder.rmdir()


def fill(folder: Path) -> Path:
    """Leave no byte free; the file to remove again."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(MEGABYTE)):
            pass
    with ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(512)):
            pass
    return ballast


@fault(
    "the disk of the files is full (a tmpfs), then there is room again",
    "a run that needs a file fails and says so, and a retry succeeds; others go on",
)
def files(_: Cluster, result: Result) -> None:
    with small_disk(48) as disk:
        if disk is None:
            result.left_out = "this process may not mount a small file system"
            return
        with running(workers=2, data=disk / "data") as cluster:
            People(cluster).register()
            ballast = fill(disk)
            writes = {"request": "Make a QR code for https://example.org/menu", "planner": "offline"}
            # The retry comes once there is room: removing the ballast is what the person does first.
            again = Act("failed", "retry", {}, before=lambda _: ballast.unlink(missing_ok=True))
            with Wave(cluster, [Case("full-files", writes, acts=[again]), chain("full-beside", 6)]) as wave:
                result.faults += 1
            wave.settle(result)
            _expect_told(wave, result)


def _expect_told(wave: Wave, result: Result) -> None:
    """The first try must have failed for want of room."""
    codes = {
        str(row["error"])
        for run in wave.runs
        if run.case.name == "full-files"
        for row in run.attempts
        if row["error"]
    }
    if not any("storage_full" in code or "No space left" in code for code in codes):
        result.violations.append(f"no attempt told of the full disk: {codes}")


@fault(
    "the database's disk is full for 12 s (a tmpfs)",
    "calls that end meanwhile are recorded once there is room, and none is made again",
)
def database(_: Cluster, result: Result) -> None:
    with small_disk(400) as disk:
        if disk is None:
            result.left_out = "this process may not mount a small file system"
            return
        with running(workers=2, database=disk) as cluster:
            People(cluster).register()
            cases = [chain(f"full-chain{n}", 8, ms=500) for n in range(2)] + [fan("full-fan", 8, ms=900)]
            with Wave(cluster, cases) as wave:
                wave.until(wave.at_work)
                ballast = fill(disk)
                result.faults += 1
                time.sleep(12)  # longer than a lease
                ballast.unlink()
                cluster.postgres.ensure_up()
            wave.settle(result)
            if wave.lost():
                result.violations.append(f"{wave.lost()} calls were taken from workers that lived")
            logs = [worker.log.read_text(errors="replace") for worker in cluster.workers]
            waited = sum(log.count("database.full") for log in logs)
            if not waited:
                result.violations.append("no outcome met the full disk")
            ended = cluster.postgres.ended
            result.notes.append(f"outcomes looked for room {waited} times; PostgreSQL ended {ended} times")
