"""How good a document is for whoever has to choose its tools and call them, and what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tools.openapi.inputs import Arguments
from tools.openapi.operation import Operation
from tools.openapi.outputs import Output
from tools.spec import Tool

_NAMED = 5
#: What is looked at, what it counts for, and what its absence is called.
_POINTS = {
    "summary": (3, "no summary or description: nobody can tell what it does"),
    "description": (1, "no description beyond the summary"),
    "id": (1, "no operationId: the name of the tool follows from the path"),
    "arguments": (2, "arguments without a description"),
    "output": (2, "the successful response is not described"),
    "errors": (1, "no error response is described"),
}


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What one operation has of the points, and notes on what could not be taken over."""

    operation: str
    has: dict[str, bool]
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls, operation: Operation, tool: Tool, arguments: Arguments, output: Output, notes: list[str]
    ) -> Shortfall:
        """Of an operation and the tool it became."""
        words = operation.node.get("summary") or operation.node.get("description")
        fields = list(arguments.properties.values())
        has = {
            "summary": bool(words),
            "description": bool(tool.description),
            "id": bool(operation.id),
            "arguments": all(isinstance(one, dict) and _described(one) for one in fields),
            "output": output.described,
            "errors": bool(output.errors),
        }
        return cls(operation.label, has, tuple(notes))


@dataclass(slots=True)
class Quality:
    """The sum over a document."""

    shortfalls: list[Shortfall] = field(default_factory=list)

    def add(self, one: Shortfall) -> None:
        """Count one operation."""
        self.shortfalls.append(one)

    def told(self) -> dict[str, Any]:
        """`score` from 0 to 1 (None without operations), `missing` and `notes` with counts and examples."""
        if not self.shortfalls:
            return {"score": None, "missing": [], "notes": []}
        most = sum(weight for weight, _ in _POINTS.values()) * len(self.shortfalls)
        got = sum(_POINTS[name][0] for one in self.shortfalls for name, there in one.has.items() if there)
        return {
            "score": round(got / most, 3),
            "missing": list(self._missing()),
            "notes": list(self._notes()),
        }

    def _missing(self) -> Iterator[dict[str, Any]]:
        for name, (_, words) in _POINTS.items():
            lacking = [one.operation for one in self.shortfalls if not one.has[name]]
            if lacking:
                yield {"what": words, "count": len(lacking), "operations": lacking[:_NAMED]}

    def _notes(self) -> Iterator[dict[str, Any]]:
        counts = Counter(note for one in self.shortfalls for note in dict.fromkeys(one.notes))
        for note, count in counts.most_common(50):
            having = [one.operation for one in self.shortfalls if note in one.notes]
            yield {"what": note, "count": count, "operations": having[:_NAMED]}


def _described(schema: dict[str, Any]) -> bool:
    return any(key in schema for key in ("description", "title", "$ref", "anyOf", "allOf", "oneOf"))
