"""No path that dials reaches an address that is not public: one corpus over all of them.

A path is one line in `PATHS`. Every connection is watched below the guard: `PUBLIC` stands for a
server on the internet and leads to one on this machine, whatever else is dialled is a leak.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpcore2
import orjson
import pytest

from orchestrator.domain.run import Run, RunRequest, RunStatus
from orchestrator.execution.webhook import WebhookNotifier
from tools.adapter import CallContext
from tools.addresses import is_public
from tools.builtin.web import fetch_page
from tools.endpoints.probes import probe
from tools.endpoints.record import Endpoint, Protocol, Replica
from tools.endpoints.router import Router
from tools.llm import ChatModel
from tools.mcp.discovery import completed
from tools.net import Net
from tools.openapi.compiler import Options
from tools.openapi.importing import Source, read_openapi
from tools.processes import Processes
from tools.spec import Kind, Tool
from tools.testing import MemoryFiles
from tools.testing_server import Answer, LoopbackServer, Received
from tools.toolbox import Toolbox
from tools.work import Work

PUBLIC = "93.184.216.34"
SHAPE = {"type": "object"}


@dataclass
class World:
    """The internet as a test sees it: what names resolve to, what was dialled, and where PUBLIC leads."""

    folder: Path
    answers: dict[str, list[Sequence[str]]] = field(default_factory=dict)
    dialled: list[str] = field(default_factory=list)
    redirect: tuple[int, str] = (302, "/")
    #: What PUBLIC answers under /told/, where an answer names the address that is to be called.
    told: object = None
    processes: Processes = field(default_factory=lambda: Processes(1, modules=("tools.openapi",)))

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """The next answer for the name, the last one from then on."""
        left = self.answers.get(host, [()])  # other names do not resolve
        return left.pop(0) if len(left) > 1 else left[0]

    def net(self, allow: Sequence[str] = ()) -> Net:
        # PUBLIC is named, since secrets go nowhere else by plain http; it may be called anyway.
        return Net(allow=[PUBLIC, *allow], resolver=self.resolve, timeout=5)

    @property
    def leaks(self) -> list[str]:
        return [address for address in self.dialled if not is_public(ip_address(address))]

    async def serve(self, got: Received) -> Answer:
        """/hop/3 leads to /hop/2 and so on; /hop/0 and all else to where the test says."""
        if got.path.startswith(("/told/", "/.well-known/oauth-protected-resource/told/")):
            return Answer(200, {"content-type": "application/json"}, orjson.dumps(self.told))
        hop = got.path.rpartition("/hop/")[2].partition("/")[0]
        if hop.isdigit() and int(hop):
            return Answer(302, {"location": f"/hop/{int(hop) - 1}"})
        return Answer(self.redirect[0], {"location": self.redirect[1]}, b"{}")


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    world = World(tmp_path)
    dial = httpcore2.AnyIOBackend.connect_tcp

    async def watched(self: Any, host: str, port: int, *more: Any, **named: Any) -> Any:
        world.dialled.append(host)
        if host != PUBLIC:
            raise httpcore2.ConnectError("nobody is there")
        return await dial(self, "127.0.0.1", server.port, *more, **named)

    async with LoopbackServer(world.serve) as server:
        monkeypatch.setattr(httpcore2.AnyIOBackend, "connect_tcp", watched)
        async with world.processes:
            yield world


# --- the paths that dial --------------------------------------------------------------------------

Dial = Callable[[World, Net, str], Awaitable[object]]


async def _client(_: World, net: Net, url: str) -> object:
    async with net.client(follow_redirects=True) as client:
        return await client.get(url)


async def _fetch(world: World, net: Net, url: str) -> object:
    return await fetch_page(url, Work(world.folder, net))


async def _tool(world: World, net: Net, tool: Tool) -> object:
    context = CallContext(
        "key", MemoryFiles(world.folder / "kept"), world.folder, timeout=5, secrets={"a": "open-sesame"}
    )
    toolbox = Toolbox(net=net, processes=world.processes, router=Router(_Registered(tool)))
    try:
        return await toolbox.call(tool, {}, context)
    finally:
        await toolbox.aclose()


class _Registered:
    """The endpoint that a tool of the test names: its replica is in the tool's summary."""

    def __init__(self, tool: Tool) -> None:
        self._endpoint = Endpoint("e", Protocol.OPENAI, (Replica(tool.summary),))

    async def find(self, name: str) -> Endpoint | None:
        return self._endpoint if name == "e" else None


async def _http(world: World, net: Net, url: str) -> object:
    return await _tool(world, net, Tool("t", "T.", Kind.HTTP, SHAPE, SHAPE, binding={"url": url}))


async def _token(world: World, net: Net, url: str) -> object:
    auth = {"oauth2": {"token_url": url, "client_id": "a", "client_secret": "a"}}
    binding = {"url": f"http://{PUBLIC}/"}
    return await _tool(world, net, Tool("t", "T.", Kind.HTTP, SHAPE, SHAPE, auth=auth, binding=binding))


async def _model_tool(world: World, net: Net, url: str) -> object:
    binding = {"base_url": url, "model": "m", "prompt": "p", "api_key_secret": "a"}
    return await _tool(world, net, Tool("t", "T.", Kind.MODEL, SHAPE, SHAPE, binding=binding))


async def _endpoint_tool(world: World, net: Net, url: str) -> object:
    binding = {"endpoint": "e", "model": "m", "prompt": "p"}
    return await _tool(world, net, Tool("t", url, Kind.MODEL, SHAPE, SHAPE, binding=binding))


async def _inference(world: World, net: Net, url: str) -> object:
    binding = {"base_url": url, "model": "m", "operation": "infer"}
    return await _tool(world, net, Tool("t", "T.", Kind.MODEL, SHAPE, SHAPE, binding=binding))


async def _image(world: World, net: Net, url: str) -> object:
    """The model's server names the address."""
    world.told = {"data": [{"url": url}]}
    binding = {"base_url": f"http://{PUBLIC}/told", "model": "m", "operation": "images", "prompt": "p"}
    return await _tool(world, net, Tool("t", "T.", Kind.MODEL, SHAPE, SHAPE, binding=binding))


async def _mcp(world: World, net: Net, url: str) -> object:
    binding = {"url": url, "tool": "t", "definition": "0"}
    tool = Tool("t", "T.", Kind.MCP, SHAPE, SHAPE, binding=binding, auth={"bearer": "a"})
    return await _tool(world, net, tool)


async def _mcp_token(world: World, net: Net, url: str) -> object:
    auth = {"oauth2": {"token_url": url, "client_id": "a", "client_secret": "a"}}
    binding = {"url": f"http://{PUBLIC}/", "tool": "t", "definition": "0"}
    return await _tool(world, net, Tool("t", "T.", Kind.MCP, SHAPE, SHAPE, auth=auth, binding=binding))


async def _mcp_discovery(world: World, net: Net, url: str) -> object:
    """The address of a server that is imported, which shall say where its tokens are had."""
    return await completed(net, url, {"oauth2": {"client_id": "a", "client_secret": "a"}}, timeout=5)


async def _mcp_issuer(world: World, net: Net, url: str) -> object:
    """The server names who gives its tokens."""
    resource = f"http://{PUBLIC}/told/mcp"
    world.told = {"resource": resource, "authorization_servers": [url]}
    return await _mcp_discovery(world, net, resource)


async def _chat(_: World, net: Net, url: str) -> object:
    model = ChatModel(net=net, base_url=url, model="m", api_key="open-sesame")
    try:
        return await model.complete([{"role": "user", "content": "p"}], timeout=5)
    finally:
        await model.aclose()


async def _webhook(_: World, net: Net, url: str) -> object:
    run = Run("run_1", RunRequest(request="x"), RunStatus.FAILED, 0.0, 1.0, finished_at=1.0)
    told = await WebhookNotifier(net=net, timeout=5).notify(run, url, tries=1)
    if told.error is not None:
        raise ConnectionError(told.error)
    return None


async def _health(_: World, net: Net, url: str) -> object:
    replica = Replica(url, metrics_url=url)
    report = await probe(Endpoint("e", Protocol.OPENAI, (replica,)), replica, net=net, headers={})
    if not report.up:
        raise ConnectionError(report.reason)
    return report


async def _metrics(world: World, net: Net, url: str) -> object:
    world.told = {"data": []}
    replica = Replica(f"http://{PUBLIC}/told", metrics_url=url)
    report = await probe(Endpoint("e", Protocol.OPENAI, (replica,)), replica, net=net, headers={})
    assert report.up
    if not report.tells_load:
        raise ConnectionError("nothing is told")
    return report


async def _import(world: World, net: Net, url: str) -> object:
    return await read_openapi(Source(url=url), Options(), net=net, processes=world.processes)


async def _reference(world: World, net: Net, url: str) -> object:
    """A document that was given, with a reference to one that was not."""
    document = {
        "openapi": "3.1.0",
        "info": {"title": "T", "version": "1"},
        "paths": {"/x": {"get": {"parameters": [{"$ref": url}]}}},
    }
    source = Source(text=orjson.dumps(document))
    made = await read_openapi(source, Options(), net=net, processes=world.processes)
    assert not made.tools
    raise ConnectionError(str(made.skipped))


PATHS: dict[str, Dial] = {
    "request": lambda _, net, url: net.request("GET", url),
    "post": lambda _, net, url: net.request("POST", url, json={}),
    "client": _client,
    "fetch tool": _fetch,
    "http tool": _http,
    "token server": _token,
    "model tool": _model_tool,
    "endpoint tool": _endpoint_tool,
    "inference tool": _inference,
    "image of a model": _image,
    "mcp server": _mcp,
    "mcp token server": _mcp_token,
    "mcp discovery": _mcp_discovery,
    "mcp issuer": _mcp_issuer,
    "chat model": _chat,
    "webhook": _webhook,
    "health check": _health,
    "metrics": _metrics,
    "openapi import": _import,
    "openapi reference": _reference,
}

# --- the corpus -----------------------------------------------------------------------------------

HOSTS = [
    # what is not public, plainly
    *("127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1"),
    *("169.254.169.254", "168.63.129.16", "192.0.0.192", "198.18.0.1", "224.0.0.1", "255.255.255.255"),
    # IPv4 in other words: decimal, octal, hexadecimal, short, mixed, padded
    *("2130706433", "017700000001", "0x7f000001", "0x7F.1", "127.1", "127.0.1", "0177.0.0.1", "0x7f.0.0.1"),
    *("127.0.0x0.1", "0177.0x0.0.1", "0", "0x0", "127.0.0.1.", "127.0.0.01", "00000177.0.0.1", "2852039166"),
    *("0xa9fea9fe", "0xa9.0xfe.0xa9.0xfe", "0251.0376.0251.0376", "169.254.43518", "169.16689662"),
    # IPv6, and IPv4 inside of it: mapped, compatible, translated, 6to4, NAT64, Teredo, ISATAP, zones
    *("[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]"),
    *("[::ffff:0:127.0.0.1]", "[::ffff:169.254.169.254]", "[2002:7f00:1::]", "[2002:a9fe:a9fe::1]"),
    *("[64:ff9b::127.0.0.1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::a00:1]", "[fd00:ec2::254]", "[fe80::1]"),
    *("[fe80::1%25eth0]", "[fe80::1%eth0]", "[::1%25lo]", "[fc00::1]", "[ff02::1]", "[2001:db8::1]"),
    *("[2001:0:7f00:1::]", "[fec0::1]", "[100::1]", "[::1].", "[::1", "::1", "[v1.127.0.0.1]"),
    # names
    *("localhost", "LOCALHOST", "localhost.", "a.localhost", "private.example", "mixed.example"),
    *("metadata", "metadata.google.internal", "METADATA.google.internal.", "instance-data.ec2.internal"),
    # unicode digits, dots and letters
    *("①②⑦.⓪.⓪.①", "１２７.0.0.1", "127。0。0。1", "127．0．0．1", "127｡0｡0｡1", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "ｌocalhost"),
    *("٠.0.0.1", "127.0.0.1\u200b", "local\u00adhost", "lo\u017fcalhost", "\u212aocalhost"),
    # escapes and control characters
    *("127.0.0.%31", "%31%32%37.0.0.1", "127.0.0.1%00", "127.0.0.1%00.example", "127.0.0.1%2f@example"),
    *("127.0.0.1\r\nX-Evil: 1", "127.0.0.1%0d%0aX-Evil:1", "local\thost", "127.0.0.1 ", " 127.0.0.1", ""),
]
TEMPLATES = ["http://{}/", "https://{}/", "http://{}:8080/a?b=c#d"]
URLS = [
    # who is asked: user names, backslashes, several @, nothing at all
    *("http://user@127.0.0.1/", "http://93.184.216.34@127.0.0.1/", "http://127.0.0.1@93.184.216.34/"),
    *("http://93.184.216.34\\@127.0.0.1/", "http://127.0.0.1\\.example/", "http:\\\\127.0.0.1/"),
    *("http://93.184.216.34#@127.0.0.1/", "http://a:b@c@127.0.0.1/", "http://93.184.216.34%40127.0.0.1/"),
    *("http:///127.0.0.1/", "http:/127.0.0.1/", "http:127.0.0.1/", "//127.0.0.1/", "127.0.0.1", ":", ""),
    *("http://93.184.216.34:80@127.0.0.1/", "http://127.0.0.1:80:80/", "http://[::1]@93.184.216.34/"),
    # schemes
    *(
        "file:///etc/passwd",
        "file://127.0.0.1/etc/passwd",
        "gopher://127.0.0.1:6379/_INFO",
        "ftp://127.0.0.1/",
    ),
    *(
        "data:text/plain,hi",
        "javascript:alert(1)",
        "dict://127.0.0.1:11211/",
        "ldap://127.0.0.1/",
        "jar:http://x!/",
    ),
    *(
        "unix:///var/run/docker.sock",
        "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
        "ws://127.0.0.1/",
        "HTTP+X://a/",
    ),
    # ports
    *(f"http://127.0.0.1:{port}/" for port in ("0", "65536", "-1", "22", "00080", "+80", "80a", "٨٠")),
]


def corpus(path: str) -> Iterator[str]:
    """All hosts in all templates for a plain request; each in one, another for each path, for the rest."""
    turn = list(PATHS).index(path)
    for number, host in enumerate(HOSTS):
        templates = TEMPLATES if path == "request" else [TEMPLATES[(number + turn) % len(TEMPLATES)]]
        yield from (template.format(host) for template in templates)
    yield from URLS


REDIRECTS = [301, 302, 303, 307, 308]
#: What redirects lead to.
TARGETS = [
    *("http://127.0.0.1/", "http://169.254.169.254/latest/", "http://[::1]/", "http://[fd00:ec2::254]/"),
    *("//127.0.0.1/", "http://0x7f000001/", "http://localhost/", "http://private.example/", "/\\127.0.0.1/"),
    *(
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "ftp://127.0.0.1/",
        "data:text/plain,hi",
        "http://u@127.0.0.1/",
    ),
    *("https://127.0.0.1/", "http://127.0.0.1:22/", "http://[::ffff:127.0.0.1]/", "http://①②⑦.⓪.⓪.①/"),
]
NAMES: dict[str, list[Sequence[str]]] = {
    "private.example": [["10.0.0.7"]],
    "mixed.example": [[PUBLIC, "10.0.0.7"]],
    "localhost": [["127.0.0.1", "::1"]],
    "a.localhost": [["127.0.0.1"]],
}


async def refused(world: World, path: str, url: str, *, net: Net | None = None) -> None:
    """Dial and be refused, with no connection to anything but PUBLIC."""
    own = net or world.net()
    try:
        with pytest.raises(Exception):  # noqa: B017 - each path has errors of its own
            await PATHS[path](world, own, url)
    finally:
        await own.aclose()
    assert world.leaks == [], f"{path} dialled {world.leaks} for {url!r}"


@pytest.mark.parametrize("path", PATHS)
async def test_no_address_of_the_corpus_is_reached(world: World, path: str) -> None:
    world.answers |= NAMES
    for url in corpus(path):
        await refused(world, path, url)


@pytest.mark.parametrize("path", PATHS)
async def test_no_redirect_leads_there_at_any_hop(world: World, path: str) -> None:
    """Every target with every status for a plain request; with one, another for each path, for the rest."""
    world.answers |= NAMES
    turn = list(PATHS).index(path)
    for number, target in enumerate(TARGETS):
        for status in REDIRECTS if path == "request" else [REDIRECTS[(number + turn) % len(REDIRECTS)]]:
            world.redirect = (status, target)
            await refused(world, path, f"http://{PUBLIC}/hop/{number % 4}")


@pytest.mark.parametrize("path", PATHS)
async def test_a_name_that_turns_private_is_not_followed(world: World, path: str) -> None:
    world.answers["turns.example"] = [[PUBLIC], ["127.0.0.1"]]
    world.redirect = (302, "http://turns.example/again")
    net = world.net()
    await refused(world, path, "http://turns.example/", net=net)
    world.answers["turns.example"] = [["127.0.0.1"], [PUBLIC], ["127.0.0.1"]]
    await refused(world, path, "http://turns.example/")


@pytest.mark.parametrize("path", PATHS)
async def test_proxies_of_the_environment_are_not_asked(
    world: World, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:3128")
        monkeypatch.setenv(name.lower(), "http://127.0.0.1:3128")
    monkeypatch.setenv("NO_PROXY", "")
    world.redirect = (404, "")
    net = world.net()
    await asyncio.gather(PATHS[path](world, net, f"http://{PUBLIC}/"), return_exceptions=True)
    await net.aclose()
    assert set(world.dialled) == {PUBLIC}


def test_a_tool_with_such_an_address_is_not_available() -> None:
    net = Net(resolver=World(Path()).resolve)
    toolbox = Toolbox(net=net, processes=Processes(1))
    for host in ("127.0.0.1", "[::1]", "0x7f000001", "169.254.169.254", "metadata.google.internal"):
        url = f"http://{host}/"
        oauth2 = {"oauth2": {"token_url": url, "client_id": "a", "client_secret": "b"}}
        for tool in (
            Tool("t", "T.", Kind.HTTP, SHAPE, SHAPE, binding={"url": url}),
            Tool("t", "T.", Kind.MODEL, SHAPE, SHAPE, binding={"base_url": url}),
            Tool("t", "T.", Kind.HTTP, SHAPE, SHAPE, binding={"url": f"http://{PUBLIC}/"}, auth=oauth2),
            Tool("t", "T.", Kind.MCP, SHAPE, SHAPE, binding={"url": f"http://{PUBLIC}/"}, auth=oauth2),
            Tool("t", "T.", Kind.MCP, SHAPE, SHAPE, binding={"url": url}),
        ):
            assert toolbox.available(tool)


async def test_the_operator_opens_what_it_names_and_no_more(world: World) -> None:
    world.answers |= NAMES
    net = world.net(allow=["private.example:8080", "192.168.7.0/24"])
    for url in ("http://private.example:8080/", "http://192.168.7.9/"):
        await asyncio.gather(net.request("GET", url), return_exceptions=True)
    assert world.leaks == ["10.0.0.7", "192.168.7.9"]
    world.dialled.clear()
    for url in ("http://private.example/", "http://10.0.0.7:8080/", "http://192.168.8.1/"):
        await refused(world, "request", url, net=net)
