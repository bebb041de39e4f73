"""The guarded client, against servers on this machine."""

import asyncio
import gzip
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx2
import pytest

from tools.errors import (
    AddressForbidden,
    BadArguments,
    BadOutput,
    SecretExposed,
    TimedOut,
    TooLarge,
    ToolError,
    Unavailable,
    Unreachable,
)
from tools.net import Net
from tools.testing_server import Answer, LoopbackServer, Received, json_answer

BOMB = gzip.compress(b"0" * 30_000_000)


def to(location: str, status: int = 302) -> Answer:
    return Answer(status, {"location": location})


def echo(got: Received) -> Answer:
    return json_answer(
        {"method": got.method, "query": got.query, "headers": dict(got.headers), "body": got.body.decode()}
    )


PAGES = {
    "text": Answer(200, {"content-type": "text/html; charset=latin-1"}, "Grüße".encode("latin-1")),
    "loop": to("/loop"),
    "lying": Answer(200, {"content-length": "100"}, b"short", drop=True),
    "bomb": Answer(200, {"content-encoding": "gzip"}, BOMB),
    "twice": Answer(200, {"content-encoding": "gzip, gzip"}, gzip.compress(gzip.compress(b"x"))),
    "zipped": Answer(200, {"content-encoding": "gzip"}, gzip.compress(b"unpacked")),
    "broken": Answer(200, {"content-encoding": "gzip"}, b"this is not gzip"),
    "drop": Answer(drop=True),
}


async def handler(got: Received) -> Answer:
    page, _, rest = got.path.strip("/").partition("/")
    match page:
        case "echo":
            return echo(got)
        case "status":
            return Answer(int(rest), {}, b"as asked")
        case "to":
            return to(got.query, int(rest))
        case "large":
            return Answer(200, {}, b"x" * int(rest))
        case "slow":
            await asyncio.sleep(float(rest))
    return PAGES.get(page, Answer(200, {}, b"ok"))


@pytest.fixture
async def server() -> AsyncIterator[LoopbackServer]:
    async with LoopbackServer(handler) as server:
        yield server


@pytest.fixture
async def net(server: LoopbackServer) -> AsyncIterator[Net]:
    net = Net(allow=[server.allow, f"one.test:{server.port}"], resolver=loopback, max_bytes=1_000_000)
    yield net
    await net.aclose()


async def loopback(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"] if host.endswith(".test") else []


async def test_a_reply_has_its_status_headers_text_and_address(net: Net, server: LoopbackServer) -> None:
    reply = await net.request("GET", f"{server.url}/text")
    assert (reply.status, reply.text, reply.media_type) == (200, "Grüße", "text/html")
    assert reply.headers["Content-Type"].startswith("text/html")
    assert reply.url == f"{server.url}/text"


async def test_a_status_of_failure_is_a_reply_like_any_other(net: Net, server: LoopbackServer) -> None:
    reply = await net.request("GET", f"{server.url}/status/503")
    assert (reply.status, reply.body) == (503, b"as asked")


async def test_what_is_sent_arrives(net: Net, server: LoopbackServer) -> None:
    reply = await net.request(
        "post", f"{server.url}/echo?a=1", params={"b": ["x y", "2"]}, json={"c": "ü"}, headers={"X-D": "e"}
    )
    got = reply.json()
    assert (got["method"], got["query"]) == ("POST", "a=1&b=x+y&b=2")
    assert got["body"] == '{"c":"ü"}'
    assert got["headers"]["content-type"] == "application/json"
    assert got["headers"]["x-d"] == "e"
    assert got["headers"]["user-agent"].startswith("toolpath/")


async def test_the_proxies_of_the_environment_are_ignored(
    net: Net, server: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert (await net.request("GET", server.url)).status == 200
    async with net.client() as client:
        assert (await client.get(server.url)).status_code == 200


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://localhost.:{port}/",
        "http://LOCALHOST:{port}/",
        "http://0.0.0.0:{port}/",
        "http://0:{port}/",
        "http://127.1:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f000001:{port}/",
        "http://0177.0.0.1:{port}/",
        "http://[::1]:{port}/",
        "http://[::]:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://[::ffff:7f00:1]:{port}/",
        "http://[64:ff9b::7f00:1]:{port}/",
        "http://[2002:7f00:1::]:{port}/",
        "http://[fe80::1%25eth0]:{port}/",
        "http://[fc00::1]:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "http://metadata.google.internal/computeMetadata/v1/",
        "http://10.0.0.1:{port}/",
        "http://192.168.0.1:{port}/",
        "http://172.16.0.1:{port}/",
        "http://100.64.0.1:{port}/",
        "http://127。0。0。1:{port}/",
        "http://１２７.０.０.１:{port}/",
        "http://ⓛocalhost:{port}/",
        "http://example.com@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}\\@example.com/",
        "http://example.com\\@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}#@example.com/",
        "http:\\\\127.0.0.1:{port}/",
        "http:/127.0.0.1:{port}/",
        " http://127.0.0.1:{port}/",
        "http://127.0.0.1\t:{port}/",
        "http://127.0.0.1%00:{port}/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:{port}/",
        "ftp://127.0.0.1:{port}/",
        "data:text/plain,hello",
        "unix:///var/run/docker.sock",
        "127.0.0.1:{port}",
        "",
    ],
)
async def test_nothing_gets_through_to_this_machine(server: LoopbackServer, url: str) -> None:
    async def real(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"] if "localhost" in host else []

    net = Net(resolver=real)
    address = url.replace("{port}", str(server.port))
    with pytest.raises((AddressForbidden, BadArguments, Unreachable)):
        await net.request("GET", address)
    async with net.client() as client:
        with pytest.raises((ToolError, httpx2.InvalidURL, httpx2.UnsupportedProtocol)):
            await client.get(address)
    await net.aclose()
    assert server.connections == 0


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:1/",
        "http://localhost/",
        "http://169.254.169.254/",
        "http://0x7f000001/",
        "//10.0.0.1/",
        "file:///etc/passwd",
        "gopher://example.test/",
        "http://user@one.test/",
    ],
)
async def test_a_redirect_is_checked_like_any_address(net: Net, server: LoopbackServer, target: str) -> None:
    with pytest.raises((AddressForbidden, Unreachable)):
        await net.request("GET", f"{server.url}/to/302?{target}")
    async with net.client(follow_redirects=True) as client:
        with pytest.raises((AddressForbidden, Unreachable, httpx2.UnsupportedProtocol)):
            await client.get(f"{server.url}/to/302?{target}")


async def test_redirects_are_followed_five_times(net: Net, server: LoopbackServer) -> None:
    reply = await net.request("GET", f"{server.url}/to/302?/to/301?/text")
    assert (reply.status, reply.url) == (200, f"{server.url}/text")
    with pytest.raises(BadOutput, match="more than 5 times"):
        await net.request("GET", f"{server.url}/loop")
    assert sum(got.path == "/loop" for got in server.requests) == 6


async def test_a_redirect_is_a_reply_when_it_shall_not_be_followed(net: Net, server: LoopbackServer) -> None:
    reply = await net.request("GET", f"{server.url}/to/307?/text", follow_redirects=False)
    assert (reply.status, reply.headers["location"]) == (307, "/text")


@pytest.mark.parametrize(
    ("status", "method", "body"), [(302, "GET", ""), (303, "GET", ""), (307, "POST", '{"a":1}')]
)
async def test_a_redirected_post_keeps_its_body_where_the_standard_says_so(
    net: Net, server: LoopbackServer, status: int, method: str, body: str
) -> None:
    got = (await net.request("POST", f"{server.url}/to/{status}?/echo", json={"a": 1})).json()
    assert (got["method"], got["body"]) == (method, body)
    assert ("content-type" in got["headers"]) == bool(body)


async def test_credentials_stay_with_their_origin(net: Net, server: LoopbackServer) -> None:
    secret = {"Authorization": "Bearer x", "X-Api-Key": "y", "Cookie": "z", "Accept": "text/plain"}
    elsewhere = f"{server.url}/to/302?http://one.test:{server.port}/echo"
    got = (await net.request("GET", elsewhere, headers=secret)).json()["headers"]
    assert not {"authorization", "x-api-key", "cookie"} & set(got)
    assert got["accept"] == "text/plain"
    assert got["host"] == f"one.test:{server.port}"
    got = (await net.request("GET", f"{server.url}/to/302?/echo", headers=secret)).json()["headers"]
    assert got["authorization"] == "Bearer x"


@pytest.mark.parametrize("path", ["large/1000001", "bomb"])
async def test_a_reply_over_the_limit_is_refused(net: Net, server: LoopbackServer, path: str) -> None:
    with pytest.raises(TooLarge, match="over 1,000,000 bytes"):
        await net.request("GET", f"{server.url}/{path}")


async def test_the_limit_can_be_set_for_a_request(net: Net, server: LoopbackServer) -> None:
    assert len((await net.request("GET", f"{server.url}/large/10", max_bytes=10)).body) == 10
    with pytest.raises(TooLarge):
        await net.request("GET", f"{server.url}/large/11", max_bytes=10)


async def test_compressed_replies_are_unpacked_once(net: Net, server: LoopbackServer) -> None:
    assert (await net.request("GET", f"{server.url}/zipped")).body == b"unpacked"
    with pytest.raises(BadOutput, match="compressed more than once"):
        await net.request("GET", f"{server.url}/twice")
    with pytest.raises(BadOutput, match="compressed reply"):
        await net.request("GET", f"{server.url}/broken")


async def test_the_time_of_a_whole_call_is_limited(net: Net, server: LoopbackServer) -> None:
    started = time.perf_counter()
    with pytest.raises(TimedOut, match=r"127\.0\.0\.1 did not answer within 0\.2 s"):
        await net.request("GET", f"{server.url}/slow/5", timeout=0.2)
    assert time.perf_counter() - started < 1


async def test_a_server_that_drips_is_given_up_in_time() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await asyncio.sleep(0.02)
        over.set()

    over = asyncio.Event()
    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    net = Net(allow=["127.0.0.1"])
    with pytest.raises(TimedOut):
        await net.request("GET", f"http://127.0.0.1:{port}/", timeout=0.3)
    await asyncio.wait_for(over.wait(), 5)
    await net.aclose()
    server.close()


@pytest.mark.parametrize("path", ["drop", "lying"])
async def test_a_connection_that_breaks_is_unreachable(net: Net, server: LoopbackServer, path: str) -> None:
    with pytest.raises(Unreachable, match="broke before the reply was whole"):
        await net.request("GET", f"{server.url}/{path}")


async def test_nobody_listening_is_unreachable() -> None:
    async with LoopbackServer(handler) as gone:
        pass
    net = Net(allow=["127.0.0.1"])
    with pytest.raises(Unreachable, match=r"no connection to 127\.0\.0\.1"):
        await net.request("GET", gone.url)


@pytest.mark.parametrize(
    ("headers", "url"),
    [({"X": "a\r\nInjected: b"}, "{url}"), ({"X": "ü€"}, "{url}"), ({}, "http://one.test:99999999/")],
)
async def test_a_request_that_cannot_be_sent_is_refused(
    net: Net, server: LoopbackServer, headers: dict[str, str], url: str
) -> None:
    with pytest.raises((BadArguments, AddressForbidden)):
        await net.request("GET", url.replace("{url}", server.url), headers=headers)
    assert not server.requests


async def test_a_cancelled_request_closes_its_connection(net: Net, server: LoopbackServer) -> None:
    call = asyncio.create_task(net.request("GET", f"{server.url}/slow/30"))
    while not server.requests:  # noqa: ASYNC110 - the list has no event
        await asyncio.sleep(0.01)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert (await net.request("GET", server.url)).status == 200


async def test_connections_are_used_again(net: Net, server: LoopbackServer) -> None:
    for _ in range(10):
        await net.request("GET", server.url)
    assert server.connections == 1


async def test_many_slow_calls_run_at_once(net: Net, server: LoopbackServer) -> None:
    started = time.perf_counter()
    replies = await asyncio.gather(*(net.request("GET", f"{server.url}/slow/1") for _ in range(300)))
    assert all(reply.status == 200 for reply in replies)
    assert time.perf_counter() - started < 6


async def test_a_client_for_others_has_the_same_limits(net: Net, server: LoopbackServer) -> None:
    async with net.client() as client:
        assert (await client.get(f"{server.url}/text")).text == "Grüße"
        got = (await client.get(f"{server.url}/echo")).json()
        assert got["headers"]["accept-encoding"] == "identity"
        with pytest.raises(TooLarge):
            await client.get(f"{server.url}/large/1000001")
        with pytest.raises(BadOutput, match="compressed"):
            await client.get(f"{server.url}/bomb")
        with pytest.raises(httpx2.ReadTimeout):
            await client.get(f"{server.url}/slow/5", timeout=0.1)
    with pytest.raises(TypeError, match="decided by the guard"):
        net.client(transport=httpx2.AsyncHTTPTransport())


async def test_an_address_can_be_checked_ahead(net: Net) -> None:
    net.check("https://example.com/x")
    for url, kind in [("http://10.0.0.1/", AddressForbidden), ("http://[x]/", BadArguments)]:
        with pytest.raises(kind):
            net.check(url)


@pytest.fixture
async def tls(tmp_path: Path) -> AsyncIterator[tuple[int, ssl.SSLContext]]:
    """A TLS server for one.test, and a context that trusts its certificate."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-nodes", "-keyout", str(key), "-out", str(certificate), "-days", "2"),
            *("-subj", "/CN=one.test", "-addext", "subjectAltName=DNS:one.test"),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(hello, "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1], ssl.create_default_context(cafile=certificate)
    server.close()
    await server.wait_closed()


async def test_a_certificate_is_checked_against_the_name_not_the_address(
    tls: tuple[int, ssl.SSLContext],
) -> None:
    port, trust = tls
    net = Net(allow=["127.0.0.1"], resolver=loopback, ssl_context=trust)
    assert (await net.request("GET", f"https://one.test:{port}/")).body == b"hello"
    with pytest.raises(Unavailable, match=r"the certificate of two\.test cannot be trusted"):
        await net.request("GET", f"https://two.test:{port}/")
    await net.aclose()
    net = Net(allow=["127.0.0.1"], resolver=loopback)
    with pytest.raises(Unavailable, match="cannot be trusted: self-signed"):
        await net.request("GET", f"https://one.test:{port}/")
    await net.aclose()


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://one.test/x", True),
        ("https://93.184.216.34/", True),
        ("http://one.test/x", False),
        ("http://93.184.216.34/", False),
        ("http://named.test/", True),
        ("http://named.test:8080/", False),
        ("http://10.1.2.3/", True),
        ("http://inside.test/", True),
        ("http://half.test/", False),
        ("http://unknown.example/", False),
    ],
)
async def test_secrets_go_by_plain_http_only_to_what_the_operator_names(url: str, allowed: bool) -> None:
    names = {"inside.test": ["10.0.0.7"], "half.test": ["10.0.0.7", "93.184.216.34"]}

    async def resolver(host: str, port: int) -> Sequence[str]:
        return names.get(host, ["93.184.216.34"] if host.endswith(".test") else [])

    net = Net(allow=["10.0.0.0/8", "named.test:80"], resolver=resolver)
    if allowed:
        await net.check_secrecy(url)
        net.check(url, secret=True)
    else:
        with pytest.raises(SecretExposed, match="TOOLPATH_NET_ALLOW"):
            await net.check_secrecy(url)


async def test_a_redirect_stays_among_the_hosts_that_were_named(net: Net, server: LoopbackServer) -> None:
    away = f"{server.url}/to/302?http://one.test:{server.port}/echo"
    with pytest.raises(AddressForbidden, match=r"one\.test, which is none"):
        await net.request("GET", away, hosts=["two.test"])
    assert [got.path for got in server.requests] == ["/to/302"]
    assert (await net.request("GET", away, hosts=["one.test"])).status == 200
    assert (await net.request("GET", f"{server.url}/to/302?/echo", hosts=["two.test"])).status == 200
