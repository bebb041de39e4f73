"""What an operation is for people and planners: its words, its effect, how its pages are turned."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from tools.openapi import swagger
from tools.openapi.documents import Documents, Node, is_true
from tools.openapi.operation import Operation
from tools.spec import Effect

_SUMMARY = 300
_DESCRIPTION = 10_000
_TAGS = 20
#: Not 304, which leads nowhere.
_REDIRECT = re.compile(r"30[0-35-9]|3[xX]{2}")
#: As requests name hosts: in small letters, or as an address.
_HOST = re.compile(r"[a-z0-9_.-]+|[0-9a-f:.]+")
_VARIABLE = re.compile(r"\{([^{}]+)\}")
_EFFECTS = {
    "GET": Effect.READ,
    "HEAD": Effect.READ,
    "OPTIONS": Effect.READ,
    "QUERY": Effect.READ,
    "PUT": Effect.IDEMPOTENT,
    "DELETE": Effect.IDEMPOTENT,
}
_SIZES = (
    "per_page",
    "page_size",
    "pageSize",
    "limit",
    "max_results",
    "maxResults",
    "first",
    "PageSize",
    "count",
)
#: Words for the next page, with the style they tell of; the first that is there counts.
_PAGES = (
    ("cursor", "cursor"),
    ("page_token", "cursor"),
    ("pageToken", "cursor"),
    ("PageToken", "cursor"),
    ("next_token", "cursor"),
    ("nextToken", "cursor"),
    ("continue", "cursor"),
    ("marker", "cursor"),
    ("starting_after", "cursor"),
    ("after", "cursor"),
    ("offset", "offset"),
    ("skip", "offset"),
    ("page", "page"),
    ("Page", "page"),
    ("pageNumber", "page"),
    ("page_number", "page"),
)


def summary_of(operation: Operation) -> str:
    """One sentence: the summary, else the first sentence of the description, else method and path."""
    for node in (operation.node, operation.item):
        for key in ("summary", "description"):
            said = node.get(key)
            if isinstance(said, str) and said.strip():
                return _first_sentence(said) if key == "description" else _one_line(said)
    return f"{operation.method} {operation.path}"[:_SUMMARY]


def description_of(operation: Operation) -> str:
    """The description, and that the operation is deprecated where it is."""
    said = operation.node.get("description") or operation.item.get("description")
    text = said.strip()[:_DESCRIPTION] if isinstance(said, str) else ""
    old = (
        "Deprecated: the document advises against new uses."
        if is_true(operation.node.get("deprecated"))
        else ""
    )
    return f"{old}\n\n{text}".strip() if old else text


def tags_of(operation: Operation) -> list[str]:
    """The operation's tags."""
    given = operation.node.get("tags")
    tags = [tag.strip()[:64] for tag in given if isinstance(tag, str)] if isinstance(given, list) else []
    return list(dict.fromkeys(tag for tag in tags if tag))[:_TAGS]


def effect_of(operation: Operation, *, keyed: bool) -> Effect:
    """By the method; a server that takes idempotency keys lets any call be repeated."""
    effect = _EFFECTS.get(operation.method, Effect.ONCE)
    said = operation.node.get("x-idempotent")
    if effect is Effect.ONCE and (keyed or said is True):
        return Effect.IDEMPOTENT
    return Effect.ONCE if said is False and effect is Effect.IDEMPOTENT else effect


def pagination_of(parameters: Mapping[str, Any]) -> dict[str, str] | None:
    """Which arguments turn the pages: `{"style", "argument", "size"}`, where the names tell."""
    names = {
        place["name"]: argument
        for argument, place in parameters.items()
        if isinstance(place, dict) and place["in"] == "query"
    }
    page = next(((names[word], style) for word, style in _PAGES if word in names), None)
    size = next((names[word] for word in _SIZES if word in names), None)
    if page is None:
        return None
    found = {"style": page[1], "argument": page[0]}
    return found if size is None else {**found, "size": size}


class Servers:
    """Base addresses of operations; `given` stands for all that the document says."""

    def __init__(self, documents: Documents, given: str) -> None:
        self._given = given.rstrip("/")
        root = documents.root
        self._base = root.base
        old = swagger.is_old(documents)
        self._root = Node(swagger.servers(root), root.base) if old else root.at("servers")

    def base_of(self, operation: Operation) -> str:
        """Without a slash at the end; "" where nothing says where the service is."""
        found = self._of(operation)
        return next((url for url in found if url.startswith("https:")), found[0] if found else "")

    def hosts_of(self, operation: Operation) -> list[str]:
        """Where redirects of an operation may lead: to the servers' hosts; [] stands for anywhere.

        Where the document says that an operation redirects, that is to files which lie elsewhere.
        """
        answers = operation.node.at("responses").value
        if isinstance(answers, dict) and any(_REDIRECT.fullmatch(str(status)) for status in answers):
            return []
        hosts = {urlsplit(url).hostname or "" for url in self._of(operation)}
        return sorted(host for host in hosts if _HOST.fullmatch(host))

    def _of(self, operation: Operation) -> list[str]:
        """The addresses of the servers that serve an operation."""
        if self._given:
            return [self._given]
        for servers in (operation.node.at("servers"), operation.item.at("servers"), self._root):
            given = servers.value if isinstance(servers.value, list) else ()
            found = [url for one in given if (url := self._url(Node(one, servers.base)))]
            if found:
                return found
        # OpenAPI: without servers, the one that the document came from.
        return [urljoin(self._base, "/").rstrip("/")] if self._base.startswith("http") else []

    def _url(self, server: Node) -> str:
        url = server.get("url")
        if not isinstance(url, str):
            return ""
        variables = server.at("variables")
        filled = _VARIABLE.sub(lambda found: _default(variables.at(found[1]), found[0]), url.strip())
        try:
            whole = urljoin(self._base, filled) if self._base.startswith("http") else filled
            parts = urlsplit(whole)
        except ValueError:
            return ""
        usable = parts.scheme in ("http", "https") and parts.hostname and "{" not in parts.netloc
        return whole.partition("#")[0].rstrip("/") if usable else ""


def _default(variable: Node, otherwise: str) -> str:
    default, choices = variable.get("default"), variable.get("enum")
    if default not in (None, ""):
        return str(default)
    return str(choices[0]) if isinstance(choices, list) and choices else otherwise


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SUMMARY else f"{line[: _SUMMARY - 1].rstrip()}…"


def _first_sentence(text: str) -> str:
    line = _one_line(re.sub(r"<[^<>]{1,200}>", " ", text[:2_000]))
    match = re.match(r".{20,}?[.!?](?=\s|$)", line)
    return match[0] if match else line
