"""Functions of somebody who is not trusted."""

import os
import subprocess
import sys
import time
from pathlib import Path

from toolpath import Work, tool

PARENT = os.getppid()
KEPT: list[int] = []


@tool
def eat(bytes_: int) -> int:
    """Take memory."""
    return len(bytearray(bytes_))


@tool
def spin() -> int:
    """Take time."""
    while True:
        pass


@tool
def fill(work: Work) -> str:
    """Take room."""
    with (work.scratch / "big").open("wb") as file:
        for _ in range(10):
            file.write(bytes(1_000_000))
    return "full"


@tool
def leave_children(note: str, seconds: float) -> str:
    """Leave children in the group, out of it, and orphaned."""
    sleep = ["sleep", "60"]
    orphan = (
        "import subprocess; print(subprocess.Popen(['sleep', '60'], stdout=-3, start_new_session=True).pid)"
    )
    pids = [subprocess.Popen(sleep).pid, subprocess.Popen(sleep, start_new_session=True).pid]
    pids.append(int(subprocess.check_output([sys.executable, "-c", orphan])))
    Path(note).write_text(" ".join(map(str, pids)))
    time.sleep(seconds)
    return "left"


@tool
async def remember() -> dict[str, int]:
    """Tell what is kept from call to call, and where this runs."""
    KEPT.append(1)
    return {"kept": len(KEPT), "pid": os.getpid(), "parent": PARENT}
