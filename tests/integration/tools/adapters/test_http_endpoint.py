"""HTTP tools through the toolbox, against a server on this machine."""

import dataclasses
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from tools.adapter import CallContext
from tools.errors import (
    AddressForbidden,
    BadArguments,
    BadOutput,
    NotAuthorised,
    RateLimited,
    ServerFault,
    TimedOut,
    Unavailable,
)
from tools.net import Net
from tools.processes import Processes
from tools.spec import Kind, Tool, file_schema
from tools.testing import MemoryFiles
from tools.testing_server import Answer, LoopbackServer, Received, json_answer
from tools.toolbox import Toolbox

PNG = b"\x89PNG\r\n\x1a\n"
PAGES = {
    "/list": json_answer([1, 2]),
    "/nothing": Answer(204),
    "/image.png": Answer(200, {"content-type": "image/png"}, PNG),
    "/page": Answer(200, {"content-type": "text/html; charset=utf-8"}, b"<p>hi</p>"),
    "/huge": json_answer({"items": ["x" * 1_000] * 4_100, "next": 2}),
    "/liar": Answer(200, {"content-type": "application/json"}, b"{oops"),
    "/busy": Answer(429, {"retry-after": "7"}),
    "/down": Answer(503, {"retry-after": "2"}, b"back soon"),
    "/locked": Answer(403, {}, b"the key hush-hush is not known"),
    "/gone": Answer(404, {}, b"no such\n  order " + b"x" * 1000),
}


async def handler(got: Received) -> Answer:
    if got.path == "/busy-until":
        later = datetime.now(UTC) + timedelta(seconds=90)
        return Answer(429, {"retry-after": format_datetime(later, usegmt=True)})
    if got.path in PAGES:
        return PAGES[got.path]
    return json_answer(
        {
            "method": got.method,
            "path": got.path,
            "query": got.query,
            "headers": dict(got.headers),
            "body": got.body.decode(errors="replace"),
        }
    )


@pytest.fixture
async def server() -> AsyncIterator[LoopbackServer]:
    async with LoopbackServer(handler) as server:
        yield server


@pytest.fixture
async def toolbox(server: LoopbackServer) -> AsyncIterator[Toolbox]:
    net = Net(allow=[server.allow])
    async with Processes() as processes:
        yield Toolbox(net=net, processes=processes)
    await net.aclose()


@pytest.fixture
def context(tmp_path: Path) -> CallContext:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return CallContext("key-1", MemoryFiles(tmp_path / "store"), scratch, timeout=5)


def http_tool(server: LoopbackServer, path: str, **binding: Any) -> Tool:
    return Tool(
        name="service",
        summary="A service.",
        kind=Kind.HTTP,
        input_schema={"type": "object"},
        output_schema={"type": "object"},
        binding={"method": "GET", "url": f"{server.url}{path}", **binding},
    )


async def test_arguments_travel_in_the_query_of_a_get(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext
) -> None:
    arguments = {"q": "a b&c", "many": [1, 2], "yes": True, "none": None}
    got = (await toolbox.call(http_tool(server, "/x"), arguments, context)).output
    assert (got["method"], got["query"], got["body"]) == ("GET", "q=a+b%26c&many=1&many=2&yes=true", "")


async def test_arguments_travel_as_json_otherwise(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext
) -> None:
    tool = http_tool(server, "/x", method="POST")
    got = (await toolbox.call(tool, {"text": "ü", "none": None}, context)).output
    assert got["body"] == '{"text":"ü","none":null}'
    assert got["headers"]["content-type"] == "application/json"


async def test_every_argument_goes_where_the_binding_says(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext
) -> None:
    tool = http_tool(
        server,
        "/users/{user}/{what}",
        method="PUT",
        parameters={"user": "path", "dry": "query", "X-Lang": "header", "name": "body"},
        headers={"X-Fixed": "yes"},
    )
    arguments = {"user": "a/b ?#%2e", "what": "..x", "dry": 1, "X-Lang": "de", "name": "N"}
    got = (await toolbox.call(tool, arguments, context)).output
    assert got["path"] == "/users/a%2Fb%20%3F%23%252e/..x"
    assert (got["query"], got["body"]) == ("dry=1", '{"name":"N"}')
    assert (got["headers"]["x-lang"], got["headers"]["x-fixed"]) == ("de", "yes")


@pytest.mark.parametrize("value", ["..", ".", ""])
async def test_a_value_cannot_leave_its_place_in_the_path(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext, value: str
) -> None:
    with pytest.raises(BadArguments, match="part of the address"):
        await toolbox.call(http_tool(server, "/users/{id}/x"), {"id": value}, context)
    with pytest.raises(BadArguments, match="id is missing"):
        await toolbox.call(http_tool(server, "/users/{id}/x"), {}, context)
    assert not server.requests


async def test_a_header_cannot_be_smuggled_in(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext
) -> None:
    tool = http_tool(server, "/x", parameters={"lang": "header"})
    with pytest.raises(BadArguments, match="one line only"):
        await toolbox.call(tool, {"lang": "de\r\nX-Admin: 1"}, context)


async def test_the_key_of_the_step_and_the_trace_are_always_sent(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext
) -> None:
    tool = http_tool(server, "/x", headers={"idempotency-key": "mine"})
    got = (await toolbox.call(tool, {}, context)).output["headers"]
    assert got["idempotency-key"] == "key-1"
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", got["traceparent"])
    traced = dataclasses.replace(context, traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-01")
    got = (await toolbox.call(tool, {}, traced)).output["headers"]
    assert got["traceparent"] == traced.traceparent


async def test_json_that_is_too_large_for_its_fields_becomes_a_file_once_it_is_checked(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext
) -> None:
    promised = {
        "type": "object",
        "properties": {"items": {"type": "array"}, "next": {"type": "integer"}},
        "required": ["items"],
    }
    tool = dataclasses.replace(http_tool(server, "/huge"), output_schema=promised)
    output = (await toolbox.call(tool, {}, context)).output
    assert output.keys() == {"file"}
    assert output["file"]["media_type"] == "application/json"
    kept = await context.files.load(output["file"]["artifact"])
    assert len(json.loads(kept.path.read_bytes())["items"]) == 4_100
    wrong = dataclasses.replace(tool, output_schema=promised | {"required": ["items", "total"]})
    with pytest.raises(BadOutput, match="total"):
        await toolbox.call(wrong, {}, context)
    chosen = http_tool(server, "/huge", select="{next: next}")
    assert (await toolbox.call(chosen, {}, context)).output == {"next": 2}


async def test_json_that_is_no_object_is_the_result(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext
) -> None:
    assert (await toolbox.call(http_tool(server, "/list"), {}, context)).output == {"result": [1, 2]}
    assert (await toolbox.call(http_tool(server, "/nothing"), {}, context)).output == {}


async def test_other_content_becomes_a_file(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext
) -> None:
    output = (await toolbox.call(http_tool(server, "/image.png"), {}, context)).output
    assert (output["file"]["media_type"], output["file"]["name"]) == ("image/png", "image.png")
    assert (await context.files.load(output["file"]["artifact"])).path.read_bytes() == PNG
    named = dataclasses.replace(
        http_tool(server, "/page"), output_schema={"properties": {"page": file_schema("text/html")}}
    )
    output = (await toolbox.call(named, {}, context)).output
    assert (output["page"]["media_type"], output["page"]["name"]) == ("text/html", "page.html")


async def test_a_file_can_be_the_body(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext, tmp_path: Path
) -> None:
    files = MemoryFiles(tmp_path / "more")
    artifact = files.put("some words")
    schema = {"type": "object", "properties": {"document": file_schema("text/plain")}}
    tool = dataclasses.replace(http_tool(server, "/x", method="POST"), input_schema=schema)
    context = dataclasses.replace(context, files=files)
    arguments = {"document": {"artifact": artifact}}
    got = (await toolbox.call(tool, arguments, context)).output
    assert (got["body"], got["headers"]["content-type"]) == ("some words", "text/plain")
    with pytest.raises(BadArguments, match="a file is sent alone"):
        await toolbox.call(tool, {**arguments, "more": 1}, context)


@pytest.mark.parametrize(
    ("path", "kind", "message"),
    [
        ("/busy", RateLimited, "answered 429"),
        ("/down", ServerFault, "answered 503: back soon"),
        ("/locked", NotAuthorised, "the key ••• is not known"),
        ("/gone", BadArguments, "answered 404: no such order x+$"),
        ("/liar", BadOutput, "says it is JSON and is not"),
    ],
)
async def test_every_status_has_its_error(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext, path: str, kind: type, message: str
) -> None:
    context = dataclasses.replace(context, secrets={"key": "hush-hush"})
    tool = dataclasses.replace(http_tool(server, path), auth={"bearer": "key"})
    with pytest.raises(kind, match=message) as caught:
        await toolbox.call(tool, {}, context)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(("path", "seconds"), [("/busy", 7), ("/busy-until", 90), ("/down", 2)])
async def test_a_pause_is_kept_in_both_its_forms(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext, path: str, seconds: float
) -> None:
    with pytest.raises((RateLimited, ServerFault)) as caught:
        await toolbox.call(http_tool(server, path), {}, context)
    assert caught.value.retry_after == pytest.approx(seconds, abs=5 if path == "/busy-until" else 0)


async def test_a_private_address_is_refused(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext
) -> None:
    for url in ("http://127.0.0.1:1/", "http://169.254.169.254/", "http://localhost:1/"):
        with pytest.raises(AddressForbidden):
            await toolbox.call(http_tool(server, "", url=url), {}, context)


@pytest.mark.parametrize(
    "binding",
    [
        {"url": "https://{host}/x"},
        {"url": "/x"},
        {"method": "CONNECT"},
        {"parameters": {"a": "trailer"}},
        {"parameters": {"a": "path"}},
    ],
)
async def test_a_binding_that_cannot_work_is_unavailable(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext, binding: dict[str, Any]
) -> None:
    with pytest.raises(Unavailable):
        await toolbox.call(http_tool(server, "/x", **binding), {"a": 1}, context)


async def test_a_service_that_hangs_is_given_up_in_time(toolbox: Toolbox, context: CallContext) -> None:
    async def hang(_: Received) -> Answer:
        import asyncio

        await asyncio.Event().wait()
        return Answer()

    async with LoopbackServer(hang) as server, Processes() as processes:
        net = Net(allow=[server.allow])
        toolbox = Toolbox(net=net, processes=processes)
        with pytest.raises(TimedOut):
            await toolbox.call(http_tool(server, "/"), {}, dataclasses.replace(context, timeout=0.2))
        await net.aclose()
