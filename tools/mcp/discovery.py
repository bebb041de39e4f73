"""Where a server's access tokens are had: by its own word (RFC 9728) and its token server's (RFC 8414)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from tools.errors import BadOutput, ToolError, Unavailable
from tools.net import Net, Reply

_LARGEST = 200_000
_LONGEST_SCOPE = 1_000
_PING = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}).encode()
_TOLD = re.compile(r'(resource_metadata|scope)="([^"]*)"')
_WELL_KNOWN = "/.well-known/"


async def completed(net: Net, url: str, auth: Mapping[str, Any], *, timeout: float) -> dict[str, Any]:
    """`auth` with all that its `oauth2` leaves to the server to tell: `token_url` and what goes with it.

    Raises `Unavailable` when the server does not tell, and what `Net.request` raises.
    """
    grant = auth.get("oauth2")
    if not isinstance(grant, Mapping) or grant.get("token_url"):
        return dict(auth)
    challenge = await _challenge(net, url, timeout)
    resource = await _first(net, _of_resource(url, challenge), timeout)
    named = resource.get("authorization_servers")
    if not _is_of(resource.get("resource"), url) or not isinstance(named, list) or not named:
        raise Unavailable(f"{url} does not say where access tokens are had: give auth/oauth2/token_url")
    issuer = str(named[0])
    told = await _first(net, _of_issuer(issuer), timeout)
    if str(told.get("issuer", "")).rstrip("/") != issuer.rstrip("/") or not told.get("token_endpoint"):
        raise Unavailable(f"{issuer} does not say where access tokens are had: give auth/oauth2/token_url")
    found = {"token_url": str(told["token_endpoint"]), "resource": str(resource["resource"])}
    ways = told.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    if grant.get("private_key"):
        # To the token server's name, not to one of its addresses (SEP-1046).
        found["audience"] = str(told["issuer"])
    elif "client_secret_basic" not in ways and "client_secret_post" in ways:
        found["send"] = "body"
    scope = challenge.get("scope") or _words(resource.get("scopes_supported"))
    if scope and len(scope) <= _LONGEST_SCOPE:
        found["scope"] = scope
    return {**auth, "oauth2": found | {key: text for key, text in grant.items() if text}}


async def _challenge(net: Net, url: str, timeout: float) -> dict[str, str]:
    """What the server says to a request without credentials."""
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    reply = await net.request(
        "POST", url, headers=headers, content=_PING, timeout=timeout, max_bytes=_LARGEST
    )
    said = reply.headers.get("www-authenticate", "") if reply.status in (401, 403) else ""
    return dict(_TOLD.findall(said))


def _of_resource(url: str, challenge: Mapping[str, str]) -> list[str]:
    if "resource_metadata" in challenge:
        return [challenge["resource_metadata"]]
    return [*_at(url, "oauth-protected-resource"), *_at(_origin(url), "oauth-protected-resource")]


def _of_issuer(issuer: str) -> list[str]:
    """In the order of the protocol: OAuth's own place, OpenID's, and OpenID's behind a path."""
    places = [*_at(issuer, "oauth-authorization-server"), *_at(issuer, "openid-configuration")]
    if urlsplit(issuer).path.strip("/"):
        places.append(f"{issuer.rstrip('/')}{_WELL_KNOWN}openid-configuration")
    return places


def _at(url: str, document: str) -> list[str]:
    return [f"{_origin(url)}{_WELL_KNOWN}{document}{urlsplit(url).path.rstrip('/')}"]


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


async def _first(net: Net, places: Iterable[str], timeout: float) -> Mapping[str, Any]:
    """The first of these documents that there is; an empty one when there is none."""
    for place in dict.fromkeys(places):
        reply = await net.request("GET", place, timeout=timeout, max_bytes=_LARGEST)
        if reply.status == 200:
            return _object(reply, place)
    return {}


def _object(reply: Reply, place: str) -> Mapping[str, Any]:
    try:
        told = reply.json()
    except ToolError:
        told = None
    if not isinstance(told, dict):
        raise BadOutput(f"{place} is no JSON object")
    return told


def _is_of(resource: object, url: str) -> bool:
    """Whether what the document describes is this server, or all below a path in which it is."""
    if not isinstance(resource, str) or _origin(resource) != _origin(url):
        return False
    path = urlsplit(resource).path.rstrip("/")
    return f"{urlsplit(url).path.rstrip('/')}/".startswith(f"{path}/")


def _words(scopes: object) -> str:
    return " ".join(map(str, scopes)) if isinstance(scopes, list) else ""
