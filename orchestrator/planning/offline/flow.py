"""The values that flow in a plan: nodes, sources, and what each node's arguments are linked to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from orchestrator.planning.offline.jobs import Job
from orchestrator.planning.offline.values import Value


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from: a node's output field, an attached input, or the request's own words."""

    kind: Literal["node", "input", "literal"]
    type: str
    #: The node's number, for outputs.
    node: int = -1
    #: The output field or the input's name.
    name: str = ""
    value: Value | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes two sources the same."""
        return (self.kind, self.node, self.name, self.value.start if self.value else -1)


@dataclass(slots=True)
class Node:
    """One sub-task of the plan being made; `wanted` is the instance it serves, or makes possible."""

    number: int
    job: Job
    wanted: int
    bridge: bool = False
    links: dict[str, list[Source]] = field(default_factory=dict)
    #: Literal text where nothing else fills a required text.
    captions: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    #: The source that a chain of bridges began with.
    root: tuple[Any, ...] | None = None
    #: Place among the siblings made of several values of one instance.
    part: int = 0


@dataclass(slots=True)
class Flow:
    """Nodes in the order of the work, with what linking them cost."""

    nodes: list[Node] = field(default_factory=list)
    cost: float = 0.0
    used: dict[tuple[Any, ...], int] = field(default_factory=dict)
    #: Nodes of each instance.
    served: dict[int, list[int]] = field(default_factory=dict)
