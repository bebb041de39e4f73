"""Finding tools by words, with what speaks for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.ports import Hit, Retriever
from orchestrator.registry.sources import source_of
from tools.spec import Tool


@dataclass(frozen=True, slots=True)
class ToolFacets:
    """Which tools may be found; an empty field means all."""

    kinds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    does: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    def accept(self, tool: Tool) -> bool:
        """Whether the tool has one of the wanted values in each field that names some."""
        taken = {one for types in tool.ports.inputs.values() for one in types}
        return all(
            not wanted or bool(set(wanted) & has)
            for wanted, has in (
                (self.kinds, {tool.kind.value}),
                (self.tags, set(tool.tags)),
                (self.effects, {tool.effect.value}),
                (self.does, set(tool.does)),
                (self.inputs, taken),
                (self.outputs, set(tool.ports.outputs.values())),
                (self.sources, {source_of(tool)}),
            )
        )


async def search(query: str, *, k: int, facets: ToolFacets, retriever: Retriever) -> list[Hit]:
    """Exactly `k` hits when that many tools fit the facets, best first."""
    accept: Callable[[Tool], bool] | None = facets.accept if facets != ToolFacets() else None
    return await retriever.search(query, k=k, accept=accept)
