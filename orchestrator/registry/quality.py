"""What is missing in a tool's document: hints to whoever registers it, never a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.domain.undo import unfilled
from tools.spec import Effect, Kind, Tool

_SHORT = 20
#: What is looked at in every document.
_CHECKS = 10


@dataclass(frozen=True, slots=True)
class Hint:
    """A field of the record that should be filled, and what for."""

    field: str
    hint: str


def hints(tool: Tool, undo: Tool | None = None) -> list[Hint]:
    """What would let planners and people choose this tool better; `undo` is the tool it names for that."""
    found = [
        (len(tool.summary) < _SHORT, "summary", "say in one sentence what it does: planners read this first"),
        (not tool.description, "description", "describe what it does and what it does not do"),
        (not tool.does, "does", "name its job (such as summarise_text): tools of one job are alternatives"),
        (not tool.docs.when_to_use, "docs.when_to_use", "say when to choose it, and when another tool"),
        (not tool.docs.examples, "docs.examples", "give an example call with its arguments"),
        (not tool.docs.errors, "docs.errors", "name the errors a caller should expect"),
        (not tool.believed, "believed", "give cost, seconds and quality: without them they are guessed"),
        (_without_words(tool), "input_schema", "describe every argument"),
        (not tool.output_schema.get("properties"), "output_schema", "name the fields of its result"),
        (_unpriced_model(tool), "price", "give the price of a thousand tokens in and out"),
    ]
    found += [(True, "undo", hint) for hint in _undo_hints(tool, undo)]
    return [Hint(field, hint) for missing, field, hint in found if missing]


def score(found: Sequence[Hint]) -> float:
    """The share of what is looked at that the document has, from 0 to 1."""
    return round(1 - len({hint.field for hint in found if hint.field != "undo"}) / _CHECKS, 2)


def _undo_hints(tool: Tool, undo: Tool | None) -> list[str]:
    """What keeps its effect from being undone."""
    if tool.undo is None:
        return []
    if tool.effect is Effect.READ:
        return ["a tool whose effect is read leaves nothing to undo"]
    if undo is None:
        return [f"there is no tool named {tool.undo!r} yet: register it, or nothing can be undone"]
    missing = unfilled(tool, undo)
    if not missing:
        return []
    needed = f"{', '.join(missing)}, which {undo.name!r} needs"
    return [f"neither its result nor its arguments have {needed}: nothing can be undone"]


def _without_words(tool: Tool) -> bool:
    fields = tool.input_schema.get("properties", {}).values()
    return any(isinstance(field, dict) and not field.get("description") for field in fields)


def _unpriced_model(tool: Tool) -> bool:
    price = tool.price
    return tool.kind is Kind.MODEL and not (
        price.per_1k_tokens_in or price.per_1k_tokens_out or price.per_call
    )
