"""What every request passes first: Host, key or session, Origin, size; and the headers of every answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestrator.api.problems import problem
from orchestrator.api.sessions import COOKIE, Sessions, same
from tools.openapi.loading import MAX_BYTES

#: Routes answered without a key: they hold no secret.
OPEN = frozenset({"/healthz", "/readyz", "/login", "/static/page.css"})
#: First parts of the dashboard's paths: its pages and files hold no secret. All else needs a key.
PAGES = frozenset(
    (
        "",
        "runs",
        "new",
        "plans",
        "inbox",
        "compare",
        "tools",
        "import",
        "endpoints",
        "settings",
        "assets",
        "icon.svg",
        "theme.js",
    )
)

#: What multipart adds to a file of the greatest size.
_ENVELOPE = 64 * 2**10
_UPLOADS = "/v1/artifacts"
_IMPORTS = "/v1/tools/import/openapi"
#: A document of the greatest size, of which every other character is escaped.
_LARGEST_IMPORT = 2 * MAX_BYTES + _ENVELOPE
#: How much, and how long, a refused request may go on sending.
_DRAINED = 16 * 2**20
_DRAIN_SECONDS = 3.0
#: Where a request's scope says with which API key it came; None stands for the service's own.
CALLER = "toolpath.caller"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Door:
    """Who is let in: keys, sessions, and the names under which the service may be addressed."""

    key: str
    sessions: Sessions
    hosts: Sequence[str]
    #: The id of one of the other keys, or None for what is none.
    check: Callable[[str], Awaitable[str | None]]

    async def refuse(self, scope: Scope, headers: Headers) -> Response | None:
        """The refusal, or None for a request that may go on; its scope then says who calls."""
        scope[CALLER] = None
        if not self._known_host(headers.get("host", "")):
            detail = "This service does not answer under that Host; add it to TOOLPATH_ALLOWED_HOSTS."
            return problem(421, detail, code="unknown_host")
        if is_open(scope["path"]):
            return None
        given = headers.get("authorization", "")
        scheme, _, key = given.partition(" ")
        if given:
            good = scheme.lower() == "bearer" and await self._opens(scope, key.strip())
            return None if good else _unauthorised()
        cookie = _cookie(headers)
        if cookie is None or not self.sessions.valid(cookie):
            return _unauthorised()
        if scope["method"] not in _SAFE and not own_origin(headers):
            detail = "A request by cookie must come from the service's own pages (matching Origin)."
            return problem(403, detail, code="foreign_origin")
        return None

    async def _opens(self, scope: Scope, key: str) -> bool:
        if same(key, self.key):
            return True
        scope[CALLER] = await self.check(key)
        return scope[CALLER] is not None

    def _known_host(self, host: str) -> bool:
        name = _name_of(host)
        allowed = {allowed.strip("[]").lower() for allowed in self.hosts}
        return name is not None and name.lower() in allowed


def is_open(path: str) -> bool:
    """Whether a path is answered without a key."""
    return path in OPEN or is_page(path)


def is_page(path: str) -> bool:
    """Whether a path is the dashboard's."""
    return path.removeprefix("/").partition("/")[0] in PAGES and not path.startswith("//")


class Edge:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, door: Door, *, max_body: int, max_upload: int) -> None:
        self._app = app
        self._door = door
        self._max_body = max_body
        self._max_upload = max_upload

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or hand on with bounded body and guarded headers."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
                return
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        guarded = _with_headers(send)
        limit = self._limit(scope["path"])
        refusal = await self._door.refuse(scope, headers) or _declared_too_large(headers, limit)
        if refusal is not None:
            if "expect" not in headers:  # who waits for leave to send has not begun
                await _drain(receive)
            await refusal(scope, receive, guarded)
            return
        await self._app(scope, _bounded(receive, limit), guarded)

    def _limit(self, path: str) -> int:
        if path == _IMPORTS:
            return max(self._max_body, _LARGEST_IMPORT)
        return self._max_upload + _ENVELOPE if path == _UPLOADS else self._max_body


def _cookie(headers: Headers) -> str | None:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return None if found is None else found.value


def own_origin(headers: Headers) -> bool:
    """Whether the request comes from a page of the service itself."""
    origin = headers.get("origin")
    if origin is None or _name_of(origin.partition("://")[2]) is None:
        return False
    return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()


def _name_of(host: str) -> str | None:
    """The name in "name:port", or None for what is no such thing (a lone bracket, say)."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _unauthorised() -> Response:
    detail = (
        "Send the service's key as 'Authorization: Bearer …' (it lies in local.key in the data folder), "
        "or log in with the link that 'toolpath login' prints."
    )
    return problem(401, detail, code="unauthorised", headers={"WWW-Authenticate": "Bearer"})


def _declared_too_large(headers: Headers, limit: int) -> Response | None:
    length = headers.get("content-length", "")
    return _too_large(limit) if length.isdigit() and int(length) > limit else None


def _too_large(limit: int) -> Response:
    detail = f"The body is larger than {limit:,} bytes."
    return problem(413, detail, code="body_too_large", headers={"Connection": "close"})


def _bounded(receive: Receive, limit: int) -> Receive:
    """Count what comes in, since a body may come without a length."""
    total = 0

    async def counted() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b"")) if message["type"] == "http.request" else 0
        if total > limit:
            if message.get("more_body", False):
                await _drain(receive)
            raise HTTPException(413, f"The body is larger than {limit:,} bytes.")
        return message

    return counted


async def _drain(receive: Receive) -> None:
    """Take in, within bounds, what is still being sent: who is cut off while sending sees no answer."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(_take_in(receive), _DRAIN_SECONDS)


async def _take_in(receive: Receive) -> None:
    left = _DRAINED
    while left > 0:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            return
        left -= len(message.get("body", b""))


def _with_headers(send: Send) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return guarded
