"""Turns a tool's arguments into one HTTP request, by the tool's binding."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

from tools.adapters.http_binding import METHODS, Body, Place
from tools.adapters.http_styles import Pair, header_text, pairs, path_text, plain, quoted
from tools.errors import BadArguments, Unavailable
from tools.spec import Tool

_WITHOUT_BODY = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_URL = re.compile(r"(?P<server>https?://[^/?#]+)(?P<rest>.*)", re.IGNORECASE | re.DOTALL)


@dataclass(slots=True)
class HttpRequest:
    """What to send; `query` holds encoded pairs, `fields` the arguments of which the body is made."""

    method: str
    address: str
    body: Body
    query: list[Pair] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    cookies: list[Pair] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)
    #: Where redirects may lead besides the address's own host; anywhere when empty.
    hosts: Sequence[str] = ()

    @property
    def url(self) -> str:
        """The address with its query."""
        if not self.query:
            return self.address
        between = "&" if "?" in self.address else "?"
        return self.address + between + "&".join(f"{name}={value}" for name, value in self.query)


def build(tool: Tool, arguments: Mapping[str, Any]) -> HttpRequest:
    """The request for these arguments.

    The binding is `{"method", "url": "https://host/{id}", "parameters": {name: place}, "headers",
    "body", "hosts"}`. A place is path, query, header, cookie or body, or an object that says the name and the
    style too (`http_binding.Place`). An argument without a place goes into the path where the
    address names it, else into the query (GET, HEAD, OPTIONS, DELETE) or the body.
    Raises `BadArguments`, or `Unavailable` for a binding that cannot work.
    """
    method = str(tool.binding.get("method", "GET")).upper()
    match = _URL.fullmatch(str(tool.binding.get("url", "")))
    if method not in METHODS or match is None or "{" in match["server"]:
        raise Unavailable(f"the tool {tool.name} has no usable method and address")
    try:
        body = Body.of(tool.binding.get("body"))
        places = _places(tool, method, match["rest"], arguments)
    except ValueError as error:
        raise Unavailable(f"the tool {tool.name} has a binding that cannot work: {error}") from None
    request = HttpRequest(
        method,
        "",
        body,
        headers=dict(tool.binding.get("headers") or {}),
        hosts=tool.binding.get("hosts") or (),
    )
    in_path: dict[str, str] = {}
    for argument, value in arguments.items():
        place = places[argument]
        if place.where == "body":
            request.fields[place.name] = value
        elif value is not None:
            _put(request, in_path, place, value)
    rest = _PLACEHOLDER.sub(lambda found: _given(found[1], in_path), match["rest"])
    request.address = match["server"] + rest.partition("#")[0]
    return request


def _put(request: HttpRequest, in_path: dict[str, str], place: Place, value: Any) -> None:
    name, text = place.name, plain(value) if place.content else value
    if place.where == "path":
        in_path[name] = _segment(place, text)
    elif place.where == "query":
        request.query += _query(place, text)
    elif place.where == "header":
        request.headers[name] = _one_line(name, header_text(text, explode=place.explode))
    else:
        request.cookies += _cookies(place, text)


def _query(place: Place, value: Any) -> list[Pair]:
    if not place.style:
        items = value if isinstance(value, (list, tuple)) else [value]
        return [(quote_plus(place.name), quote_plus(plain(item))) for item in items]
    return pairs(
        place.name,
        value,
        style=place.style,
        explode=place.explode,
        quote=lambda text: quoted(text, reserved=place.reserved),
    )


def _cookies(place: Place, value: Any) -> list[Pair]:
    if place.style != "cookie":
        return pairs(place.name, value, style="form", explode=place.explode, quote=quoted)
    raw = pairs(place.name, value, style="form", explode=place.explode, quote=str)
    return [(name, _one_line(name, text, forbidden=";,")) for name, text in raw]


def _places(tool: Tool, method: str, rest: str, arguments: Mapping[str, Any]) -> dict[str, Place]:
    given = tool.binding.get("parameters") or {}
    named = set(_PLACEHOLDER.findall(rest))
    default = "query" if method in _WITHOUT_BODY and tool.binding.get("body") is None else "body"
    places = {}
    for name in arguments:
        place = Place.of(name, given.get(name) or ("path" if name in named else default))
        if place.where == "path" and place.name not in named:
            raise ValueError(f"its address has no {{{place.name}}}")
        places[name] = place
    return places


def _given(name: str, values: Mapping[str, str]) -> str:
    if name not in values:
        raise BadArguments(f"{name} is missing: it is a part of the address", paths=(f"/{name}",))
    return values[name]


def _segment(place: Place, value: Any) -> str:
    """One value inside the path; it cannot leave its place."""
    text = (
        path_text(
            place.name,
            value,
            style=place.style,
            explode=place.explode,
            quote=lambda text: quoted(text, reserved=place.reserved),
        )
        if place.style
        else quoted(plain(value))
    )
    if text == "" or any(part in (".", "..") for part in text.split("/")):
        raise BadArguments(
            f"{place.name} cannot be {text!r}: it is a part of the address", paths=(f"/{place.name}",)
        )
    return text


def _one_line(name: str, text: str, *, forbidden: str = "") -> str:
    if not text.isprintable() or not text.isascii() or any(sign in text for sign in forbidden):
        raise BadArguments(f"{name} goes into a header: plain letters on one line only", paths=(f"/{name}",))
    return text
