"""Calls over HTTP as the toolbox makes them: what the peer sees, and what it does not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tools.adapter import CallContext
from tools.errors import AddressForbidden, SecretExposed
from tools.net import Net
from tools.processes import Processes
from tools.spec import Kind, Tool
from tools.testing import MemoryFiles
from tools.testing_server import Answer, LoopbackServer, Received, json_answer
from tools.toolbox import Toolbox

ANY = {"type": "object"}
SECRET = "open/sesame+7&zq"
AUTHS: list[Mapping[str, Any]] = [
    {"bearer": "key"},
    {"basic": {"user": "ann", "password": "key"}},
    {"header:X-Api-Key": "key"},
    {"query:key": "key"},
    {"cookie:sid": "cookie_key"},
]


async def handler(got: Received) -> Answer:
    match got.path:
        case "/away":
            return Answer(302, {"location": got.query.partition("to=")[2].partition("&")[0]})
        case "/token":
            return json_answer({"access_token": "fresh-access-token", "token_type": "bearer"})
    return json_answer({"ok": True})


@pytest.fixture
async def peer() -> AsyncIterator[LoopbackServer]:
    async with LoopbackServer(handler) as server:
        yield server


@pytest.fixture
async def elsewhere() -> AsyncIterator[LoopbackServer]:
    async with LoopbackServer(handler) as server:
        yield server


@pytest.fixture
def context(tmp_path: Path) -> CallContext:
    (tmp_path / "scratch").mkdir()
    secrets = {"key": SECRET, "cookie_key": "open-sesame-cookie", "id": "client-id"}
    return CallContext(
        "run:1:0", MemoryFiles(tmp_path / "kept"), tmp_path / "scratch", timeout=5, secrets=secrets
    )


@pytest.fixture
async def toolbox(peer: LoopbackServer, elsewhere: LoopbackServer) -> AsyncIterator[Toolbox]:
    net = Net(allow=[peer.allow, elsewhere.allow])
    processes = Processes(1)
    toolbox = Toolbox(net=net, processes=processes)
    yield toolbox
    await toolbox.aclose()
    await processes.aclose()
    await net.aclose()


def tool(url: str, **more: Any) -> Tool:
    binding = {"url": url, **more.pop("binding", {})}
    return Tool("t", "T.", Kind.HTTP, ANY, ANY, binding=binding, **more)


@pytest.mark.parametrize("auth", AUTHS, ids=lambda auth: next(iter(auth)))
async def test_credentials_do_not_follow_a_redirect_to_another_origin(
    toolbox: Toolbox,
    context: CallContext,
    peer: LoopbackServer,
    elsewhere: LoopbackServer,
    auth: Mapping[str, Any],
) -> None:
    url = f"{peer.url}/away?to={elsewhere.url}/x"
    await toolbox.call(tool(url, auth=auth), {}, context)
    (first,), (second,) = peer.requests, elsewhere.requests
    assert _carries(first)
    assert not _carries(second)
    assert second.headers["idempotency-key"] == "run:1:0"


def _carries(got: Received) -> bool:
    said = f"{got.query} {dict(got.headers)}"
    forms = (SECRET, "open%2Fsesame", "YW5uOm9wZW4v", "open-sesame-cookie")
    return any(form in said for form in forms)


async def test_a_tool_may_be_kept_to_its_hosts(
    toolbox: Toolbox, context: CallContext, peer: LoopbackServer, elsewhere: LoopbackServer
) -> None:
    other = elsewhere.url.replace("127.0.0.1", "localhost")
    away = tool(f"{peer.url}/away?to={other}/x", binding={"hosts": ["127.0.0.1"]})
    with pytest.raises(AddressForbidden, match="localhost, which is none of the tool's hosts"):
        await toolbox.call(away, {}, context)
    assert not elsewhere.requests
    near = tool(f"{peer.url}/away?to={elsewhere.url}/x", binding={"hosts": ["127.0.0.1"]})
    await toolbox.call(near, {}, context)
    assert elsewhere.requests


@pytest.mark.parametrize("url", ["http://93.184.216.34/", "http://api.example.com/x"])
async def test_no_secret_goes_to_the_internet_by_plain_http(
    toolbox: Toolbox, context: CallContext, url: str
) -> None:
    with pytest.raises(SecretExposed, match="use https"):
        await toolbox.call(tool(url, auth={"bearer": "key"}), {}, context)


async def test_a_tool_whose_secret_could_never_be_sent_says_so_ahead(toolbox: Toolbox) -> None:
    url = "http://93.184.216.34/"
    assert toolbox.available(tool(url)) is None
    assert "plain http" in str(toolbox.available(tool(url, auth={"bearer": "key"})))


async def test_the_secrets_of_a_token_go_by_plain_http_no_more_than_others(
    toolbox: Toolbox, context: CallContext, peer: LoopbackServer
) -> None:
    grant = {"client_id": "id", "client_secret": "key"}
    far = tool(peer.url, auth={"oauth2": {"token_url": "http://93.184.216.34/token", **grant}})
    with pytest.raises(SecretExposed):
        await toolbox.call(far, {}, context)
    assert "plain http" in str(toolbox.available(far))
    near = tool(f"{peer.url}/x", auth={"oauth2": {"token_url": f"{peer.url}/token", **grant}})
    await toolbox.call(near, {}, replace(context, derived=[]))
    assert peer.requests[-1].headers["authorization"] == "Bearer fresh-access-token"


@pytest.mark.parametrize("binding", [{"base_url": "http://93.184.216.34/v1"}])
async def test_the_key_of_a_model_neither(
    toolbox: Toolbox, context: CallContext, binding: dict[str, Any]
) -> None:
    asked = {**binding, "model": "m", "prompt": "p", "api_key_secret": "key"}
    with pytest.raises(SecretExposed):
        await toolbox.call(Tool("m", "M.", Kind.MODEL, ANY, ANY, binding=asked), {}, context)
