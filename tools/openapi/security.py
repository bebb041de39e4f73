"""Security schemes become `Tool.auth`: how a credential is sent, and the name of the secret that holds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tools.openapi import swagger
from tools.openapi.documents import Documents, Lost, Node
from tools.openapi.naming import words_of
from tools.openapi.operation import Operation


class SecurityReader:
    """Reads what operations need; `given` names a secret by scheme, `first` begins the names of others."""

    def __init__(self, documents: Documents, given: Mapping[str, str], first: str) -> None:
        self._given = given
        self._first = first
        self._schemes = dict(_schemes(documents))
        self._root = documents.root.get("security")

    def read(self, operation: Operation) -> tuple[dict[str, str], list[str]]:
        """The auth of a tool, and notes; of alternatives the first whose secrets were named, else the first.

        Where the document lets a call go without credentials, none are sent unless a secret was named.
        """
        own = operation.node.get("security")
        needs = own if isinstance(own, list) else self._root
        choices = [one for one in needs if isinstance(one, dict)] if isinstance(needs, list) else []
        usable: list[dict[str, str]] = []
        unknown: list[str] = []
        for names in choices:
            auth = self._auth(list(names))
            if auth is None:
                unknown += names
            elif names and all(name in self._given for name in names):
                return auth, []
            else:
                usable.append(auth)
        if not choices or {} in usable:
            return {}, []
        if usable:
            return usable[0], []
        return {}, [f"credentials of the kind {', '.join(dict.fromkeys(unknown))} cannot be sent"]

    def named(self) -> dict[str, str]:
        """Every scheme that can be used, with the name of its secret."""
        return {name: self._secret(name) for name in self._schemes if self._auth([name])}

    def _secret(self, name: str) -> str:
        return self._given.get(name) or f"{self._first}_{words_of(name)}".strip("_")[:64]

    def _auth(self, names: list[str]) -> dict[str, str] | None:
        auth = {}
        for name in names:
            way = _way(self._schemes.get(name, {}))
            if way is None:
                return None
            auth[way] = self._secret(name)
        return auth


def _schemes(documents: Documents) -> Iterator[tuple[str, dict[str, Any]]]:
    root = documents.root
    old = swagger.is_old(documents)
    node = root.at("securityDefinitions") if old else root.at("components").at("securitySchemes")
    for name, given in node.value.items() if isinstance(node.value, dict) else ():
        try:
            found = documents.follow(Node(given, node.base))
        except Lost:
            continue
        if isinstance(found.value, dict):
            yield str(name), swagger.scheme(found.value) if old else found.value


def _way(scheme: Mapping[str, Any]) -> str | None:
    """How `Tool.auth` calls the way a credential is sent; None where there is none."""
    kind, name = scheme.get("type"), scheme.get("name")
    if kind in ("oauth2", "openIdConnect"):
        return "bearer"
    if kind == "http":
        way = str(scheme.get("scheme", "")).lower()
        return way if way in ("basic", "bearer") else None
    if (
        kind == "apiKey"
        and isinstance(name, str)
        and name
        and scheme.get("in") in ("header", "query", "cookie")
    ):
        return f"{scheme['in']}:{name}"
    return None
