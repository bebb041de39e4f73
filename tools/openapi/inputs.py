"""What an operation takes, in parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tools.openapi.schemas import Schema


@dataclass(slots=True)
class Arguments:
    """The input schema in parts, and what the binding says about them."""

    properties: dict[str, Schema] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    #: Names of definitions that the schemas need.
    needs: dict[str, None] = field(default_factory=dict)
    #: Keywords of the body that bind its fields together, and whether it takes unknown ones.
    together: dict[str, Any] = field(default_factory=dict)
    others: Schema = False
    notes: list[str] = field(default_factory=list)
    #: Whether the server promises that a repeated call with the same key does nothing more.
    keyed: bool = False

    @property
    def schema(self) -> dict[str, Any]:
        """The input schema, without its definitions."""
        made: dict[str, Any] = {"type": "object", "properties": self.properties}
        if self.required:
            made["required"] = list(dict.fromkeys(self.required))
        return {**made, **self.together, "additionalProperties": self.others}
