"""Forms, files, cookies and selectors through the toolbox, against a server on this machine."""

from __future__ import annotations

import email
import email.policy
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tools.adapter import CallContext
from tools.errors import BadArguments, BadOutput
from tools.net import Net
from tools.processes import Processes
from tools.spec import Kind, Tool, file_schema
from tools.testing import MemoryFiles
from tools.testing_server import Answer, LoopbackServer, Received, json_answer
from tools.toolbox import Toolbox

FORM = "application/x-www-form-urlencoded"


async def handler(got: Received) -> Answer:
    if got.path == "/orders":
        return json_answer({"orders": [{"id": 1, "total": 5}, {"id": 2, "total": 7}], "more": False})
    return json_answer({})


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
def files(tmp_path: Path) -> MemoryFiles:
    return MemoryFiles(tmp_path / "store")


@pytest.fixture
def context(tmp_path: Path, files: MemoryFiles) -> CallContext:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return CallContext("key-1", files, scratch, timeout=5)


def tool(server: LoopbackServer, body: dict[str, Any], path: str = "/x", **more: Any) -> Tool:
    given = {"method": "POST", "url": f"{server.url}{path}", "body": body} | more
    properties = {"file": file_schema(), "files": {"type": "array", "items": file_schema()}}
    schema = {"type": "object", "properties": properties}
    return Tool("service", "A service.", Kind.HTTP, schema, {"type": "object"}, binding=given)


async def saved(files: MemoryFiles, tmp_path: Path, name: str, content: bytes, media_type: str) -> Any:
    path = tmp_path / name
    path.write_bytes(content)
    return await files.save(path, media_type=media_type, name=name)


async def test_a_form_is_written_by_its_encoding(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext
) -> None:
    encoding = {
        "meta": {"style": "deepObject"},
        "ids": {"explode": False},
        "raw": {"contentType": "application/json"},
    }
    body = {"media_type": FORM, "encoding": encoding}
    arguments = {
        "meta": {"a": {"b": 1}},
        "ids": [1, 2],
        "tags": ["x y", "z&"],
        "raw": {"k": None},
        "none": None,
    }
    await toolbox.call(tool(server, body), arguments, context)
    (got,) = server.requests
    assert got.headers["content-type"] == FORM
    assert parse_qsl(got.body.decode()) == [
        ("meta[a][b]", "1"),
        ("ids", "1,2"),
        ("tags", "x y"),
        ("tags", "z&"),
        ("raw", '{"k":null}'),
    ]


async def test_a_multipart_form_carries_files_fields_and_json(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext, files: MemoryFiles, tmp_path: Path
) -> None:
    arguments = {
        "file": await saved(files, tmp_path, "a.png", b"\x89PNG", "image/png"),
        "files": [await saved(files, tmp_path, f"{n}.txt", b"text", "text/plain") for n in (1, 2)],
        "note": "grüße",
        "meta": {"a": [1]},
    }
    await toolbox.call(tool(server, {"media_type": "multipart/form-data"}), arguments, context)
    (got,) = server.requests
    head = f"Content-Type: {got.headers['content-type']}\r\n\r\n".encode()
    message = email.message_from_bytes(head + got.body, policy=email.policy.HTTP)
    parts = [
        (
            part.get_param("name", header="content-disposition"),
            part.get_filename(),
            part.get_payload(decode=True),
        )
        for part in message.iter_parts()
    ]
    assert parts == [
        ("file", "a.png", b"\x89PNG"),
        ("files", "1.txt", b"text"),
        ("files", "2.txt", b"text"),
        ("note", None, "grüße".encode()),
        ("meta", None, b'{"a":[1]}'),
    ]


async def test_one_argument_can_be_the_whole_body(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext, files: MemoryFiles, tmp_path: Path
) -> None:
    whole = {"argument": "body", "required": True}
    await toolbox.call(
        tool(server, {"media_type": "application/json", **whole}), {"body": [1, None]}, context
    )
    await toolbox.call(tool(server, {"media_type": "text/plain", **whole}), {"body": "hé"}, context)
    await toolbox.call(
        tool(server, {"media_type": "application/merge-patch+json", **whole}), {"body": "x"}, context
    )
    reference = await saved(files, tmp_path, "b.bin", b"\0\1", "application/x-thing")
    raw = tool(server, {"media_type": "application/octet-stream", "argument": "file"})
    await toolbox.call(raw, {"file": reference}, context)
    sent = [(got.headers["content-type"], got.body) for got in server.requests]
    assert sent == [
        ("application/json", b"[1,null]"),
        ("text/plain", "hé".encode()),
        ("application/merge-patch+json", b'"x"'),
        ("application/x-thing", b"\0\1"),
    ]


async def test_a_required_body_is_sent_empty_and_an_optional_one_not_at_all(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext
) -> None:
    await toolbox.call(tool(server, {"media_type": "application/json", "required": True}), {}, context)
    await toolbox.call(tool(server, {"media_type": "application/json"}), {}, context)
    await toolbox.call(tool(server, {"media_type": "application/json", "argument": "body"}), {}, context)
    assert [got.body for got in server.requests] == [b"{}", b"", b""]


async def test_a_file_inside_json_is_refused(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext, files: MemoryFiles, tmp_path: Path
) -> None:
    reference = await saved(files, tmp_path, "a.txt", b"x", "text/plain")
    with pytest.raises(BadArguments, match="multipart"):
        await toolbox.call(
            tool(server, {"media_type": "application/json"}), {"file": reference, "note": "x"}, context
        )


async def test_cookies_are_sent_together(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext
) -> None:
    places = {"sid": {"in": "cookie"}, "theme": {"in": "cookie"}}
    await toolbox.call(tool(server, {}, parameters=places), {"sid": "a b", "theme": "dark"}, context)
    assert server.requests[0].headers["cookie"] == "sid=a%20b; theme=dark"


async def test_a_selector_takes_what_is_wanted_from_a_reply(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext
) -> None:
    ids = tool(server, {}, "/orders", select="orders[].id")
    assert (await toolbox.call(ids, {}, context)).output == {"result": [1, 2]}
    best = tool(server, {}, "/orders", select="max_by(orders, &total)")
    assert (await toolbox.call(best, {}, context)).output == {"id": 2, "total": 7}
    wrong = tool(server, {}, "/orders", select="max_by(more, &total)")
    with pytest.raises(BadOutput, match="selector"):
        await toolbox.call(wrong, {}, context)
