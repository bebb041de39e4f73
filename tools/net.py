"""The one guarded HTTP client: no private address, no endless reply, no endless wait."""

from __future__ import annotations

import asyncio
import json as jsonlib
import ssl
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import httpx2

from tools.addresses import AllowList
from tools.errors import (
    AddressForbidden,
    BadArguments,
    BadOutput,
    TimedOut,
    TooLarge,
    Unavailable,
    Unreachable,
)
from tools.transport import (
    GuardedTransport,
    LimitedTransport,
    Resolver,
    check_secrecy,
    check_url,
    name_to_trust,
    resolve,
)

#: Puts a transport around another.
Wrap = Callable[[httpx2.AsyncBaseTransport], httpx2.AsyncBaseTransport]

USER_AGENT = "toolpath/0.1"
#: Of an address that is kept once it was read.
_KEPT_CHARACTERS = 500
_MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CONNECT_SECONDS = 10.0
#: What may follow a redirect to another origin: every other header may be a credential.
_HARMLESS = frozenset(
    {"accept", "accept-language", "content-type", "idempotency-key", "traceparent", "user-agent"}
)
_OF_A_BODY = frozenset({"content-type", "content-encoding", "content-language"})


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered, whatever its status; `url` is where the last redirect led."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    @property
    def media_type(self) -> str:
        """Of the body, in lower case and without parameters; "" when the server names none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body by the charset that the server names, else UTF-8."""
        charset = httpx2.Response(200, headers=dict(self.headers)).charset_encoding or "utf-8"
        try:
            return self.body.decode(charset, errors="replace")
        except (LookupError, UnicodeError):  # no charset at all, or one of Python's own codecs
            return self.body.decode(errors="replace")

    def json(self) -> Any:
        """The body as JSON. Raises `BadOutput`."""
        try:
            return jsonlib.loads(self.body)
        except ValueError as error:
            raise BadOutput(f"the reply is not JSON: {error}") from None


class Net:
    """Calls http and https addresses that are public, or that `allow` names.

    `allow` lists hosts, host:port, IP addresses and networks that are not public and may be called
    all the same. `timeout` is in seconds for a whole call with its redirects, `max_bytes` is the
    size of a body after decompression; both can be set for each request.
    """

    def __init__(
        self,
        *,
        allow: Sequence[str] = (),
        resolver: Resolver = resolve,
        timeout: float = 30.0,
        max_bytes: int = 20_000_000,
        user_agent: str = USER_AGENT,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.timeout = timeout
        self.max_bytes = max_bytes
        self._allow = AllowList.parse(allow)
        self._resolver = resolver
        self._transport = GuardedTransport(self._allow, resolver, ssl_context)
        self._headers = {"user-agent": user_agent, "accept": "*/*", "accept-encoding": "gzip, deflate"}

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        content: bytes | None = None,
        timeout: float | None = None,
        max_bytes: int | None = None,
        follow_redirects: bool = True,
        hosts: Collection[str] = (),
    ) -> Reply:
        """The reply to one request, of any status; with `hosts`, redirects lead to these and to its own only.

        Raises `ToolError`: `BadArguments` for an address that is none, `AddressForbidden`,
        `Unreachable`, `TimedOut`, `TooLarge`, `BadOutput` for a reply that breaks the protocol.
        """
        seconds = self.timeout if timeout is None else timeout
        request = self._first(method, url, headers=headers, params=params, json=json, content=content)
        host = request.url.host
        try:
            async with asyncio.timeout(seconds):
                return await self._follow(
                    request,
                    hosts={host, *hosts} if hosts else None,
                    max_bytes=self.max_bytes if max_bytes is None else max_bytes,
                    redirects=_MAX_REDIRECTS if follow_redirects else 0,
                )
        except (TimeoutError, httpx2.TimeoutException):
            raise TimedOut(f"{host} did not answer within {seconds:g} s") from None
        except httpx2.DecodingError as error:
            raise BadOutput(f"the compressed reply of {host} is broken: {error}") from None
        except httpx2.LocalProtocolError as error:
            raise BadArguments(f"the request to {host} cannot be sent: {error}") from None
        except httpx2.TransportError as error:
            raise connection_error(error, host) from None

    def check(self, url: str, *, secret: bool = False) -> None:
        """Raises `BadArguments` or `AddressForbidden` for an address that can never be called.

        With `secret` it raises `SecretExposed` for one that no secret may be sent to. Names are not
        resolved, so an address that passes may still be refused when it is called.
        """
        target = _parsed(url)
        check_url(target, self._allow)
        if secret:
            name_to_trust(target, self._allow)

    async def check_secrecy(self, url: str) -> None:
        """Raises `SecretExposed` for an address that no secret may be sent to: all on the way would read it.

        Secrets go by https; by http only to what `allow` names, by its name or by its address.
        """
        target = _parsed(url)
        check_url(target, self._allow)
        await check_secrecy(target, self._allow, self._resolver)

    def client(self, *, wrap: Wrap | None = None, **settings: Any) -> httpx2.AsyncClient:
        """A client of httpx2 behind the same guard, for libraries that want one.

        It takes the settings of `httpx2.AsyncClient` but those of the connection; `wrap` may put a
        transport around the guarded one. It raises httpx2's errors and `AddressForbidden`,
        `Unreachable`, `TooLarge` or `BadOutput`. Close it when done.
        """
        for name in ("transport", "mounts", "proxy", "verify", "cert", "trust_env"):
            if name in settings:
                raise TypeError(f"{name} is decided by the guard")
        settings.setdefault("timeout", httpx2.Timeout(self.timeout, connect=_CONNECT_SECONDS))
        transport: httpx2.AsyncBaseTransport = LimitedTransport(self._transport, self.max_bytes)
        if wrap is not None:
            transport = wrap(transport)
        return httpx2.AsyncClient(transport=transport, trust_env=False, **settings)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    def _first(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None,
        params: Mapping[str, Any] | None,
        json: Any,
        content: bytes | None,
    ) -> httpx2.Request:
        target = _parsed(url)
        if params:
            target = target.copy_merge_params(dict(params))
        check_url(target, self._allow)
        try:
            return httpx2.Request(
                method.upper(), target, headers=self._merged(headers or {}), json=json, content=content
            )
        except (ValueError, TypeError, httpx2.InvalidURL) as error:
            raise BadArguments(f"the request cannot be sent: {error}") from None

    def _merged(self, headers: Mapping[str, str]) -> list[tuple[str, str]]:
        """Ours and the call's, of which those of the call win, whatever the case of their names."""
        merged = {name: (name, value) for name, value in self._headers.items()}
        for name, value in headers.items():
            if (lower := name.lower()) != "accept-encoding":
                merged[lower] = name, value
        return list(merged.values())

    async def _follow(
        self, request: httpx2.Request, *, max_bytes: int, redirects: int, hosts: Collection[str] | None
    ) -> Reply:
        for _ in range(redirects + 1):
            request.extensions = {"timeout": {"connect": _CONNECT_SECONDS}}
            response = await self._transport.handle_async_request(request)
            try:
                location = response.headers.get("location")
                if redirects == 0 or response.status_code not in _REDIRECTS or location is None:
                    return await _read(request, response, max_bytes)
            finally:
                await response.aclose()
            request = _redirected(request, response.status_code, location)
            if hosts is not None and request.url.host not in hosts:
                raise AddressForbidden(f"redirected to {request.url.host}, which is none of the tool's hosts")
        raise BadOutput(f"{request.url.host}: redirected more than {redirects} times")


async def _read(request: httpx2.Request, response: httpx2.Response, max_bytes: int) -> Reply:
    host = request.url.host
    # Several encodings on top of each other serve only to hide a bomb.
    if "," in response.headers.get("content-encoding", ""):
        raise BadOutput(f"the reply of {host} is compressed more than once")
    too_large = TooLarge(f"the reply of {host} is over {max_bytes:,} bytes")
    length = response.headers.get("content-length", "")
    if request.method != "HEAD" and length.isdecimal() and int(length) > max_bytes:
        raise too_large
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > max_bytes:
            raise too_large
    return Reply(response.status_code, response.headers, bytes(body), str(request.url))


def _redirected(request: httpx2.Request, status: int, location: str) -> httpx2.Request:
    """The request that a redirect asks for, by the rules of the Fetch standard."""
    try:
        target = request.url.join(location)
    except httpx2.InvalidURL as error:
        raise BadOutput(f"{request.url.host} redirects to what is no address: {error}") from None
    headers = {name: value for name, value in request.headers.items() if name != "host"}
    method, content = request.method, request.content
    drops_body = (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST")
    if drops_body:
        method, content = "GET", b""
        headers = {name: value for name, value in headers.items() if name not in _OF_A_BODY}
    headers.pop("content-length", None)
    if _origin(target) != _origin(request.url):
        headers = {name: value for name, value in headers.items() if name in _HARMLESS}
    headers["accept-encoding"] = request.headers.get("accept-encoding", "identity")
    return httpx2.Request(method, target, headers=headers, content=content or None)


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _parsed(url: str) -> httpx2.URL:
    """Short ones are kept, as most calls ask for the same; a query may hold a secret, which is not kept."""
    return _parse(url) if "?" in url or len(url) > _KEPT_CHARACTERS else _parse_once(url)


def _parse(url: str) -> httpx2.URL:
    if "\\" in url.partition("?")[0]:
        raise AddressForbidden(
            "an address with a backslash in it may not be called: programs read it differently"
        )
    try:
        return httpx2.URL(url)
    except (httpx2.InvalidURL, TypeError) as error:
        raise BadArguments(f"this is not an address: {error}", paths=("/url",)) from None


_parse_once = lru_cache(maxsize=1_000)(_parse)


def connection_error(error: BaseException, host: str) -> Unreachable | Unavailable:
    """A failed connection in words; a certificate that is wrong will be wrong again."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Unavailable(f"the certificate of {host} cannot be trusted: {cause.verify_message}")
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx2.ConnectError):
        return Unreachable(f"no connection to {host}: {error}")
    return Unreachable(f"the connection to {host} broke before the reply was whole: {error}")
