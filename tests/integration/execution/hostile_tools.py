"""Tools that answer what no service wants, on the loop and in a process."""

from __future__ import annotations

import math
from typing import Any

from tools.spec import Kind, Limits, Runs, Tool


def _nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def _failing(message: str) -> Any:
    raise ValueError(message)


#: What is answered, by name, with the code of the error and a word of its message.
ANSWERS: dict[str, tuple[Any, str, str]] = {
    "huge": (lambda: "x" * 30_000_000, "too_large", "return a file"),
    "deep": (lambda: _nested(5000), "bad_output", "nested"),
    "deepish": (lambda: _nested(150), "bad_output", "nested"),
    "nul": (lambda: "a\0b", "bad_output", "NUL"),
    "nul_in_a_key": (lambda: {"a\0": 1}, "bad_output", "NUL"),
    "surrogate": (lambda: "a\ud800", "bad_output", "JSON"),
    "nan": (lambda: [math.nan], "bad_output", "JSON"),
    "infinity": (lambda: {"a": -math.inf}, "bad_output", "JSON"),
    "many_digits": (lambda: 10**400, "bad_output", "JSON"),
    "number_as_key": (lambda: {1: "a"}, "bad_output", "JSON"),
    "no_json": (lambda: {1, 2}, "bad_output", "JSON"),
    "odd_words": (lambda: _failing("NUL \0, half \ud800, and long " + "x" * 100_000), "bad_output", "NUL"),
}


async def on_the_loop(answer: str) -> dict[str, Any]:
    """That answer."""
    return {"value": ANSWERS[answer][0]()}


def in_a_process(answer: str) -> dict[str, Any]:
    """That answer, by way of a process."""
    return {"value": ANSWERS[answer][0]()}


def _tool(function: str, runs: Runs) -> Tool:
    return Tool(
        name=function,
        summary="A hostile tool for tests.",
        kind=Kind.PYTHON,
        runs=runs,
        input_schema={"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]},
        output_schema={"type": "object", "properties": {"value": {}}, "required": ["value"]},
        limits=Limits(timeout=20),
        binding={"function": f"tests.integration.execution.hostile_tools:{function}"},
    )


TOOLS = (_tool("on_the_loop", Runs.LOOP), _tool("in_a_process", Runs.PROCESS))
