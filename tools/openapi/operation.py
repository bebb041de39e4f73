"""One operation of a document, as the walk through it finds it."""

from __future__ import annotations

from dataclasses import dataclass

from tools.openapi.documents import Node


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path; `node` is the operation's object, `parameters` those of the path too."""

    method: str
    path: str
    node: Node
    item: Node
    parameters: tuple[Node, ...]

    @property
    def label(self) -> str:
        """For people: the method and the path."""
        return f"{self.method} {self.path}"

    @property
    def id(self) -> str:
        """The operation's own id; "" where it has none."""
        found = self.node.get("operationId")
        return found.strip() if isinstance(found, str) else ""


@dataclass(frozen=True, slots=True)
class Unread:
    """An operation that could not be read, and why."""

    operation: str
    reason: str
