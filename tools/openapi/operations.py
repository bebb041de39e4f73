"""Walks a document: each operation of each path, with all that it inherits; Swagger 2.0 read as 3.0."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tools.openapi import swagger
from tools.openapi.documents import Documents, Lost, Node
from tools.openapi.operation import Operation, Unread

METHODS = ("get", "head", "options", "query", "post", "put", "patch", "delete", "trace")


def operations(documents: Documents) -> Iterator[Operation | Unread]:
    """All operations in the order of the document; webhooks and callbacks are not for calling."""
    paths = documents.root.at("paths")
    if not isinstance(paths.value, dict):
        return
    for path, given in paths.value.items():
        if path.startswith("x-"):
            continue
        try:
            item = documents.follow(Node(given, paths.base))
        except Lost as lost:
            yield Unread(path, str(lost))
            continue
        if isinstance(item.value, dict):
            yield from _of_a_path(documents, path, item)


def _of_a_path(documents: Documents, path: str, item: Node) -> Iterator[Operation | Unread]:
    for method, node in _methods(item):
        label = f"{method} {path}"
        if method.lower() not in METHODS or method == "TRACE":
            yield Unread(label, f"the method {method[:30]} is not one that tools call")
            continue
        try:
            found = documents.follow(node)
        except Lost as lost:
            yield Unread(label, str(lost))
            continue
        if not isinstance(found.value, dict):
            yield Unread(label, "it is no object")
            continue
        operation = Operation(method, path, found, item, ())
        try:
            parameters = tuple(_parameters(documents, operation))
            operation = Operation(method, path, found, item, parameters)
            yield swagger.modern(operation, documents) if swagger.is_old(documents) else operation
        except Lost as lost:
            yield Unread(label, str(lost))


def _methods(item: Node) -> Iterator[tuple[str, Node]]:
    for name in item.value:
        if isinstance(name, str) and name.lower() in METHODS:
            yield name.upper(), item.at(name)
    more = item.at("additionalOperations")  # OpenAPI 3.2
    if isinstance(more.value, dict):
        for name in more.value:
            yield str(name).upper(), more.at(name)


def _parameters(documents: Documents, operation: Operation) -> Iterator[Node]:
    """The path's parameters and the operation's; the latter win where place and name are the same."""
    found: dict[tuple[Any, Any], Node] = {}
    for owner in (operation.item, operation.node):
        for given in owner.each("parameters"):
            node = documents.follow(given)
            if isinstance(node.value, dict):
                place, name = node.get("in"), node.get("name")
                found[str(place), str(name)] = node
    yield from found.values()
