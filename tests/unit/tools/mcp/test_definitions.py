"""Definitions of servers as tools."""

from typing import Any

import mcp_types as types
import pytest

from tools.mcp.definitions import name_of, offered, pin
from tools.mcp.servers import Address
from tools.spec import Effect, Kind, Trust

ADDRESS = Address(server="files")


def definition(name: str = "read", **more: Any) -> types.Tool:
    return types.Tool(**({"name": name, "input_schema": {"type": "object"}} | more))


def made(*definitions: types.Tool, prefix: str = "files"):
    return offered(definitions, ADDRESS, prefix=prefix, auth={})


def test_a_definition_becomes_a_tool_that_is_not_trusted() -> None:
    (tool,) = made(definition("readFile", description="Reads a file. Slowly.", title="Read")).tools
    assert (tool.name, tool.kind, tool.trust) == ("files_read_file", Kind.MCP, Trust.UNTRUSTED)
    assert (tool.summary, tool.description) == ("Reads a file.", "Reads a file. Slowly.")
    assert (tool.binding["server"], tool.binding["tool"]) == ("files", "readFile")
    assert tool.tags == ("mcp:files",)


@pytest.mark.parametrize(
    ("annotations", "effect"),
    [
        (None, Effect.ONCE),
        (types.ToolAnnotations(), Effect.ONCE),
        (types.ToolAnnotations(read_only_hint=True), Effect.READ),
        (types.ToolAnnotations(idempotent_hint=True), Effect.IDEMPOTENT),
        (types.ToolAnnotations(read_only_hint=False, destructive_hint=False), Effect.ONCE),
    ],
)
def test_the_effect_is_what_the_server_says_and_else_the_worst(annotations, effect) -> None:
    assert made(definition(annotations=annotations)).tools[0].effect is effect


@pytest.mark.parametrize(
    ("name", "prefix", "expected"),
    [
        ("git_status", "git", "git_status"),
        ("status", "git", "git_status"),
        ("gitStatus", "", "git_status"),
        ("a.b/c-d", "", "a_b_c_d"),
        ("7zip", "", "tool_7zip"),
        ("日本", "x", "x_tool"),
        ("x" * 100, "", "x" * 64),
    ],
)
def test_names_fit(name: str, prefix: str, expected: str) -> None:
    assert name_of(name, prefix=prefix) == expected


def test_two_definitions_never_share_a_name() -> None:
    tools = made(
        definition("readFile"), definition("read_file"), definition("x" * 90), definition("x" * 91)
    ).tools
    assert [tool.name for tool in tools][:2] == ["files_read_file", "files_read_file_2"]
    assert len({tool.name for tool in tools}) == 4
    assert all(len(tool.name) <= 64 for tool in tools)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"name": "a\u200bb"}, "cannot be seen"),
        ({"name": ""}, "empty"),
        ({"input_schema": {"type": "array"}}, "object"),
        ({"input_schema": {"type": "object", "properties": {"a": {"type": "nonsense"}}}}, "nonsense"),
        ({"input_schema": {"$ref": "https://example.org/schema"}}, "example.org"),
        ({"input_schema": {"type": "object", "properties": {"a": {"enum": ["x" * 300_000]}}}}, "200,000"),
        ({"output_schema": {"type": "object", "properties": {"a\u202e": {}}}}, "cannot be seen"),
    ],
)
def test_each_definition_is_judged_alone(bad: dict, reason: str) -> None:
    told = made(definition(**bad), definition("good"))
    assert [tool.name for tool in told.tools] == ["files_good"]
    assert reason in told.skipped[0][1]


def test_the_pin_tells_every_change_that_a_caller_may_rely_on() -> None:
    first = definition(description="a")
    assert pin(first) == pin(definition(description="a"))
    changes: list[dict[str, Any]] = [
        {"description": "a\u200b"},
        {"title": "t"},
        {"input_schema": {"type": "object", "properties": {"x": {}}}},
        {"output_schema": {"type": "object"}},
        {"annotations": types.ToolAnnotations(read_only_hint=True)},
    ]
    pins = {pin(definition(**({"description": "a"} | change))) for change in changes}
    assert len(pins | {pin(first)}) == 6
