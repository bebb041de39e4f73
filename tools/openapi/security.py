"""Security schemes become `Tool.auth`: how a credential is sent, and the name of the secret that holds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tools.auth import faults
from tools.openapi import swagger
from tools.openapi.documents import Documents, Lost, Node
from tools.openapi.naming import words_of
from tools.openapi.operation import Operation

#: The secrets of OAuth's client credentials; named by scheme, dot and this.
_CLIENT = ("client_id", "client_secret")


class SecurityReader:
    """Reads what operations need; `given` names a secret by scheme, `first` begins the names of others."""

    def __init__(self, documents: Documents, given: Mapping[str, str], first: str) -> None:
        self._given = given
        self._first = first
        self._schemes = dict(_schemes(documents))
        self._root = documents.root.get("security")

    def read(self, operation: Operation) -> tuple[dict[str, Any], list[str]]:
        """The auth of a tool, and notes; of alternatives the first whose secrets were named, else the first.

        Where the document lets a call go without credentials, none are sent unless a secret was named.
        """
        own = operation.node.get("security")
        needs = own if isinstance(own, list) else self._root
        choices = [one for one in needs if isinstance(one, dict)] if isinstance(needs, list) else []
        usable: list[dict[str, Any]] = []
        unknown: list[str] = []
        for asked in choices:
            auth = self._auth(asked)
            if auth is None:
                unknown += asked
            elif asked and all(self._is_given(name) for name in asked):
                return auth, []
            else:
                usable.append(auth)
        if not choices or {} in usable:
            return {}, []
        if usable:
            return usable[0], []
        return {}, [f"credentials of the kind {', '.join(dict.fromkeys(unknown))} cannot be sent"]

    def named(self) -> dict[str, str]:
        """Every scheme that can be used, with the name of its secret; client credentials are two."""
        found: dict[str, str] = {}
        for name in self._schemes:
            for way, given in (self._auth({name: ()}) or {}).items():
                if way == "oauth2":
                    found |= {f"{name}.{part}": given[part] for part in _CLIENT}
                else:
                    found[name] = given
        return found

    def _is_given(self, name: str) -> bool:
        return name in self._given or all(f"{name}.{part}" in self._given for part in _CLIENT)

    def _secret(self, name: str) -> str:
        given = self._given.get(name)
        if given:
            return given
        made = f"{self._first}_{words_of(name)}".strip("_")
        # Names of secrets begin with a letter.
        return (made if made[:1].isalpha() else f"api_{made}")[:64]

    def _auth(self, asked: Mapping[str, Any]) -> dict[str, Any] | None:
        """All of these schemes together; None where a call cannot carry them."""
        auth: dict[str, Any] = {}
        for name, scopes in asked.items():
            way, given = self._way(name, scopes)
            if way is None or way in auth:
                return None
            auth[way] = given
        return None if faults(auth) else auth

    def _way(self, name: str, scopes: Any) -> tuple[str | None, str | dict[str, str]]:
        """How the credential of a scheme is sent, and its secret; who names a token for OAuth has it sent."""
        scheme = self._schemes.get(name, {})
        token_url = _token_url(scheme)
        if token_url is None or name in self._given:
            return _way(scheme), self._secret(name)
        grant = {part: self._secret(f"{name}.{part}") for part in _CLIENT} | {"token_url": token_url}
        scope = " ".join(str(one) for one in scopes) if isinstance(scopes, (list, tuple)) else ""
        return "oauth2", grant | ({"scope": scope} if scope else {})


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


def _token_url(scheme: Mapping[str, Any]) -> str | None:
    """Where client credentials get an access token; None where the scheme offers no such way."""
    flows = scheme.get("flows")
    flow = flows.get("clientCredentials") if isinstance(flows, Mapping) else None
    url = flow.get("tokenUrl") if scheme.get("type") == "oauth2" and isinstance(flow, Mapping) else None
    return url if isinstance(url, str) and url.startswith(("https://", "http://")) else None
