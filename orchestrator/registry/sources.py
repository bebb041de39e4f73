"""Where tools come from: what ships, what was imported, what the operator brings, what was registered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from orchestrator.ports import CatalogEntry, ToolStatus
from orchestrator.registry.checks import OWN_TAGS
from tools.spec import Kind, Tool

BUILT_IN, REGISTERED = "built-in", "registered"
#: How the tags begin that imports give, by the kind of tool that they make.
_IMPORTED = {Kind.HTTP: "openapi:", Kind.MCP: "mcp:"}


def source_of(tool: Tool) -> str:
    """`built-in`, `registered`, or the tag that names a document, a server, a module or a program."""
    begins = (*OWN_TAGS, _IMPORTED[tool.kind]) if tool.kind in _IMPORTED else OWN_TAGS
    tag = next((tag for tag in tool.tags if tag.startswith(begins)), None)
    if tag is not None:
        return tag
    shipped = str(tool.binding.get("function", "")).startswith("tools.builtin.")
    return BUILT_IN if shipped and tool.kind is Kind.PYTHON else REGISTERED


@dataclass(slots=True)
class Origin:
    """One source, with its tools counted by their status."""

    name: str
    #: Whether it is a program that the operator has named, so that its tools can be imported.
    importable: bool = False
    counts: Counter[ToolStatus] = field(default_factory=Counter)


def sources(known: Mapping[str, CatalogEntry], servers: Collection[str]) -> list[Origin]:
    """All sources by name; `servers` are the MCP servers that the operator has named."""
    found = {f"mcp:{name}": Origin(f"mcp:{name}", importable=True) for name in servers}
    for entry in known.values():
        name = source_of(entry.tool)
        found.setdefault(name, Origin(name)).counts[entry.status] += 1
    return [found[name] for name in sorted(found)]


@dataclass(frozen=True, slots=True)
class Listed:
    """Which tools are listed; an empty field means all. `words` must all be in the name or summary."""

    kinds: Sequence[str] = ()
    sources: Sequence[str] = ()
    statuses: Sequence[str] = ()
    words: str = ""

    def accept(self, entry: CatalogEntry) -> bool:
        """Whether the tool is one of them."""
        tool = entry.tool
        text = f"{tool.name} {tool.summary}".lower()
        return (
            (not self.kinds or tool.kind.value in self.kinds)
            and (not self.sources or source_of(tool) in self.sources)
            and (not self.statuses or entry.status in self.statuses)
            and all(word in text for word in self.words.lower().split())
        )
