"""Writes the body of a request: JSON, forms, multipart, text, or a file as it is."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

import httpx2
import orjson

from tools.adapters.http_binding import Body, Place
from tools.adapters.http_requests import HttpRequest
from tools.adapters.http_styles import pairs, plain
from tools.errors import BadArguments
from tools.spec import File

_FORM = "application/x-www-form-urlencoded"
#: A part of a multipart form, as httpx2 takes it: (name, (file name, content, media type)).
_Part = tuple[str, tuple[str | None, bytes] | tuple[str | None, bytes, str]]


async def content_of(request: HttpRequest, headers: dict[str, str]) -> bytes | None:
    """The bytes to send; `headers` gets the media type. Raises `BadArguments`."""
    body, fields = request.body, request.fields
    if body.argument is not None and body.argument not in fields:
        return None
    if not fields and not body.required:
        return None
    value = fields if body.argument is None else fields[body.argument]
    if isinstance(value, File) or _lone_file(body, value):
        file = value if isinstance(value, File) else next(iter(value.values()))
        headers.setdefault("Content-Type", _media_type_of(file, body))
        return await asyncio.to_thread(file.path.read_bytes)
    if _has_files(value):
        return await asyncio.to_thread(_written, body, value, headers)
    # What is in memory already is written faster than a thread is woken.
    return _written(body, value, headers)


def _has_files(value: Any) -> bool:
    """Whether disks must be read to write the value: files stand in forms as fields, or in lists of them."""
    fields = value.values() if isinstance(value, Mapping) else ()
    return any(
        isinstance(one, File) or (isinstance(one, (list, tuple)) and any(isinstance(it, File) for it in one))
        for one in fields
    )


def _lone_file(body: Body, value: Any) -> bool:
    """A tool without a word about its body sends its one file as the whole of it."""
    if body != Body() or not isinstance(value, Mapping) or len(value) != 1:
        return False
    return isinstance(next(iter(value.values())), File)


def _media_type_of(file: File, body: Body) -> str:
    open_ended = "*" in body.media_type or body.media_type in ("application/json", "application/octet-stream")
    return file.media_type if open_ended else body.media_type


def _written(body: Body, value: Any, headers: dict[str, str]) -> bytes:
    if body.media_type.startswith("multipart/"):
        return _multipart(body, value, headers)
    kind = "text/plain" if body.media_type.startswith("text/*") else body.media_type
    headers.setdefault("Content-Type", "application/json" if "*" in kind else kind)
    if body.media_type == _FORM and isinstance(value, Mapping):
        return _form(body, value)
    if isinstance(value, str) and not _is_json(body.media_type):
        return value.encode()
    return _json(value)


def _is_json(media_type: str) -> bool:
    kind = media_type.partition(";")[0].strip().lower()
    return kind in ("application/json", "*/*", "*", "application/*") or kind.endswith("+json")


def _form(body: Body, fields: Mapping[str, Any]) -> bytes:
    written: list[tuple[str, str]] = []
    for name, value in fields.items():
        place = body.field_place(name)
        if place.content and "json" in place.content:
            written.append((quote_plus(name), quote_plus(_json(value).decode())))
        elif value is not None:
            written += pairs(name, value, style=place.style, explode=place.explode, quote=quote_plus)
    return "&".join(f"{name}={value}" for name, value in written).encode()


def _multipart(body: Body, fields: Any, headers: dict[str, str]) -> bytes:
    if not isinstance(fields, Mapping):
        raise BadArguments("the body is a form, so it must be an object", paths=(f"/{body.argument}",))
    parts = [
        part for name, value in fields.items() if value is not None for part in _parts(body, name, value)
    ]
    # A form without any field has a boundary all the same.
    made = httpx2.Request("POST", "http://localhost", files=parts or [("", (None, b""))])
    headers["Content-Type"] = made.headers["content-type"]
    return made.read()


def _parts(body: Body, name: str, value: Any) -> list[_Part]:
    place = body.field_place(name)
    if isinstance(value, (list, tuple)) and not place.content:
        return [_part(place, item) for item in value]
    return [_part(place, value)]


def _part(place: Place, value: Any) -> _Part:
    if isinstance(value, File):
        kind = place.content if place.content and not {"*", ","} & set(place.content) else value.media_type
        return place.name, (value.name, value.path.read_bytes(), kind or _guessed(value))
    if isinstance(value, (Mapping, list, tuple)):
        return place.name, (None, _json(value), place.content or "application/json")
    text = plain(value).encode()
    return place.name, ((None, text, place.content) if place.content else (None, text))


def _guessed(file: File) -> str:
    return mimetypes.guess_type(file.name)[0] or "application/octet-stream"


def _json(value: Any) -> bytes:
    try:
        return orjson.dumps(value, default=_refuse_file, option=orjson.OPT_PASSTHROUGH_DATACLASS)
    except TypeError as error:
        raise BadArguments(f"the arguments cannot be sent as JSON: {error.__cause__ or error}") from None


def _refuse_file(value: Any) -> Any:
    if isinstance(value, File):
        raise TypeError("a file is sent alone, as the whole body, or in a multipart form")
    raise TypeError(f"{type(value).__name__} is not JSON")
