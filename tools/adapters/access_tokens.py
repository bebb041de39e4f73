"""Access tokens by OAuth 2.0 client credentials (RFC 6749, 4.4), kept until they expire."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import importlib
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlencode

from tools.errors import BadOutput, NotAuthorised
from tools.masking import Mask
from tools.net import Net, Reply
from tools.statuses import status_error

_KEPT = 500
_LARGEST = 100_000
#: Seconds that a token is good for when its server does not say.
_UNTOLD = 300.0
#: A token is taken for expired that much before it is: the call must still arrive.
_EARLY = 30.0
_WORDS = 200
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Grant:
    """What to ask a token server for, and as whom; `in_body` where it takes no header Authorization."""

    url: str
    client_id: str = field(repr=False)
    client_secret: str = field(default="", repr=False)
    #: In place of the secret: a key in PEM that signs each request, and how.
    private_key: str = field(default="", repr=False)
    algorithm: str = ""
    key_id: str = ""
    audience: str = ""
    scope: str = ""
    in_body: bool = False
    #: For whom the token shall be (RFC 8707).
    resource: str = ""

    @property
    def key(self) -> bytes:
        """What tells grants apart, without what is secret of them."""
        proof = (self.client_secret, self.private_key, self.algorithm, self.key_id, self.audience)
        parts = (self.url, self.client_id, *proof, self.scope, self.resource)
        return hashlib.sha256("\0".join(parts).encode()).digest()


@dataclass(slots=True)
class _Kept:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    token: str | None = None
    until: float = 0.0


class AccessTokens:
    """Fetches tokens through the guarded client; calls that need the same one share one request."""

    def __init__(self, net: Net, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._net = net
        self._clock = clock
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()

    async def get(self, grant: Grant, *, timeout: float, refused: str | None = None) -> str:
        """A token that is good by what its server said, and is not the one that was `refused`.

        Raises `NotAuthorised` when the server refuses us, `BadOutput` for what is no token, and what
        `Net.request` raises.
        """
        kept = self._of(grant)
        async with kept.lock:
            if kept.token is None or kept.token == refused or self._clock() >= kept.until:
                kept.token = None
                kept.token, seconds = await self._fetch(grant, timeout)
                kept.until = self._clock() + max(seconds - _EARLY, seconds / 2)
            return kept.token

    def _of(self, grant: Grant) -> _Kept:
        kept = self._kept.setdefault(grant.key, _Kept())
        self._kept.move_to_end(grant.key)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return kept

    async def _fetch(self, grant: Grant, timeout: float) -> tuple[str, float]:
        await self._net.check_secrecy(grant.url)
        form = {"grant_type": "client_credentials"}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if grant.scope:
            form["scope"] = grant.scope
        if grant.resource:
            form["resource"] = grant.resource
        if grant.private_key:
            form |= {"client_id": grant.client_id, "client_assertion_type": _ASSERTION}
            form["client_assertion"] = await asyncio.to_thread(_assertion, grant)
        elif grant.in_body:
            form |= {"client_id": grant.client_id, "client_secret": grant.client_secret}
        else:
            pair = f"{quote_plus(grant.client_id)}:{quote_plus(grant.client_secret)}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        reply = await self._net.request(
            "POST",
            grant.url,
            headers=headers,
            content=urlencode(form).encode(),
            timeout=timeout,
            max_bytes=_LARGEST,
            follow_redirects=False,  # to wherever that leads, our secret does not
        )
        return _token(grant, reply, form.get("client_assertion", ""))


def _assertion(grant: Grant) -> str:
    """In a thread: the library is loaded by the first one, and takes a while."""
    made: str = importlib.import_module("tools.adapters.assertions").signed(
        grant.private_key,
        client_id=grant.client_id,
        audience=grant.audience or grant.url,
        algorithm=grant.algorithm,
        key_id=grant.key_id,
    )
    return made


def _token(grant: Grant, reply: Reply, assertion: str) -> tuple[str, float]:
    host = grant.url.partition("://")[2].partition("/")[0]
    body = _object(reply)
    if reply.status in (400, 401, 403):
        hidden = [one for one in (grant.client_id, grant.client_secret, assertion) if one]
        words = Mask(hidden).text(str(body.get("error", "")))[:_WORDS]
        said = f": {words}" if words else ""
        raise NotAuthorised(f"{host} gives no access token, it answered {reply.status}{said}")
    if reply.status != 200:
        raise status_error(reply.status, reply.headers, host=host)
    token, kind = body.get("access_token"), str(body.get("token_type", "bearer"))
    if not isinstance(token, str) or not token or not (token.isascii() and token.isprintable()):
        raise BadOutput(f"the reply of {host} holds no access token")
    if kind.lower() != "bearer":
        raise BadOutput(f"{host} gives access tokens of a kind that is not known here, not bearer")
    return token, _seconds(body.get("expires_in"))


def _object(reply: Reply) -> dict[str, Any]:
    try:
        body = reply.json()
    except BadOutput:
        return {}
    return body if isinstance(body, dict) else {}


def _seconds(told: Any) -> float:
    try:
        seconds = float(told)
    except (TypeError, ValueError):
        return _UNTOLD
    return max(seconds, 0.0) if math.isfinite(seconds) else _UNTOLD
