"""Python functions that are registered as tools: one of them kills the worker that calls it."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any


async def kill_worker(deaths_file: str, deaths: int) -> dict[str, Any]:
    """Kill this very process, the first `deaths` times; the file counts them with one byte each."""
    with Path(deaths_file).open("ab") as file:
        if file.tell() >= deaths:
            return {"value": deaths}
        file.write(b"x")
    os.kill(os.getpid(), signal.SIGKILL)
    return {}
