"""The limits of a call that is not trusted, and the watch over those that no limit of the kernel holds."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from dataclasses import dataclass
from pathlib import Path

#: Seconds between two looks at a call that runs.
_PAUSE = 0.3
_ROUNDS = 50


@dataclass(frozen=True, slots=True)
class Confinement:
    """What one call may take, and which modules' own files it may read beside what is installed."""

    #: Bytes of address space of each of its processes.
    memory: int = 2**30
    #: Seconds of processor time of each of its processes.
    cpu_seconds: int = 60
    #: Seconds from start to end, where the tool itself does not allow less.
    seconds: float = 300.0
    #: Processes that it may have started and that live at once; 0 for none at all.
    processes: int = 0
    #: Bytes of all that it leaves in its folder, and so of one file.
    output_bytes: int = 2**28
    modules: tuple[str, ...] = ()

    async def breach(self, pid: int, scratch: Path) -> str:
        """Watches the call of process `pid`; returns once it has taken too much, in words."""
        while True:
            await asyncio.sleep(_PAUSE)
            found = await asyncio.to_thread(self._too_much, pid, scratch)
            if found is not None:
                return found

    def overfull(self, scratch: Path) -> str | None:
        """That there is more in the call's folder than may be, in words."""
        if _bytes_below(scratch) <= self.output_bytes:
            return None
        return f"it wrote more than {self.output_bytes:,} bytes into its folder"

    def _too_much(self, pid: int, scratch: Path) -> str | None:
        if len(descendants(pid)) > self.processes:
            return f"it had started more than {self.processes} processes at once"
        return self.overfull(scratch)


def kill_descendants(pid: int) -> None:
    """Kill what a process has started, in its group or not; orphans among it are its own again.

    It is stopped first, so that it starts nothing meanwhile.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGSTOP)
    for _ in range(_ROUNDS):  # what is killed may leave children of its own, which come next
        found = descendants(pid)
        if not found:
            return
        for one in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(one, signal.SIGKILL)


def descendants(pid: int) -> set[int]:
    """All that live below a process; none where the system does not tell."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
            if state not in "ZX":
                parents[int(path.parent.name)] = int(parent)
    found = {pid}
    while more := {one for one, parent in parents.items() if parent in found and one not in found}:
        found |= more
    return found - {pid}


def _bytes_below(folder: Path) -> int:
    """What the files below a folder take; what goes away meanwhile counts for nothing."""
    total = 0
    for parent, _, names in os.walk(folder, onerror=None):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(parent, name)).st_blocks * 512  # noqa: PTH118 - on a hot path
    return total
