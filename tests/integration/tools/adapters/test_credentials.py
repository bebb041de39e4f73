"""How calls prove who they are, and that nothing of it comes back, against a server on this machine."""

import base64
import dataclasses
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tools.adapter import CallContext, Exchange
from tools.errors import BadOutput, NotAuthorised, ServerFault, ToolError, Unavailable
from tools.net import Net
from tools.processes import Processes
from tools.spec import Kind, Tool
from tools.testing import MemoryFiles
from tools.testing_server import Answer, LoopbackServer, Received, json_answer
from tools.toolbox import Toolbox

SECRET = "open/sesame+7&x"
PAIR = f"ann:{SECRET}"


class Peer:
    """Repeats whatever it gets; its token server gives a new token each time."""

    def __init__(self) -> None:
        self.tokens = 0
        self.revoked: set[str] = set()
        self.token_answer: Answer | None = None
        self.expires_in: Any = 3600

    async def __call__(self, got: Received) -> Answer:
        if got.path == "/token":
            if self.token_answer is not None:
                return self.token_answer
            self.tokens += 1
            token = f"access-token-{self.tokens}"
            return json_answer({"access_token": token, "token_type": "Bearer", "expires_in": self.expires_in})
        said = f"{got.path}?{got.query} {dict(got.headers)}"
        coded = base64.b64encode(b"xy" + said.encode()).decode()
        if got.headers.get("authorization", "").removeprefix("Bearer ") in self.revoked:
            return Answer(401, {}, said.encode())
        match got.path:
            case "/file":
                return Answer(200, {"content-type": "text/plain"}, f"{said} {coded}".encode())
            case "/fail":
                return Answer(400, {}, said.encode())
            case "/break":
                return Answer(500, {}, f"{quote(said)} {coded}".encode())
            case "/html":
                return Answer(200, {"content-type": "application/json"}, said.encode())
        return json_answer(
            {"query": got.query, "headers": dict(got.headers), "coded": coded, "quoted": quote(said)}
        )


@pytest.fixture
def peer() -> Peer:
    return Peer()


@pytest.fixture
async def server(peer: Peer) -> AsyncIterator[LoopbackServer]:
    async with LoopbackServer(peer) as server:
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
    known = {"key": SECRET, "pair": PAIR, "id": "client-of-ours", "plain": "opensesame"}
    return CallContext("key-1", MemoryFiles(tmp_path / "store"), scratch, timeout=5, secrets=known)


def http_tool(server: LoopbackServer, path: str = "/x", **auth: Any) -> Tool:
    binding = {"method": "GET", "url": f"{server.url}{path}"}
    shape = {"type": "object"}
    return Tool(
        "service", "A service.", Kind.HTTP, shape, shape, auth=auth.pop("auth", auth), binding=binding
    )


def oauth2(server: LoopbackServer, **more: str) -> dict[str, Any]:
    grant = {"token_url": f"{server.url}/token", "client_id": "id", "client_secret": "key", **more}
    return {"oauth2": grant}


def basic(user: str) -> str:
    return "Basic " + base64.b64encode(user.encode()).decode()


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ({"bearer": "key"}, "authorization", f"Bearer {SECRET}"),
        ({"basic": "pair"}, "authorization", basic(PAIR)),
        ({"basic": {"user": "bo", "password": "key"}}, "authorization", basic(f"bo:{SECRET}")),
        ({"header:X-Api-Key": "key"}, "x-api-key", SECRET),
        ({"cookie:sid": "key", "cookie:b": "plain"}, "cookie", f"sid={SECRET}; b=opensesame"),
    ],
)
async def test_each_way_sends_what_it_says(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext, auth: Any, header: str, value: str
) -> None:
    await toolbox.call(http_tool(server, auth=auth), {}, context)
    assert server.requests[0].headers[header] == value


async def test_a_key_in_the_query_is_escaped(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext
) -> None:
    await toolbox.call(http_tool(server, auth={"query:key": "key"}), {"q": 1, "key": "mine"}, context)
    assert parse_qs(server.requests[0].query) == {"q": ["1"], "key": [SECRET]}


async def test_an_argument_does_not_take_the_place_of_a_credential(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext
) -> None:
    tool = http_tool(server, bearer="key")
    binding = {**tool.binding, "parameters": {"authorization": "header"}}
    await toolbox.call(dataclasses.replace(tool, binding=binding), {"authorization": "Bearer x"}, context)
    assert server.requests[0].headers["authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize(
    ("auth", "secrets"),
    [
        ({"bearer": "key"}, {}),
        ({"bearer": "key"}, {"key": "line\r\nX-Evil: 1"}),
        ({"bearer": "key"}, {"key": "ünïcode"}),
        ({"cookie:a": "key"}, {"key": "a;b=c"}),
        ({"basic": "key"}, {"key": "no-colon-in-it"}),
    ],
)
async def test_a_secret_that_cannot_be_sent_makes_the_tool_unavailable(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext, auth: Any, secrets: dict[str, str]
) -> None:
    with pytest.raises(Unavailable) as caught:
        await toolbox.call(http_tool(server, auth=auth), {}, dataclasses.replace(context, secrets=secrets))
    assert "the secret key" in str(caught.value)
    assert not any(value in str(caught.value) for value in secrets.values())
    assert server.requests == []


async def test_a_token_is_fetched_once_and_kept(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext
) -> None:
    tool = http_tool(server, auth=oauth2(server, scope="read write"))
    for _ in range(3):
        await toolbox.call(tool, {}, context)
    first, *calls = server.requests
    assert [got.headers["authorization"] for got in calls] == ["Bearer access-token-1"] * 3
    assert first.headers["authorization"] == basic(f"client-of-ours:{quote(SECRET, safe='')}")
    assert parse_qs(first.body.decode()) == {"grant_type": ["client_credentials"], "scope": ["read write"]}


async def test_a_client_may_prove_itself_in_the_body(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext
) -> None:
    await toolbox.call(http_tool(server, auth=oauth2(server, send="body")), {}, context)
    form = parse_qs(server.requests[0].body.decode())
    assert (form["client_id"], form["client_secret"]) == (["client-of-ours"], [SECRET])
    assert "authorization" not in server.requests[0].headers


def pem(key: PrivateKeyTypes) -> str:
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return key.private_bytes(*form).decode()


def signing(server: LoopbackServer, **more: str) -> dict[str, Any]:
    return {"oauth2": {"token_url": f"{server.url}/token", "client_id": "id", "private_key": "pem", **more}}


@pytest.mark.parametrize(
    ("key", "more", "algorithm"),
    [
        (ec.generate_private_key(ec.SECP256R1()), {}, "ES256"),
        (ec.generate_private_key(ec.SECP384R1()), {"audience": "https://id.example"}, "ES384"),
        (rsa.generate_private_key(65537, 2048), {"key_id": "k1", "algorithm": "PS256"}, "PS256"),
        (ed25519.Ed25519PrivateKey.generate(), {}, "EdDSA"),
    ],
)
async def test_a_client_may_sign_its_request(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext, key: Any, more: Any, algorithm: str
) -> None:
    context = dataclasses.replace(context, secrets={**context.secrets, "pem": pem(key)})
    tool = http_tool(server, auth=signing(server, **more))
    await toolbox.call(tool, {}, context)
    form = parse_qs(server.requests[0].body.decode())
    (assertion,) = form["client_assertion"]
    assert form["client_assertion_type"] == ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
    audience = more.get("audience", f"{server.url}/token")
    claims = jwt.decode(assertion, key.public_key(), algorithms=[algorithm], audience=audience)
    assert (claims["iss"], claims["sub"]) == ("client-of-ours", "client-of-ours")
    assert 0 < claims["exp"] - claims["iat"] <= 300
    assert jwt.get_unverified_header(assertion).get("kid") == more.get("key_id")
    assert "client_secret" not in form
    assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize(
    ("key", "more", "words"),
    [
        ("no key, but opensesame", {}, "not a PEM file of a private key"),
        (pem(rsa.generate_private_key(65537, 1024)), {}, "cannot be used"),
        (pem(ed25519.Ed25519PrivateKey.generate()), {"algorithm": "RS256"}, "signs by EdDSA, not by RS256"),
    ],
)
async def test_a_key_that_cannot_sign_makes_the_tool_unavailable(
    server: LoopbackServer, toolbox: Toolbox, context: CallContext, key: str, more: Any, words: str
) -> None:
    context = dataclasses.replace(context, secrets={**context.secrets, "pem": key})
    with pytest.raises(Unavailable, match=words) as caught:
        await toolbox.call(http_tool(server, auth=signing(server, **more)), {}, context)
    assert "opensesame" not in str(caught.value)
    assert server.requests == []


async def test_an_expired_token_is_fetched_anew(
    peer: Peer, server: LoopbackServer, toolbox: Toolbox, context: CallContext
) -> None:
    peer.expires_in = 0
    tool = http_tool(server, auth=oauth2(server))
    await toolbox.call(tool, {}, context)
    await toolbox.call(tool, {}, context)
    assert peer.tokens == 2


async def test_a_refused_token_is_replaced_once(
    peer: Peer, server: LoopbackServer, toolbox: Toolbox, context: CallContext
) -> None:
    tool = http_tool(server, auth=oauth2(server))
    peer.revoked = {"access-token-1"}
    await toolbox.call(tool, {}, context)
    assert peer.tokens == 2
    peer.revoked = {f"access-token-{number}" for number in range(9)}
    with pytest.raises(NotAuthorised) as caught:
        await toolbox.call(tool, {}, context)
    assert peer.tokens == 3
    assert "access-token" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (json_answer({"error": "invalid_client", "error_description": SECRET}, 401), NotAuthorised),
        (json_answer({"error": SECRET}, 400), NotAuthorised),
        (Answer(503, {"retry-after": "3"}, SECRET.encode()), ServerFault),
        (Answer(302, {"location": "/elsewhere"}), BadOutput),
        (json_answer({"access_token": ""}), BadOutput),
        (json_answer({"access_token": "a\nb"}), BadOutput),
        (json_answer({"access_token": "abcdef", "token_type": "mac"}), BadOutput),
        (json_answer([SECRET]), BadOutput),
    ],
)
async def test_a_token_server_that_gives_none_is_told_in_plain_words(
    peer: Peer, server: LoopbackServer, toolbox: Toolbox, context: CallContext, answer: Answer, kind: type
) -> None:
    peer.token_answer = answer
    with pytest.raises(kind) as caught:
        await toolbox.call(http_tool(server, auth=oauth2(server)), {}, context)
    assert SECRET not in str(caught.value)
    assert [got.path for got in server.requests] == ["/token"]


@pytest.mark.parametrize("path", ["/x", "/file", "/fail", "/break", "/html"])
@pytest.mark.parametrize("way", ["bearer", "basic", "header:X-Key", "query:k", "cookie:c", "oauth2"])
async def test_nothing_that_a_peer_repeats_comes_back(
    server: LoopbackServer,
    toolbox: Toolbox,
    context: CallContext,
    caplog: pytest.LogCaptureFixture,
    path: str,
    way: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    auth = oauth2(server) if way == "oauth2" else {way: "pair" if way == "basic" else "key"}
    records: list[Exchange] = []
    seen = []
    try:
        call = toolbox.call(
            http_tool(server, path, auth=auth), {}, dataclasses.replace(context, record=records.append)
        )
        output = (await call).output
        seen.append(repr(output))
        if "file" in output:
            file = await context.files.load(output["file"]["artifact"])
            seen.append(file.path.read_text())
    except ToolError as error:
        seen += [str(error), repr(error.__cause__), repr(error.__context__)]
    ours = "\n".join([*seen, repr(records), *(line for line in caplog.text.splitlines() if "tools" in line)])
    for form in (SECRET, quote(SECRET), quote(SECRET, safe=""), "access-token-1", PAIR):
        assert form not in ours
    for offset in range(3):
        coded = base64.b64encode(b"x" * offset + SECRET.encode()).decode()
        assert coded[4:-4] not in ours
