"""The service as an MCP server, called by a client of the SDK in both eras of the protocol."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import mcp_types as types
import pytest
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

from tests.integration.api.conftest import Service


@pytest.fixture(params=["legacy", "2026-07-28", "auto"])
def mode(request: pytest.FixtureRequest) -> str:
    value: str = request.param
    return value


@contextlib.asynccontextmanager
async def client(service: Service, mode: str = "auto", *, key: str | None = None) -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {key or service.key}"}
    async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
        transport = streamable_http_client(f"{service.url}/mcp", http_client=http)
        async with Client(transport, mode=mode, cache=None) as session:
            yield session


async def told(session: Client, tool: str, **arguments: Any) -> Any:
    result = await session.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return result.structured_content


async def test_a_run_is_submitted_and_followed_to_its_result(service: Service, mode: str) -> None:
    heard = []

    async def noted(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, total, message))

    async with client(service, mode) as session:
        result = await session.call_tool(
            "submit_run", {"request": "Calculate (17 + 4) * 2", "wait": 30}, progress_callback=noted
        )
        run = result.structured_content
        assert run["status"] == "succeeded"
        assert "42" in run["result"]["text"]
        assert heard
        assert all(0 <= share <= 1 and total == 1.0 for share, total, _ in heard)
        again = await told(session, "get_run", id=run["id"])
        assert again["result"] == run["result"]
        assert run["id"] in [one["id"] for one in (await told(session, "list_runs"))["runs"]]


async def test_what_a_run_asks_is_answered(service: Service) -> None:
    async with client(service) as session:
        asked = await told(session, "submit_run", request="Calculate 6 * 7", mode="approve", wait=30)
        assert asked["status"] == "needs_input"
        (question,) = asked["questions"]
        assert question["schema"]["anyOf"][0] == {"type": "boolean"}
        waiting = (await told(session, "list_questions"))["questions"]
        assert asked["id"] in [one["run"] for one in waiting]
        answers = [{"id": question["id"], "value": True}]
        done = await told(session, "answer_questions", id=asked["id"], answers=answers, wait=30)
        assert done["status"] == "succeeded"
        assert done["questions"] == []


async def test_a_repeat_makes_no_second_run_and_a_run_can_be_ended(service: Service) -> None:
    async with client(service) as session:
        first = await told(
            session, "submit_run", request="Calculate 1 + 1", mode="plan", idempotency_key="m1"
        )
        second = await told(
            session, "submit_run", request="Calculate 1 + 1", mode="plan", idempotency_key="m1"
        )
        assert first["id"] == second["id"]
        assert (await told(session, "cancel_run", id=first["id"]))["status"] == "cancelled"


async def test_tools_are_found(service: Service, mode: str) -> None:
    async with client(service, mode) as session:
        found = await told(session, "search_tools", query="make a plot of a table", k=3)
        assert len(found["tools"]) == 3
        assert "plot" in " ".join(tool["summary"].lower() for tool in found["tools"])


async def test_each_tool_says_what_it_takes_and_does(service: Service, mode: str) -> None:
    async with client(service, mode) as session:
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}
        assert set(tools) == {
            *("submit_run", "get_run", "list_runs", "answer_questions"),
            *("cancel_run", "list_questions", "search_tools"),
        }
        hints = {name: tool.annotations or types.ToolAnnotations() for name, tool in tools.items()}
        assert hints["get_run"].read_only_hint
        assert hints["cancel_run"].destructive_hint
        assert all(tool.description and tool.input_schema["type"] == "object" for tool in tools.values())


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("get_run", {"id": "run_nobody"}, "run_nobody"),
        ("get_run", {}, "/id"),
        ("submit_run", {"request": ""}, "/request"),
        ("submit_run", {"request": "x", "surprise": 1}, "/surprise"),
        ("submit_run", {"request": "x", "labels": {"a": "b" * 100_000}}, "labels"),
        ("cancel_run", {"id": "run_nobody"}, "run_nobody"),
        ("search_tools", {"query": "x", "k": 1_000}, "/k"),
    ],
)
async def test_what_is_wrong_is_told_to_the_model(
    service: Service, name: str, arguments: dict, words: str
) -> None:
    async with client(service) as session:
        result = await session.call_tool(name, arguments)
        assert result.is_error
        assert words in str(result.content[0])


async def test_a_tool_that_there_is_not_is_an_error_of_the_protocol(service: Service, mode: str) -> None:
    async with client(service, mode) as session:
        with pytest.raises(MCPError, match="Unknown tool"):
            await session.call_tool("delete_everything", {})


async def test_runs_belong_to_the_key_that_asked(service: Service) -> None:
    with service.client() as rest:
        made = rest.post("/v1/keys", json={"name": "mcp"}).json()
        async with client(service, key=made["key"]) as session:
            run = await told(session, "submit_run", request="Calculate 2 + 2", mode="plan")
        assert rest.get(f"/v1/runs/{run['id']}").json()["key_id"] == made["id"]


BODY = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
ACCEPT = {"Accept": "application/json, text/event-stream"}


def test_nobody_gets_in_without_a_key(service: Service) -> None:
    with service.stranger() as stranger:
        for method in ("GET", "POST", "DELETE"):
            assert stranger.request(method, "/mcp", json=BODY, headers=ACCEPT).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 421),
        ({}, 200),
    ],
)
def test_browsers_of_other_pages_are_refused(service: Service, headers: dict, status: int) -> None:
    with service.client() as rest:
        reply = rest.post("/mcp", json=BODY, headers=ACCEPT | headers)
        assert reply.status_code == status


def test_what_is_no_message_is_refused_by_the_rules_of_the_protocol(service: Service) -> None:
    with service.client() as rest:
        for content in (b"{oops", b"[]", b'{"jsonrpc": "2.0"}'):
            headers = ACCEPT | {"Content-Type": "application/json"}
            reply = rest.post("/mcp", content=content, headers=headers)
            assert reply.status_code == 400
            assert "error" in reply.json()
        assert rest.post("/mcp", json=BODY, headers={"Accept": "text/html"}).status_code == 406
        too_large = rest.post("/mcp", content=b" " * 300_000, headers=ACCEPT)
        assert too_large.status_code == 413
