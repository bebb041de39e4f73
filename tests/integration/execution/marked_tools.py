"""Tools that leave marks in a folder: who called them, and how often."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from tools.errors import BadArguments
from tools.spec import Docs, Effect, Kind, Limits, Price, Runs, Tool


def _mark(folder: str, name: str) -> None:
    with (Path(folder) / name).open("a") as file:
        file.write(f"{os.getpid()}\n")


async def mark(folder: str, name: str, seconds: float = 0.0, after: Any = None) -> dict[str, Any]:
    """Leave a mark at the start of the call."""
    _mark(folder, name)
    await asyncio.sleep(seconds)
    return {"value": name}


async def mark_until(folder: str, name: str) -> dict[str, Any]:
    """Leave a mark, and answer once somebody has made the file `go`."""
    _mark(folder, name)
    while not (Path(folder) / "go").exists():  # noqa: ASYNC110 - a file tells
        await asyncio.sleep(0.02)
    return {"value": os.getpid()}


async def graded(folder: str, name: str, score: float) -> dict[str, Any]:
    """Score its own output."""
    _mark(folder, name)
    return {"value": name, "score": score}


async def broken(folder: str, name: str) -> dict[str, Any]:
    """Refuse."""
    _mark(folder, name)
    raise BadArguments("it is broken")


def stuck(folder: str, name: str) -> dict[str, Any]:
    """Block for ever, in a process."""
    _mark(folder, name)
    while True:
        time.sleep(60)


_TEXT = {"type": "string"}
_ANY: dict[str, Any] = {}
_VALUE = {"type": "object", "properties": {"value": _ANY}, "required": ["value"]}


def _tool(name: str, function: str, *optional: str, **more: Any) -> Tool:
    fields = {"folder": _TEXT, "name": _TEXT} | dict.fromkeys(optional, _ANY)
    return Tool(
        name=name,
        summary=f"Tool {name} for tests.",
        kind=Kind.PYTHON,
        input_schema={"type": "object", "properties": fields, "required": ["folder", "name"]},
        output_schema=more.pop("output_schema", _VALUE),
        does=(name,),
        docs=Docs(when_to_use="In tests."),
        binding={"function": f"tests.integration.execution.marked_tools:{function}"},
        **more,
    )


_SCORE = {"type": "number", "x-quality": True}
_GRADED = _tool(
    "graded",
    "graded",
    output_schema={"type": "object", "properties": {"value": _ANY, "score": _SCORE}},
    price=Price(per_call=Decimal(1)),
)
_RISING = {"type": "number", "x-retry": [0.1, 0.2]}
_MARK = _tool("mark", "mark", "seconds", "after")

TOOLS = (
    _MARK,
    replace(_MARK, name="mark_once", effect=Effect.ONCE),
    _tool("mark_until", "mark_until"),
    replace(
        _GRADED,
        input_schema={
            "type": "object",
            "properties": {"folder": _TEXT, "name": _TEXT, "score": _RISING},
            "required": ["folder", "name", "score"],
        },
    ),
    _tool("broken", "broken"),
    _tool("stuck", "stuck", runs=Runs.PROCESS, limits=Limits(timeout=60)),
    _tool("stuck_briefly", "stuck", runs=Runs.PROCESS, limits=Limits(timeout=1.5)),
)
