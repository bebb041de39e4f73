"""How bytes leave the service: connections to checked addresses only, in pools that stay cheap when full."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from ipaddress import ip_address

import anyio
import httpcore2
import httpx2

from tools.addresses import Address, AllowList
from tools.errors import AddressForbidden, BadOutput, SecretExposed, TooLarge, Unreachable

#: Answers the IP addresses of a host, best first; raises `OSError` when there are none.
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]

_DEFAULT_PORTS = {"http": 80, "https": 443}
#: A request costs CPU for every connection of its pool, hence many small pools.
_POOLS = 64
_CONNECTIONS_OF_A_POOL = 64
_IDLE_OF_A_POOL = 4


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host as the machine's resolver orders them."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def check_url(url: httpx2.URL, allow: AllowList) -> None:
    """Raises `AddressForbidden` for a URL that cannot be right, whatever its host resolves to."""
    if url.scheme not in _DEFAULT_PORTS:
        raise AddressForbidden(f"only http and https addresses may be called, not {url.scheme or 'others'}:")
    if url.userinfo:
        raise AddressForbidden("an address with a user name or password in it may not be called")
    port = _port(url)
    if not 0 < port < 65536:
        raise AddressForbidden(f"{port} is not a port")
    allow.check_host(url.host, port)


def name_to_trust(url: httpx2.URL, allow: AllowList) -> str | None:
    """The name whose addresses decide whether a secret may go to that URL; None where it may.

    Raises `SecretExposed` where it may not, whatever a name resolves to: secrets go by https, by http
    only to what the operator has named.
    """
    if url.scheme == "https":
        return None
    port = _port(url)
    parsed = allow.check_host(url.host, port)
    if isinstance(parsed, str):
        if allow.has_name(parsed, port):
            return None
        if allow.networks:
            return parsed
    elif allow.has_address(parsed, port):
        return None
    raise _exposed(url)


async def check_secrecy(url: httpx2.URL, allow: AllowList, resolver: Resolver) -> None:
    """Raises `SecretExposed` for plain http to a host that the operator has not named in any way."""
    name = name_to_trust(url, allow)
    if name is None:
        return
    port = _port(url)
    addresses: Sequence[Address] = ()
    with suppress(OSError, UnicodeError):
        addresses = [ip_address(text) for text in await resolver(name, port)]
    if not addresses or not all(allow.has_address(address, port) for address in addresses):
        raise _exposed(url)


def _port(url: httpx2.URL) -> int:
    return url.port if url.port is not None else _DEFAULT_PORTS[url.scheme]


def _exposed(url: httpx2.URL) -> SecretExposed:
    return SecretExposed(
        f"secrets are not sent to {url.host} by plain http, where all on the way could read them:"
        " use https, or let the operator name the host in TOOLPATH_NET_ALLOW"
    )


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Opens connections: resolves the name once, checks every address, dials only those."""

    def __init__(
        self,
        allow: AllowList,
        resolver: Resolver = resolve,
        inner: httpcore2.AsyncNetworkBackend | None = None,
    ) -> None:
        self._allow = allow
        self._resolver = resolver
        self._inner = inner or httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Raises `AddressForbidden`, `Unreachable` or httpcore2's own errors."""
        addresses = await self._addresses(host, port, timeout)
        share = None if timeout is None else timeout / len(addresses)
        failure: Exception | None = None
        for address in addresses:
            try:
                return await self._inner.connect_tcp(str(address), port, share, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        assert failure is not None
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Never."""
        raise AddressForbidden("sockets of this machine may not be called")

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)

    async def _addresses(self, host: str, port: int, timeout: float | None) -> Sequence[Address]:
        parsed = self._allow.check_host(host, port)
        if not isinstance(parsed, str):
            return (parsed,)
        try:
            async with asyncio.timeout(timeout):
                texts = await self._resolver(parsed, port)
        except TimeoutError:
            raise httpcore2.ConnectTimeout(f"the name {parsed} did not resolve in time") from None
        except (OSError, UnicodeError):
            texts = ()
        if not texts:
            raise Unreachable(f"the name {parsed} does not resolve: check its spelling")
        addresses = [ip_address(text) for text in texts]
        self._allow.check_addresses(parsed, port, addresses)
        return addresses


class GuardedTransport(httpx2.AsyncBaseTransport):
    """A transport of httpx2 over `GuardedBackend`.

    It holds several pools and gives a request to the first of the least busy ones, so that few
    calls share warm connections and a thousand at once do not walk through each other's.
    """

    def __init__(
        self, allow: AllowList, resolver: Resolver = resolve, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        self._allow = allow
        self._backend = GuardedBackend(allow, resolver)
        self._ssl_context = ssl_context
        self._pools: list[httpcore2.AsyncConnectionPool] = []
        self._busy = [0] * _POOLS

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises `ToolError` for what the guard refuses, else httpx2's errors."""
        url = request.url
        check_url(url, self._allow)
        pool = self._take()
        try:
            response = await self._send(self._pools[pool], request)
        except BaseException:
            self._busy[pool] -= 1
            raise
        return response_of(response, lambda: self._give_back(pool))

    async def aclose(self) -> None:
        pools, self._pools = self._pools, []
        for pool in pools:
            await pool.aclose()

    async def _send(self, pool: httpcore2.AsyncConnectionPool, request: httpx2.Request) -> httpcore2.Response:
        url = request.url
        assert isinstance(request.stream, httpx2.AsyncByteStream)
        message = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions={"timeout": request.extensions.get("timeout", {})},
        )
        with in_words_of_httpx():
            return await pool.handle_async_request(message)

    def _take(self) -> int:
        if not self._pools:
            self._ssl_context = self._ssl_context or httpcore2.default_ssl_context()
            self._pools = [self._new_pool() for _ in self._busy]
        pool = self._busy.index(min(self._busy))
        self._busy[pool] += 1
        return pool

    def _give_back(self, pool: int) -> None:
        self._busy[pool] -= 1

    def _new_pool(self) -> httpcore2.AsyncConnectionPool:
        return httpcore2.AsyncConnectionPool(
            ssl_context=self._ssl_context,
            max_connections=_CONNECTIONS_OF_A_POOL,
            max_keepalive_connections=_IDLE_OF_A_POOL,
            keepalive_expiry=15.0,
            network_backend=self._backend,
        )


class LimitedTransport(httpx2.AsyncBaseTransport):
    """For clients of others: shares the connections of a transport, and bounds what a reply may hold.

    Compressed replies are neither asked for nor taken, since their size after decompression is
    out of our hands there.
    """

    def __init__(self, inner: httpx2.AsyncBaseTransport, max_bytes: int) -> None:
        self._inner = inner
        self._max_bytes = max_bytes

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request.headers["accept-encoding"] = "identity"
        response = await self._inner.handle_async_request(request)
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            await response.aclose()
            raise BadOutput(f"{request.url.host} sent a compressed reply that was not asked for")
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        stream = _Limited(response.stream, self._max_bytes, request.url.host)
        return httpx2.Response(response.status_code, headers=response.headers.raw, stream=stream)


class _Limited(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream, max_bytes: int, host: str) -> None:
        self._inner = inner
        self._max_bytes = max_bytes
        self._host = host

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for part in self._inner:
            size += len(part)
            if size > self._max_bytes:
                raise TooLarge(f"the reply of {self._host} is over {self._max_bytes:,} bytes")
            yield part

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Stream(httpx2.AsyncByteStream):
    """The body of a reply; tells when it is over."""

    def __init__(self, inner: httpcore2.Response, over: Callable[[], None]) -> None:
        self._inner = inner
        self._over: Callable[[], None] | None = over
        self._begun = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._begun:  # who drains what was read already gets nothing
            return
        self._begun = True
        with in_words_of_httpx():
            async for part in self._inner.aiter_stream():
                yield part

    async def aclose(self) -> None:
        over, self._over = self._over, None
        if over is None:
            return
        try:
            await self._inner.aclose()
        finally:
            over()


def response_of(response: httpcore2.Response, over: Callable[[], None]) -> httpx2.Response:
    """httpcore2's response as one of httpx2; `over` is called once when it is closed."""
    return httpx2.Response(response.status, headers=response.headers, stream=_Stream(response, over))


@contextmanager
def in_words_of_httpx() -> Iterator[None]:
    """httpcore2's errors as httpx2's of the same names."""
    try:
        yield
    except (
        httpcore2.TimeoutException,
        httpcore2.NetworkError,
        httpcore2.ProtocolError,
        httpcore2.UnsupportedProtocol,
    ) as error:
        kind: type[httpx2.TransportError] = getattr(httpx2, type(error).__name__, httpx2.TransportError)
        raise kind(str(error)) from error
    except (ssl.SSLError, anyio.EndOfStream) as error:
        # The layer below lets these through when a TLS connection breaks.
        raise httpx2.ReadError(str(error)) from error
