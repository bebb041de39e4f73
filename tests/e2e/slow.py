"""A tool that takes its time, and plans made of it."""

from __future__ import annotations

from typing import Any

from tests.e2e.service import Client


def register_slow_add(client: Client) -> None:
    """The tool `slow_add`, once for all tests of a service."""
    number = {"type": "number"}
    body = {
        "name": "slow_add",
        "summary": "Adds two numbers after some seconds.",
        "kind": "python",
        "input_schema": {
            "type": "object",
            "properties": {"x": number, "y": number, "seconds": number},
            "required": ["x"],
        },
        "output_schema": {"type": "object", "properties": {"sum": number}, "required": ["sum"]},
        "runs": "loop",
        "python": {"function": "tools.testing_functions:slow_add"},
    }
    reply = client.http.post("/v1/tools", json=body)
    assert reply.status_code in (201, 409), reply.text


def slow_chain(length: int, *, seconds: float) -> dict[str, Any]:
    """Steps s1, s2, … one after another, each adding 1; the last one yields `length`."""
    subtasks: list[dict[str, Any]] = []
    for number in range(1, length + 1):
        x: Any = {"ref": f"s{number - 1}.sum"} if number > 1 else 0
        arguments = {"x": x, "y": 1, "seconds": seconds}
        subtasks.append({"id": f"s{number}", "tool": "slow_add", "arguments": arguments})
    return {"subtasks": subtasks}


def slow_web(width: int) -> dict[str, Any]:
    """Sums w1 … beside one another, each slower than the one before, and a chain that adds them up.

    The last step is `end`; its sum is that of 1 … width, plus `width`.
    """
    wide = [
        {"id": f"w{n}", "tool": "slow_add", "arguments": {"x": n, "y": 1, "seconds": 0.3 + 0.25 * n}}
        for n in range(1, width + 1)
    ]
    chain, last = [], {"ref": "w1.sum"}
    for n in range(2, width + 1):
        id = "end" if n == width else f"c{n}"
        arguments = {"x": last, "y": {"ref": f"w{n}.sum"}, "seconds": 0.05}
        chain.append({"id": id, "tool": "slow_add", "arguments": arguments})
        last = {"ref": f"{id}.sum"}
    return {"subtasks": wide + chain}
