"""Programs as tools, with real programs."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools.adapter import CallContext
from tools.adapters.command import CommandLine
from tools.commands import Command, OutputFile
from tools.errors import BadArguments, BadOutput, ServerFault, TimedOut, TooLarge, ToolError, Unavailable
from tools.spec import ToolCall, ToolResult
from tools.testing import MemoryFiles
from tools.toolbox import wrapped

TEXT = {"text": {"type": "string"}}


@pytest.fixture
def files(tmp_path: Path) -> MemoryFiles:
    return MemoryFiles(tmp_path / "store")


@pytest.fixture
def call(tmp_path: Path, files: MemoryFiles) -> Callable[..., Any]:
    async def made(command: Command, *, timeout: float = 20, **arguments: Any) -> ToolResult:
        scratch = tmp_path / f"scratch-{time.monotonic_ns()}"
        scratch.mkdir()
        context = CallContext("key", files, scratch, timeout=timeout)
        adapter = wrapped(CommandLine({command.name: command}))
        return await adapter.call(ToolCall(command.tool(), arguments), context)

    return made


def shell(script: str, *args: str, **more: Any) -> Command:
    """What an operator may do with a shell of their own; values are its arguments, never its text."""
    return Command("probe", "sh", "Probe.", ("-c", script, "sh", *args), **more)


def is_running(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    return False


def until(met: Callable[[], bool]) -> bool:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if met():
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize("value", ["a b", "$(id)", "; rm -rf x", "`id`", "a'b\"c", "*", "line\nline", "ü"])
async def test_a_value_is_one_argument_whatever_is_in_it(call: Callable[..., Any], value: str) -> None:
    command = Command("show", "printf", "Show.", ("[%s]", "{text}"), TEXT)
    assert (await call(command, text=value)).output == {"text": f"[{value}]"}


async def test_a_list_repeats_its_argument_and_what_is_not_given_is_left_out(
    call: Callable[..., Any],
) -> None:
    parameters: dict[str, Any] = {
        "words": {"type": "array", "items": {"type": "string"}},
        "n": {"type": "integer", "optional": True},
    }
    command = Command("show", "printf", "Show.", ("[%s]", "-w{words}", "--n={n}"), parameters)
    assert (await call(command, words=["a", "b c"])).output == {"text": "[-wa][-wb c]"}
    assert (await call(command, words=[], n=-3)).output == {"text": "[--n=-3]"}


async def test_a_value_does_not_become_an_option(call: Callable[..., Any]) -> None:
    with pytest.raises(BadArguments, match="begins with a dash") as raised:
        await call(Command("show", "cat", "Show.", ("{text}",), TEXT), text="--version")
    assert raised.value.paths == ("/text",)
    dashes = Command("show", "printf", "Show.", ("--", "[%s]", "{text}"), TEXT)
    assert (await call(dashes, text="--version")).output == {"text": "[--version]"}
    with pytest.raises(BadArguments, match="zero byte"):
        await call(dashes, text="a\0b")


async def test_files_and_standard_input_go_in_and_files_come_out(
    call: Callable[..., Any], files: MemoryFiles
) -> None:
    given = {"document": {"type": "file", "media_types": ["text/*"]}, **TEXT}
    made = OutputFile("made.txt", "text/plain")
    command = shell('cat "$1" - > made.txt; echo x >> "$1"', "{document}", parameters=given, stdin="text",
                    files={"joined": made}, output="lines")  # fmt: skip
    artifact = files.put("first ", name="-a b.txt")
    output = (await call(command, document={"artifact": artifact}, text="second")).output
    assert output["lines"] == []
    joined = await files.load(output["joined"]["artifact"])
    assert joined.path.read_text() == "first second"
    assert (await files.load(artifact)).path.read_text() == "first "


async def test_what_it_prints_is_read_as_json_or_refused(call: Callable[..., Any]) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    command = Command("show", "printf", "Show.", ("%s", "{text}"), TEXT, output="json", output_schema=schema)
    assert (await call(command, text='{"n": 3}')).output == {"n": 3}
    for text in ("{", '{"n": "three"}'):
        with pytest.raises(BadOutput):
            await call(command, text=text)


async def test_nothing_of_the_services_environment_is_seen(
    call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLPATH_SECRET_KEY", "hush")
    output = (await call(Command("show", "env", "Show.", env={"GIVEN": "yes"}, output="lines"))).output
    names = {line.partition("=")[0] for line in output["lines"]}
    assert {"GIVEN", "PATH", "HOME"} <= names
    assert "hush" not in str(output)


@pytest.mark.parametrize(
    ("script", "error", "words"),
    [
        ("echo no such town >&2; exit 3", BadOutput, "exit code 3: no such town"),
        ("echo busy >&2; exit 75", ServerFault, "exit code 75: busy"),
        ("while :; do :; done", BadOutput, "more than 1 s of processor time"),
        ("exec head -c 3000000 /dev/zero > big", TooLarge, "a file of more than 1,000,000 bytes"),
        ("kill -SEGV $$", ServerFault, "ended by SIGSEGV"),
    ],
)
async def test_how_it_ended_is_said(
    call: Callable[..., Any], script: str, error: type[ToolError], words: str
) -> None:
    with pytest.raises(error, match=words):
        await call(shell(script, retry=(75,), cpu_seconds=1, file_bytes=1_000_000))


async def test_memory_is_bounded(call: Callable[..., Any]) -> None:
    eater = ("-c", "x = bytearray(600_000_000); print(len(x))")

    assert (await call(Command("eat", sys.executable, "Eat.", eater))).output == {"text": "600000000\n"}
    with pytest.raises(BadOutput, match="MemoryError"):
        await call(Command("eat", sys.executable, "Eat.", eater, memory=300_000_000))


async def test_time_out_cancellation_and_a_good_end_leave_no_child(
    call: Callable[..., Any], tmp_path: Path
) -> None:
    note = tmp_path / "note"
    leave = shell('sleep 60 & echo $! >> "$1"; sleep 60', "{text}", parameters=TEXT)
    with pytest.raises(TimedOut, match=r"longer than 0\.5 s"):
        await call(leave, text=str(note), timeout=0.5)
    task = asyncio.create_task(call(leave, text=str(note)))
    assert await asyncio.to_thread(until, lambda: note.read_text().count("\n") == 2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await call(shell('sleep 60 & echo $! >> "$1"', "{text}", parameters=TEXT), text=str(note))
    pids = [int(word) for word in note.read_text().split()]
    assert len(pids) == 3
    assert await asyncio.to_thread(until, lambda: not any(map(is_running, pids)))


async def test_only_what_is_declared_now_is_run(call: Callable[..., Any], tmp_path: Path) -> None:
    old, new = Command("show", "true", "Show."), Command("show", "false", "Show.")
    adapter = CommandLine({"show": new})
    assert adapter.missing(new.tool()) is None
    assert "has changed since" in (adapter.missing(old.tool()) or "")
    assert "no table [commands.show]" in (CommandLine({}).missing(new.tool()) or "")
    with pytest.raises(Unavailable, match=r"\[commands\.gone\] there is no program"):
        await call(Command("gone", "no-such-program", "Show."))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"args": ("{x}",)}, r"args\[0\]: there is no parameter 'x'"),
        ({"args": ("{text}{text}",), "parameters": TEXT}, r"args\[0\]: .* several parameters"),
        ({"args": ("{}",)}, r"args\[0\]: .* a parameter is written"),
        ({"parameters": TEXT}, "parameters.text: neither args nor stdin uses it"),
        ({"stdin": "text"}, "stdin: there is no parameter"),
        ({"args": ("{o}",), "parameters": {"o": {"type": "object"}}}, "parameters.o.type"),
        ({"stdin": "o", "parameters": {"o": {"type": "oddity"}}}, "parameters: no JSON Schema"),
        ({"files": {"a": OutputFile("../a", "text/plain")}}, r"files\.a\.path"),
        ({"output_schema": {}}, "output_schema: it is for output"),
    ],
)
def test_a_faulty_declaration_names_its_key(more: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Command("show", "true", "Show.", **more)
