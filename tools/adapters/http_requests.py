"""Turns a tool's arguments into one HTTP request, by the tool's binding."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import orjson

from tools.errors import BadArguments, Unavailable
from tools.spec import File, Tool

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_WITHOUT_BODY = frozenset({"GET", "HEAD", "DELETE"})
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_URL = re.compile(r"(?P<server>https?://[^/?#]+)(?P<rest>.*)", re.IGNORECASE | re.DOTALL)


@dataclass(slots=True)
class HttpRequest:
    """What to send; `body` holds the fields of a JSON body, or the one file that is the body."""

    method: str
    url: str
    query: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def file(self) -> File | None:
        """The file that is the whole body, if there is one."""
        files = [item for item in self.body.values() if isinstance(item, File)]
        return files[0] if len(files) == len(self.body) == 1 else None


def build(tool: Tool, arguments: Mapping[str, Any]) -> HttpRequest:
    """The request for these arguments.

    The binding is `{"method", "url": "https://host/{id}", "parameters": {name: place}, "headers"}`
    with the places path, query, body and header. An argument without a place goes into the path
    where the address names it, else into the query (GET, HEAD, DELETE) or the JSON body.
    Raises `BadArguments`, or `Unavailable` for a binding that cannot work.
    """
    method = str(tool.binding.get("method", "GET")).upper()
    match = _URL.fullmatch(str(tool.binding.get("url", "")))
    if method not in _METHODS or match is None or "{" in match["server"]:
        raise Unavailable(f"the tool {tool.name} has no usable method and address")
    places = _places(tool, method, match["rest"], arguments)
    request = HttpRequest(method, "", headers=dict(tool.binding.get("headers") or {}))
    in_path: dict[str, Any] = {}
    for name, value in arguments.items():
        place = places[name]
        if value is None and place != "body":
            continue
        if place == "path":
            in_path[name] = value
        elif place == "query":
            request.query[name] = _words(value)
        elif place == "header":
            request.headers[name] = _one_line(name, value)
        else:
            request.body[name] = value
    request.url = match["server"] + _PLACEHOLDER.sub(lambda found: _segment(found[1], in_path), match["rest"])
    return request


def _places(tool: Tool, method: str, rest: str, arguments: Mapping[str, Any]) -> dict[str, str]:
    given = tool.binding.get("parameters") or {}
    named = set(_PLACEHOLDER.findall(rest))
    default = "query" if method in _WITHOUT_BODY else "body"
    places = {name: given.get(name) or ("path" if name in named else default) for name in arguments}
    for name, place in places.items():
        if place not in ("path", "query", "header", "body"):
            raise Unavailable(f"the tool {tool.name} puts {name} into an unknown place {place!r}")
        if place == "path" and name not in named:
            raise Unavailable(f"the address of the tool {tool.name} has no {{{name}}}")
    return places


def _segment(name: str, values: Mapping[str, Any]) -> str:
    """One value inside the path; it cannot leave its place."""
    if name not in values:
        raise BadArguments(f"{name} is missing: it is a part of the address", paths=(f"/{name}",))
    text = _text(values[name])
    if text in ("", ".", ".."):
        raise BadArguments(f"{name} cannot be {text!r}: it is a part of the address", paths=(f"/{name}",))
    return quote(text, safe="")


def _words(value: Any) -> Any:
    return [_text(item) for item in value] if isinstance(value, (list, tuple)) else _text(value)


def _one_line(name: str, value: Any) -> str:
    text = _text(value)
    if not text.isprintable() or not text.isascii():
        raise BadArguments(f"{name} goes into a header: plain letters on one line only", paths=(f"/{name}",))
    return text


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, File):
        raise BadArguments(f"the file {value.name} can only be sent as the body of a request")
    return orjson.dumps(value).decode()
