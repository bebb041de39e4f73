"""Scripted tools for tests: slow ones, flaky ones, ones that die or hang."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from typing import Any

from tools.errors import BadArguments, ServerFault
from tools.spec import Believed, Docs, Effect, File, Kind, Ports, Runs, Tool, file_schema
from tools.work import Work

#: Calls seen so far by `flaky`, by its key; of this process only.
_calls: dict[str, int] = {}


async def slow_add(x: float, y: float = 0, seconds: float = 0.05) -> dict[str, Any]:
    """x + y, after a while."""
    await asyncio.sleep(seconds)
    return {"sum": x + y}


def slow_add_in_process(x: float, y: float = 0, seconds: float = 0.05) -> dict[str, Any]:
    """x + y, after a while that blocks."""
    time.sleep(seconds)
    return {"sum": x + y}


async def echo(value: Any = None) -> dict[str, Any]:
    """What was given."""
    return {"value": value}


def echo_in_process(value: Any = None) -> dict[str, Any]:
    """What was given, by way of a process."""
    return {"value": value}


async def sleep_ms(ms: float) -> dict[str, Any]:
    """Wait."""
    await asyncio.sleep(ms / 1000)
    return {"slept": ms}


async def flaky(key: str, failures: int = 1) -> dict[str, Any]:
    """Fail the first `failures` times that the key is seen, then answer how often it was called."""
    _calls[key] = _calls.get(key, 0) + 1
    if _calls[key] <= failures:
        raise ServerFault(f"call {_calls[key]} fails as it should")
    return {"calls": _calls[key]}


async def refuse(message: str = "no") -> dict[str, Any]:
    """Refuse the arguments."""
    raise BadArguments(message, paths=("/message",))


async def hang() -> dict[str, Any]:
    """Never answer."""
    await asyncio.Event().wait()
    return {}


def hang_in_process() -> dict[str, Any]:
    """Never answer, and block."""
    while True:
        time.sleep(60)


def crash() -> dict[str, Any]:
    """Kill the process that runs this."""
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


async def wrong_output() -> dict[str, Any]:
    """Answer what the output schema does not allow."""
    return {"number": "three"}


def shout(document: File, work: Work) -> dict[str, Any]:
    """A text file in capital letters."""
    out = work.file(document.name, "text/plain")
    out.path.write_text(document.path.read_text().upper())
    return {"document": out, "characters": len(out.path.read_text())}


def forget(work: Work) -> dict[str, Any]:
    """Name a file that was never written."""
    return {"document": work.file("nothing.txt", "text/plain")}


def _schema(**fields: Any) -> dict[str, Any]:
    """An object schema; fields without a default are required."""
    return {
        "type": "object",
        "properties": fields,
        "required": [name for name, field in fields.items() if "default" not in field],
        "additionalProperties": False,
    }


def _tool(name: str, takes: dict[str, Any], gives: dict[str, Any], **more: Any) -> Tool:
    return Tool(
        name=name,
        summary=more.pop("summary", f"Scripted tool {name} for tests."),
        kind=Kind.PYTHON,
        input_schema=takes,
        output_schema=gives,
        does=more.pop("does", (name,)),
        docs=Docs(when_to_use="In tests."),
        believed=(Believed(seconds=0.05),),
        binding={"function": f"tools.testing_functions:{name}"},
        tags=("testing",),
        **more,
    )


_NUMBER = {"type": "number"}
_ADD = _schema(x=_NUMBER, y=_NUMBER | {"default": 0}, seconds=_NUMBER | {"default": 0.05})
_SUM = _schema(sum=_NUMBER)
_ADD_PORTS = Ports({"x": ("number",), "y": ("number",)}, {"sum": "number"})
_ANY = _schema(value={"default": None})
_ANY_PORTS = Ports({"value": ("json",)}, {"value": "json"})
_TEXT_FILE = file_schema("text/*")

TOOLS: tuple[Tool, ...] = (
    _tool("slow_add", _ADD, _SUM, does=("add_numbers",), ports=_ADD_PORTS),
    _tool(
        "slow_add_in_process",
        _ADD,
        _SUM,
        does=("add_numbers",),
        ports=_ADD_PORTS,
        runs=Runs.PROCESS,
    ),
    _tool("echo", _ANY, _ANY, ports=_ANY_PORTS),
    _tool("echo_in_process", _ANY, _ANY, ports=_ANY_PORTS, runs=Runs.PROCESS),
    _tool("sleep_ms", _schema(ms=_NUMBER), _schema(slept=_NUMBER)),
    _tool(
        "flaky",
        _schema(key={"type": "string"}, failures={"type": "integer", "default": 1}),
        _schema(calls={"type": "integer"}),
        effect=Effect.IDEMPOTENT,
    ),
    _tool("refuse", _schema(message={"type": "string", "default": "no"}), _schema()),
    _tool("hang", _schema(), _schema()),
    _tool("hang_in_process", _schema(), _schema(), runs=Runs.PROCESS),
    _tool("crash", _schema(), _schema(), runs=Runs.PROCESS),
    _tool("wrong_output", _schema(), _schema(number=_NUMBER)),
    _tool(
        "shout",
        _schema(document=_TEXT_FILE),
        _schema(document=_TEXT_FILE, characters={"type": "integer"}),
        ports=Ports({"document": ("text/plain",)}, {"document": "text/plain"}),
        runs=Runs.PROCESS,
    ),
    _tool("forget", _schema(), _schema(document=_TEXT_FILE), runs=Runs.PROCESS),
)

#: The same by name.
BY_NAME = {tool.name: tool for tool in TOOLS}
