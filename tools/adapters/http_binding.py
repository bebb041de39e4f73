"""What the binding of an HTTP tool says: where each argument goes, how it is written, what the body is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.adapters.http_styles import STYLES

PLACES = ("path", "query", "header", "cookie", "body")
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "QUERY", "POST", "PUT", "PATCH", "DELETE"})
#: Fields of a binding.
FIELDS = ("method", "url", "parameters", "headers", "body", "select", "pagination", "hosts")
_STYLES = {"path": "simple", "query": "form", "header": "simple", "cookie": "form", "body": "form"}
_OF_A_PLACE = {"in", "name", "style", "explode", "allowReserved", "content"}
_OF_A_BODY = {"media_type", "argument", "required", "encoding"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where one argument goes, under which name, in which of OpenAPI's styles."""

    where: str
    name: str
    #: "" where the binding asks for none: then arguments travel in the plain way.
    style: str = ""
    explode: bool = False
    reserved: bool = False
    #: A media type by which the whole value is written, in place of a style.
    content: str = ""

    @classmethod
    def of(cls, argument: str, given: Any) -> Place:
        """By the binding's word for it: a place, or an object. Raises `ValueError` for anything else."""
        if isinstance(given, str):
            return cls(_known(given, PLACES), argument)
        if not isinstance(given, Mapping) or set(given) - _OF_A_PLACE:
            raise ValueError(f"use one of {', '.join(PLACES)}, or an object with {', '.join(_OF_A_PLACE)}")
        where = _known(given.get("in"), PLACES)
        style = _known(given.get("style", _STYLES[where]), STYLES)
        return cls(
            where,
            str(given.get("name", argument)),
            style,
            bool(given.get("explode", style in ("form", "cookie", "deepObject"))),
            bool(given.get("allowReserved", False)),
            str(given.get("content", "")),
        )


@dataclass(frozen=True, slots=True)
class Body:
    """The form of a request's body.

    `argument` names the one argument that is the whole body; without it, the arguments placed in
    the body are its fields. `encoding` says by field how forms write it (OpenAPI's encoding object).
    """

    media_type: str = "application/json"
    argument: str | None = None
    required: bool = False
    encoding: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, given: Any) -> Body:
        """By the binding's `body`. Raises `ValueError` for what says nothing."""
        if given is None:
            return cls()
        if not isinstance(given, Mapping) or set(given) - _OF_A_BODY:
            raise ValueError(f"give an object with {', '.join(sorted(_OF_A_BODY))}")
        encoding = given.get("encoding") or {}
        if not isinstance(encoding, Mapping) or not all(
            isinstance(one, Mapping) for one in encoding.values()
        ):
            raise ValueError("encoding is an object of objects, one a field")
        argument = given.get("argument")
        media_type = str(given.get("media_type", "application/json"))
        if not (media_type.isascii() and media_type.isprintable()):
            raise ValueError("media_type is plain letters on one line")
        return cls(
            media_type, None if argument is None else str(argument), bool(given.get("required")), encoding
        )

    def field_place(self, name: str) -> Place:
        """How a form writes one field."""
        asked = self.encoding.get(name, {})
        style = asked.get("style")
        style = style if style in STYLES else "form"
        return Place(
            "body",
            name,
            style,
            bool(asked.get("explode", style == "form")),
            bool(asked.get("allowReserved", False)),
            str(asked.get("contentType", "")),
        )


def _known(word: Any, known: Any) -> str:
    if word not in known:
        raise ValueError(f"use one of {', '.join(sorted(known))}")
    return str(word)
