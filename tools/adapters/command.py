"""Runs programs that the operator's configuration names: without a shell, in a process group of their own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools import limited
from tools.adapter import CallContext
from tools.commands import Command
from tools.errors import BadOutput, ServerFault, TooLarge, ToolError, Unavailable
from tools.files import with_files, with_references
from tools.json_values import MAX_INLINE
from tools.schemas import schemas_of
from tools.spec import File, Tool, ToolCall, ToolResult

_LAST_WORDS = 300
_UNSAFE = re.compile(r"[^\w.-]")


class CommandLine:
    """Calls the programs of `commands`, by name; no record of a tool can name another one."""

    def __init__(self, commands: Mapping[str, Command]) -> None:
        self._commands = commands

    def missing(self, tool: Tool) -> str | None:
        """Why the tool's program cannot be run; None when it can."""
        try:
            self._start_of(self._command(tool))
        except Unavailable as error:
            return str(error)
        return None

    async def call(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Raises `ToolError`. When it is cancelled, the program and what it started are killed first."""
        command = self._command(call.tool)
        start = self._start_of(command)
        given = await with_files(schemas_of(call.tool).input, call.arguments, context.files)
        given = await asyncio.to_thread(_with_copies, given, context.scratch / "inputs")
        folder = context.scratch / "work"
        folder.mkdir()
        line = [*start, *command.arguments(given)]
        code = await _run(line, command, given, context.scratch)
        printed = await asyncio.to_thread(_judged, command, code, context.scratch)
        try:
            output = command.outputs(printed, folder)
        except FileNotFoundError as error:
            raise BadOutput(f"{command.name} left no file {error.args[0]}") from None
        except (ValueError, RecursionError):
            raise BadOutput(f"{command.name} did not print JSON") from None
        return ToolResult(await with_references(output, context.files, scratch=context.scratch))

    def _command(self, tool: Tool) -> Command:
        name = str(tool.binding.get("command"))
        command = self._commands.get(name)
        if command is None:
            raise Unavailable(f"toolpath.toml has no table [commands.{name}]")
        if command.definition != tool.binding.get("definition"):
            raise Unavailable(f"[commands.{name}] has changed since this was planned: plan again")
        return command

    def _start_of(self, command: Command) -> list[str]:
        program = command.where()
        if program is None:
            raise Unavailable(
                f"[commands.{command.name}] there is no program {command.program!r}: install it"
            )
        limits = {
            "RLIMIT_CORE": 0,
            "RLIMIT_AS": command.memory,
            "RLIMIT_CPU": command.cpu_seconds,
            "RLIMIT_FSIZE": command.file_bytes,
        }
        return [sys.executable, "-I", "-S", str(limited.__file__), json.dumps(limits), program]


async def _run(line: list[str], command: Command, given: Mapping[str, Any], scratch: Path) -> int:
    """The exit code, or the negative number of the signal that ended it. What it prints goes to files."""
    environment = {
        "PATH": os.pathsep.join(os.get_exec_path()),
        "LANG": "C.UTF-8",
        "HOME": str(scratch / "work"),
        "TMPDIR": str(scratch / "work"),
        **command.env,
    }
    entered = None if command.stdin is None else given.get(command.stdin)
    source = _entered(entered, scratch / "stdin")
    with source.open("rb") as stdin, _made(scratch / "stdout") as stdout, _made(scratch / "stderr") as stderr:
        process = await asyncio.create_subprocess_exec(
            *line,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env=environment,
            cwd=scratch / "work",
            start_new_session=True,
        )
        try:
            return await process.wait()
        finally:
            # Also after a good end: what it left running in its group goes with it.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


def _made(path: Path) -> Any:
    return path.open("xb")


def _entered(value: Any, path: Path) -> Path:
    """The file that standard input is read from."""
    if isinstance(value, File):
        return value.path
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value)
    path.write_text(text)
    return path


def _with_copies(given: Any, folder: Path) -> Any:
    """The arguments with a copy for each file, under its own name: a program may write to what it reads."""
    if isinstance(given, File):
        folder.mkdir(exist_ok=True)
        place = folder / str(len(list(folder.iterdir())))
        place.mkdir()
        copy = place / (_UNSAFE.sub("_", given.name)[-100:] or "file")
        shutil.copyfile(given.path, copy)
        return File(copy, given.media_type, given.name)
    if isinstance(given, Mapping):
        return {key: _with_copies(item, folder) for key, item in given.items()}
    return [_with_copies(item, folder) for item in given] if isinstance(given, list) else given


def _judged(command: Command, code: int, scratch: Path) -> bytes:
    """What it printed, after a good end. Raises `ToolError` that says how it ended otherwise."""
    if code not in command.success:
        raise _failure(command, code, scratch)
    printed = scratch / "stdout"
    if printed.stat().st_size > MAX_INLINE:
        raise TooLarge(f"{command.name} printed more than {MAX_INLINE:,} bytes: have it write a file")
    return printed.read_bytes()


def _failure(command: Command, code: int, scratch: Path) -> ToolError:
    if code == -signal.SIGXCPU:
        return BadOutput(f"{command.name} used more than {command.cpu_seconds} s of processor time")
    if code == -signal.SIGXFSZ:
        return TooLarge(f"{command.name} wrote a file of more than {command.file_bytes:,} bytes")
    if code < 0:
        return ServerFault(f"{command.name} was ended by {signal.Signals(-code).name}")
    with (scratch / "stderr").open("rb") as errors:
        errors.seek(max(0, (scratch / "stderr").stat().st_size - 4 * _LAST_WORDS))
        words = errors.read().decode(errors="replace").replace(str(scratch), "…").strip()
    told = f"{command.name} ended with exit code {code}: {words[-_LAST_WORDS:] or 'it said nothing'}"
    return ServerFault(told) if code in command.retry else BadOutput(told)
