"""The orchestrator's sockets in memory, for tests of the rules behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from orchestrator.domain.artifact import Artifact
from orchestrator.domain.belief import Belief, Prior
from orchestrator.errors import BudgetTooSmall, NotFound
from orchestrator.ports import CatalogEntry
from tools.spec import Believed, Tool


class FakeCatalog:
    """`ports.Catalog` over a list of tools; the list is the same object until it changes."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self._tools = list(tools)
        self.older: dict[tuple[str, int], Tool] = {}

    async def active(self) -> Sequence[Tool]:
        return self._tools

    async def entries(self) -> Mapping[str, CatalogEntry]:
        return {tool.name: CatalogEntry(tool) for tool in sorted(self._tools, key=lambda tool: tool.name)}

    async def entry(self, name: str) -> CatalogEntry:
        for tool in self._tools:
            if tool.name == name:
                return CatalogEntry(tool)
        raise NotFound(f"there is no tool {name!r}")

    async def pinned(self, name: str, version: int) -> Tool:
        for tool in self._tools:
            if (tool.name, tool.version) == (name, version):
                return tool
        if (name, version) in self.older:
            return self.older[name, version]
        raise NotFound(f"there is no version {version} of {name!r}")

    async def add(self, tool: Tool, *, replace: bool = False, reason: str = "") -> CatalogEntry:
        self.older |= {(t.name, t.version): t for t in self._tools if t.name == tool.name}
        self._tools = [*(t for t in self._tools if t.name != tool.name), tool]
        return CatalogEntry(tool)

    async def add_all(
        self, new: Sequence[Tool], *, replace: bool = False, reasons: dict[str, str] | None = None
    ) -> list[CatalogEntry]:
        del reasons
        return [await self.add(tool, replace=replace) for tool in new]

    async def remove(self, name: str) -> None:
        self.older |= {(t.name, t.version): t for t in self._tools if t.name == name}
        self._tools = [t for t in self._tools if t.name != name]


class FakeSecrets:
    """`ports.Secrets` over a dictionary."""

    def __init__(self, **kept: str) -> None:
        self._kept = kept

    async def values(self, names: Iterable[str]) -> Mapping[str, str]:
        return {name: self._kept[name] for name in names if name in self._kept}


class FakeBeliefs:
    """`ports.Beliefs` from the tools' own records, and priors that a test sets."""

    def __init__(self) -> None:
        self.priors: dict[tuple[str, str], Prior] = {}
        self.asked: list[tuple[str, str]] = []

    async def of(self, asked: Sequence[tuple[Tool, str]]) -> list[Belief]:
        self.asked += [(tool.name, subtask_type) for tool, subtask_type in asked]
        return [
            Belief(
                tool.name,
                tool.version,
                subtask_type,
                self.priors.get((tool.name, subtask_type)) or _prior(tool, subtask_type),
            )
            for tool, subtask_type in asked
        ]

    async def table(self, tool: Tool) -> list[Belief]:
        return await self.of([(tool, one.subtask_type) for one in tool.believed])

    async def tables(self, tools: Sequence[Tool]) -> list[list[Belief]]:
        return [await self.table(tool) for tool in tools]

    async def set_prior(self, tool: Tool, subtask_type: str, prior: Prior) -> Belief:
        self.priors[tool.name, subtask_type] = prior
        return (await self.of([(tool, subtask_type)]))[0]


class FakeArtifacts:
    """`ports.Artifacts` for reading: files that a test puts below `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.kept: dict[str, Artifact] = {}

    async def put(self, data: bytes, *, media_type: str, name: str) -> Artifact:
        artifact = Artifact(f"art_{len(self.kept) + 1}", media_type, name, len(data), 0.0)
        self.path(artifact.id).write_bytes(data)
        self.kept[artifact.id] = artifact
        return artifact

    async def get(self, id: str) -> Artifact:
        if id not in self.kept:
            raise NotFound(f"there is no artifact {id!r}")
        return self.kept[id]

    def path(self, id: str) -> Path:
        return self._folder / id


class FakeReplies:
    """`ports.Replies` in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[str, Mapping[str, Any]] = {}

    async def get(self, key: str) -> Mapping[str, Any] | None:
        return self.kept.get(key)

    async def put(self, key: str, reply: Mapping[str, Any], *, run_id: str | None) -> None:
        self.kept[key] = reply


class FakePlanningBudget:
    """`ports.PlanningBudget` with one purse for all runs; everything asked of it is written down."""

    def __init__(self, *, usd: str = "10", tokens: int = 1_000_000) -> None:
        self.usd, self.tokens = Decimal(usd), tokens
        self.reserved: list[tuple[Decimal, int]] = []
        self.settled: list[tuple[Decimal, int]] = []

    async def reserve(self, run_id: str, *, usd: Decimal, tokens: int) -> None:
        if usd > self.usd or tokens > self.tokens:
            raise BudgetTooSmall("the budget does not allow another model call")
        self.usd, self.tokens = self.usd - usd, self.tokens - tokens
        self.reserved.append((usd, tokens))

    async def settle(
        self,
        run_id: str,
        *,
        reserved_usd: Decimal,
        reserved_tokens: int,
        usd: Decimal,
        tokens: int,
        gpu_seconds: float = 0.0,
    ) -> None:
        self.usd += reserved_usd - usd
        self.tokens += reserved_tokens - tokens
        self.settled.append((usd, tokens))


def _prior(tool: Tool, subtask_type: str) -> Prior:
    exact = [one for one in tool.believed if one.subtask_type == subtask_type]
    own = next(iter([*exact, *tool.believed]), Believed())
    return Prior(own.usd, own.seconds, own.quality, own.n)
