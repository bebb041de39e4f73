"""Functions of modules that are not trusted, with real processes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.registry.declared import offers
from tools.adapter import CallContext
from tools.errors import ServerFault, TimedOut, TooLarge, ToolError
from tools.functions.modules import MODULE
from tools.net import Net
from tools.processes import Confinement, Processes
from tools.spec import Runs, Tool, Trust
from tools.testing import MemoryFiles
from tools.toolbox import Toolbox

NAME = "untrusted_tools"
LIMITS = Confinement(memory=600_000_000, cpu_seconds=2, file_bytes=3_000_000)


@pytest.fixture
async def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[..., Any]]:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    allowed = (MODULE, NAME)
    net = Net()
    async with (
        Processes(size=1, modules=allowed) as processes,
        Processes(size=1, modules=allowed, confined=LIMITS) as confined,
    ):
        (offer,) = await offers([NAME], processes, untrusted=(NAME,), confined=confined)
        assert offer.faults == ()
        tools: dict[str, Tool] = {tool.name: tool for tool in offer.tools}
        assert {(tool.trust, tool.runs) for tool in tools.values()} == {(Trust.UNTRUSTED, Runs.PROCESS)}
        toolbox = Toolbox(net=net, processes=processes, modules=(NAME,), untrusted=(NAME,), confined=confined)

        async def made(name: str, timeout: float = 20, **arguments: Any) -> Any:
            scratch = tmp_path / f"scratch-{time.monotonic_ns()}"
            scratch.mkdir()
            context = CallContext("key", MemoryFiles(tmp_path / "store"), scratch, timeout=timeout)
            assert toolbox.available(tools[name]) is None
            return (await toolbox.call(tools[name], arguments, context)).output

        yield made
        await toolbox.aclose()
    await net.aclose()
    assert NAME not in sys.modules


@pytest.mark.parametrize(
    ("name", "arguments", "error", "words"),
    [
        ("eat", {"bytes_": 900_000_000}, TooLarge, "ran out of memory"),
        ("spin", {}, ServerFault, "signal SIGXCPU"),
        ("fill", {}, ServerFault, "File too large"),
    ],
)
async def test_what_takes_too_much_is_ended_and_told_of_and_the_next_call_is_served(
    call: Callable[..., Any], name: str, arguments: dict[str, Any], error: type[ToolError], words: str
) -> None:
    with pytest.raises(error, match=words):
        await call(name, **arguments)
    assert await call("eat", bytes_=1_000) == {"result": 1_000}


async def test_all_that_a_call_has_started_ends_with_it(call: Callable[..., Any], tmp_path: Path) -> None:
    note = tmp_path / "note"
    with pytest.raises(TimedOut):
        await call("leave_children", timeout=3, note=str(note), seconds=60)
    killed = [int(word) for word in note.read_text().split()]
    assert await call("leave_children", note=str(note), seconds=0) == {"result": "left"}
    killed += [int(word) for word in note.read_text().split()]
    assert len(killed) == 6
    assert [pid for pid in killed if is_running(pid)] == []


async def test_no_call_keeps_anything_for_the_next_and_async_ones_run_there_too(
    call: Callable[..., Any],
) -> None:
    first, second = await call("remember"), await call("remember")
    assert (first["kept"], second["kept"]) == (1, 1)
    assert first["pid"] != second["pid"]
    assert {first["parent"], second["parent"]} == {os.getpid()}


def is_running(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
