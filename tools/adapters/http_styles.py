"""How values stand in addresses, headers, cookies and forms: OpenAPI's parameter styles (RFC 6570)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

import orjson

from tools.errors import BadArguments
from tools.spec import File

#: What `allowReserved` leaves as it is; the signs that part one parameter from the next stay encoded.
_RESERVED = ":/?@!$'()*,;[]"
_DELIMITERS = {"form": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C", "tabDelimited": "%09"}
STYLES = frozenset({*_DELIMITERS, "simple", "label", "matrix", "deepObject", "cookie"})
#: Levels of a value in a deepObject; deeper ones no server reads.
_DEEPEST = 20

Quote = Callable[[str], str]
Pair = tuple[str, str]


def plain(value: Any) -> str:
    """One value as it stands in an address: text as it is, all else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, File):
        raise BadArguments(f"the file {value.name} can only be sent as the body of a request")
    return orjson.dumps(value).decode()


def quoted(text: str, *, reserved: bool = False) -> str:
    """Percent-encoded; with `reserved`, signs that mean something in an address stay as they are."""
    return quote(text, safe=_RESERVED if reserved else "")


def pairs(name: str, value: Any, *, style: str, explode: bool, quote: Quote) -> list[Pair]:
    """A query or form parameter as encoded (name, value) pairs."""
    if style == "deepObject":
        return list(_deep(quote(name), value, quote, _DEEPEST))
    if not isinstance(value, (Mapping, list, tuple)):
        return [(quote(name), quote(plain(value)))]
    if explode and isinstance(value, Mapping):
        return [pair for key, item in value.items() for pair in _each(quote(str(key)), item, quote)]
    if explode:
        return list(_each(quote(name), value, quote))
    words = [quote(plain(word)) for word in _words(value)]
    return [(quote(name), _DELIMITERS.get(style, ",").join(words))] if words else []


def path_text(name: str, value: Any, *, style: str, explode: bool, quote: Quote) -> str:
    """A parameter inside the path, encoded, with the signs that its style puts before it."""
    if style == "matrix":
        return _matrix(name, value, explode, quote)
    first, between = (".", "." if explode else ",") if style == "label" else ("", ",")
    return first + between.join(_simple(value, explode, quote))


def header_text(value: Any, *, explode: bool) -> str:
    """A header's value, in the style `simple`."""
    return ",".join(_simple(value, explode, str))


def _simple(value: Any, explode: bool, quote: Quote) -> list[str]:
    if isinstance(value, Mapping) and explode:
        return [f"{quote(str(key))}={quote(plain(item))}" for key, item in value.items()]
    return [quote(plain(word)) for word in _words(value)]


def _matrix(name: str, value: Any, explode: bool, quote: Quote) -> str:
    if explode and isinstance(value, Mapping):
        return "".join(f";{quote(str(key))}={quote(plain(item))}" for key, item in value.items())
    if explode and isinstance(value, (list, tuple)):
        return "".join(f";{quote(name)}={quote(plain(item))}" for item in value)
    return f";{quote(name)}={','.join(quote(plain(word)) for word in _words(value))}"


def _words(value: Any) -> list[Any]:
    """What a value consists of: an object is its keys and values in turn."""
    if isinstance(value, Mapping):
        return [word for pair in value.items() for word in pair]
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _each(name: str, value: Any, quote: Quote) -> Iterator[Pair]:
    for item in value if isinstance(value, (list, tuple)) else [value]:
        yield name, quote(plain(item))


def _deep(name: str, value: Any, quote: Quote, levels: int) -> Iterator[Pair]:
    if levels == 0:
        raise BadArguments("the value is nested too deep for a form")
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _deep(f"{name}[{quote(str(key))}]", item, quote, levels - 1)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _deep(f"{name}[{index}]", item, quote, levels - 1)
    else:
        yield name, quote(plain(value))
