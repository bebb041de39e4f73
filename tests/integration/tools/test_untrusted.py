"""Functions of modules that are not trusted, with real processes."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.registry.declared import offers
from tools.adapter import CallContext
from tools.confined import landlock
from tools.confined.limits import Confinement
from tools.errors import BadOutput, ServerFault, TimedOut, TooLarge, ToolError
from tools.functions.modules import MODULE
from tools.net import Net
from tools.processes import Processes
from tools.spec import Runs, Tool, Trust
from tools.testing import MemoryFiles
from tools.toolbox import Toolbox

NAME = "untrusted_tools"
HERE = Path(__file__).parent
LIMITS = Confinement(memory=600_000_000, cpu_seconds=2, output_bytes=3_000_000, modules=(NAME,))
confines = pytest.mark.skipif(landlock.version() < 6, reason="the kernel's Landlock is older than Linux 6.12")
WITH_PROGRAMS = replace(LIMITS, processes=4)
DESCRIBED: dict[str, Tool] = {}
Call = Callable[..., Any]


@pytest.fixture
async def call(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Call]:
    """Calls a function of the module under limits: these, or those that the test gives."""
    allowed = (MODULE, NAME)
    net, limits = Net(), getattr(request, "param", LIMITS)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(HERE))
        async with (
            Processes(size=1, modules=allowed) as processes,
            Processes(size=1, modules=allowed, confined=limits) as confined,
        ):
            tools = await _described(processes, confined)
            toolbox = Toolbox(
                net=net, processes=processes, modules=(NAME,), untrusted=(NAME,), confined=confined
            )

            files = MemoryFiles(tmp_path / "store")

            async def made(name: str, timeout: float = 20, **arguments: Any) -> Any:
                scratch = tmp_path / f"scratch-{time.monotonic_ns()}"
                if name != "think_in_threads":  # as if it ran on the loop, where no folder is made
                    scratch.mkdir()
                context = CallContext("key", files, scratch, timeout=timeout)
                for field, path in [(key, one) for key, one in arguments.items() if isinstance(one, Path)]:
                    arguments[field] = await files.save(path, media_type="text/plain", name=path.name)
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
        ("fill_with_many", {}, TooLarge, "wrote more than 3,000,000 bytes into its folder"),
    ],
)
async def test_what_takes_too_much_is_ended_and_told_of_and_the_next_call_is_served(
    call: Call, name: str, arguments: dict[str, Any], error: type[ToolError], words: str
) -> None:
    with pytest.raises(error, match=words):
        await call(name, **arguments)
    assert await call("eat", bytes_=1_000) == {"result": 1_000}


@pytest.mark.parametrize("call", [WITH_PROGRAMS], indirect=True)
async def test_all_that_a_call_has_started_ends_with_it(call: Call, tmp_path: Path) -> None:
    with pytest.raises(TimedOut):
        await call("leave_children", timeout=3, seconds=60)
    assert await call("leave_children", seconds=0) == {"result": "left"}
    killed = [int(word) for note in tmp_path.glob("*/note") for word in note.read_text().split()]
    assert len(killed) == 6
    assert [pid for pid in killed if is_running(pid)] == []


@pytest.mark.parametrize("call", [WITH_PROGRAMS], indirect=True)
async def test_more_processes_than_are_allowed_end_the_call(call: Call) -> None:
    with pytest.raises(TooLarge, match="started more than 4 processes"):
        await call("start_many")


async def test_no_call_keeps_anything_for_the_next_and_async_ones_run_there_too(
    call: Call,
) -> None:
    first, second = await call("remember"), await call("remember")
    assert (first["kept"], second["kept"]) == (1, 1)
    assert first["pid"] != second["pid"]
    assert {first["parent"], second["parent"]} == {os.getpid()}


@confines
async def test_it_reaches_no_file_no_network_no_process_and_no_program_of_others(
    call: Call, tmp_path: Path
) -> None:
    secret, new, at = tmp_path / "secret.key", tmp_path / "new", tmp_path / "socket"
    secret.write_text("hush")
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as local:
        local.bind(str(at))
        local.listen()
        ends = await call(
            "attempt_all",
            owner=os.getpid(),
            port=server.getsockname()[1],
            socket_at=str(at),
            secret=str(secret),
            module=str(HERE / "sample_tools.py"),
            new=str(new),
        )
    assert ends.pop("link") == "OSError"  # as if the folder were on another device
    assert ends.pop("raise a limit") == "ValueError"
    assert set(ends.values()) == {"PermissionError"}, ends
    assert not new.exists()
    assert secret.read_text() == "hush"


async def test_it_has_the_files_of_its_arguments_and_answers_those_of_its_folder_alone(
    call: Call, tmp_path: Path
) -> None:
    document = tmp_path / "in.txt"
    document.write_text("words")
    assert await call("count", document=document) == {"result": 5}
    with pytest.raises(BadOutput, match="did not write into its folder"):
        await call("hand_out", path=str(document))


async def test_it_may_start_threads_and_needs_no_folder_of_the_callers(call: Call) -> None:
    assert await call("think_in_threads") == {"result": 10}


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        '{"error": {"class": "os", "message": "", "attributes": {}}}',
        '{"result": {"$file": 3}}',
    ],
)
async def test_an_answer_that_it_forges_is_a_failure_of_the_tool_alone(call: Call, line: str) -> None:
    with pytest.raises(BadOutput, match="answered what is no answer"):
        await call("forge", line=line)


@confines
async def test_where_the_kernel_keeps_everything_from_it_nothing_is_told() -> None:
    async with Processes(size=1, confined=LIMITS) as confined:
        assert await confined.unconfined() == ()


async def _described(processes: Processes, confined: Processes) -> dict[str, Tool]:
    """The tools by name; they are the same for all tests."""
    if not DESCRIBED:
        (offer,) = await offers([NAME], processes, untrusted=(NAME,), confined=confined)
        assert offer.faults == ()
        DESCRIBED.update({tool.name: tool for tool in offer.tools})
    assert {(tool.trust, tool.runs) for tool in DESCRIBED.values()} == {(Trust.UNTRUSTED, Runs.PROCESS)}
    return DESCRIBED


def is_running(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
