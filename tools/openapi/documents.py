"""The documents of one import, and what their references lead to."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from referencing import Registry, Resource
from referencing.exceptions import Unresolvable

from tools.json_values import unkept

#: The address of a document that came without one; relative references stay below it.
GIVEN = "given:/"
_LONGEST_CHAIN = 30
#: Where old documents mean a name alone to be looked up.
_HOMES = ("/definitions/", "/components/schemas/")


class Lost(Exception):
    """A reference leads nowhere; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value, and the document in which its references are read."""

    value: Any
    base: str

    def get(self, key: str) -> Any:
        """What is under a key; None when this is no object, or has none."""
        return self.value.get(key) if isinstance(self.value, dict) else None

    def at(self, key: str) -> Node:
        """The same as a node of the same document."""
        return Node(self.get(key), self.base)

    def each(self, key: str) -> list[Node]:
        """The items of a list under a key."""
        items = self.get(key)
        return [Node(item, self.base) for item in items] if isinstance(items, list) else []


class Documents:
    """`contents` by address, the root's first; `absent` says why others are not there."""

    def __init__(self, contents: Mapping[str, Any], absent: Mapping[str, str] | None = None) -> None:
        self.root = Node(next(iter(contents.values())), next(iter(contents)))
        #: Addresses that references lead to, and that nobody has brought yet.
        self.needed: dict[str, None] = {}
        #: Whether a document holds what no database keeps (NUL, half a character).
        self.doubtful = any(unkept(value) is not None for value in contents.values())
        self._absent = absent or {}
        self._contents = contents
        registry: Registry[Any] = Registry()
        self._resolver = registry.with_resources(
            (uri, Resource.opaque(value)) for uri, value in contents.items()
        ).resolver()
        self._found: dict[str, Node] = {}
        self._anchors: dict[str, dict[str, Any]] = {}

    def address(self, reference: str, base: str) -> str:
        """The whole address that a reference means in a document."""
        place, _, fragment = reference.partition("#")
        target = _joined(base, place) if place else base
        return f"{target}#{fragment}"

    def look_up(self, address: str) -> Node:
        """What lies at an address. Raises `Lost`."""
        known = self._found.get(address)
        if known is None:
            known = self._found[address] = self._look_up(address)
        return known

    def follow(self, node: Node) -> Node:
        """The node, or what its references lead to in the end. Raises `Lost`."""
        for _ in range(_LONGEST_CHAIN):
            reference = reference_of(node.value)
            if reference is None:
                return node
            node = self.look_up(self.address(reference, node.base))
        raise Lost(f"the references after {reference} go round in a circle")

    def _look_up(self, address: str) -> Node:
        uri, _, fragment = address.partition("#")
        if uri not in self._contents:
            return self._elsewhere(uri)
        if fragment and not fragment.startswith("/"):
            return Node(self._anchored(uri, unquote(fragment)), uri)
        try:
            return Node(self._resolver.lookup(address).contents, uri)
        except (Unresolvable, ValueError, TypeError, LookupError):
            raise Lost(f"{_told(uri)}#{fragment[:200]} is not there") from None

    def _elsewhere(self, uri: str) -> Node:
        """A document that is not here: perhaps only a name that should have been a pointer."""
        name = uri.removeprefix(self.root.base.rpartition("/")[0]).lstrip("/")
        if name and not set(name) & set("/.:"):
            for home in _HOMES:
                try:
                    found = self._resolver.lookup(f"{self.root.base}#{home}{name}")
                except (Unresolvable, ValueError, TypeError, LookupError):
                    continue
                return Node(found.contents, self.root.base)
        if uri in self._absent:
            raise Lost(f"{_told(uri)} {self._absent[uri]}")
        self.needed[uri] = None
        raise Lost(f"{_told(uri)} was not given")

    def _anchored(self, uri: str, name: str) -> Any:
        anchors = self._anchors.get(uri)
        if anchors is None:
            anchors = self._anchors[uri] = _anchors(self._contents[uri])
        try:
            return anchors[name]
        except KeyError:
            raise Lost(f"{_told(uri)}#{name[:200]} is not there") from None


def reference_of(value: Any) -> str | None:
    """The reference that an object is; a property that happens to be named $ref is none."""
    found = value.get("$ref") if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def is_true(value: Any) -> bool:
    """Whether a document says yes; some write it as text."""
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def _joined(base: str, place: str) -> str:
    try:
        if not base.startswith(GIVEN) or urlsplit(place).scheme:
            return urljoin(base, place)
    except ValueError:
        raise Lost(f"{place[:200]} is no address") from None
    folder = posixpath.dirname("/" + base.removeprefix(GIVEN))
    return GIVEN + posixpath.normpath(posixpath.join(folder, unquote(place))).lstrip("/")


def _told(uri: str) -> str:
    return uri.removeprefix(GIVEN)[:300]


def _anchors(root: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    stack = [root]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            names = (value.get("$anchor"), value.get("$dynamicAnchor"))
            found |= {name: value for name in names if isinstance(name, str) and name not in found}
        stack += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return found
