"""Whether a result that is there already may stand for a call, looked up just before it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.domain.reuse import Kept, artifacts_in, result_key
from orchestrator.domain.step import Claim
from orchestrator.ports import Artifacts, StepStore
from tools.errors import BadInputFile
from tools.files import by_content
from tools.schemas import schemas_of
from tools.spec import Cache, Effect, Tool


@dataclass(frozen=True, slots=True)
class Looked:
    """What a call is, what may stand for it, and under which rule its own result is to be kept."""

    key: str | None
    kept: Kept | None = None
    keep_under: Cache | None = None


class Reuse:
    """Asks the truth only for steps that were taken up again, and for tools that have a cache."""

    def __init__(self, *, steps: StepStore, artifacts: Artifacts) -> None:
        self._steps, self._artifacts = steps, artifacts
        #: A record's hash is worked out once; it never changes under a version.
        self._hashes: dict[tuple[str, int], str] = {}

    async def look(self, claim: Claim, tool: Tool, arguments: Mapping[str, Any]) -> Looked:
        """Raises `Unavailable` for a tool whose schema is broken."""
        plain = by_content(schemas_of(tool).input, arguments)
        key = result_key(tool.name, tool.version, self._hash(tool), plain)
        if key is None:
            return Looked(None)
        if claim.revision or claim.result_only:
            own = await self._steps.own_result(claim.id, key)
            if own is not None and await self._is_whole(own):
                return Looked(key, own)
        if claim.result_only:
            return Looked(key)
        # A record from before this was checked may claim more than its effect allows.
        if tool.cache is None or tool.effect is not Effect.READ:
            return Looked(key)
        answer = await self._steps.cached_result(claim.id.run_id, tool.cache, key)
        keep_under = tool.cache if answer.keeps else None
        return Looked(key, await self._fit(answer.kept, claim.step_gate), keep_under)

    def _hash(self, tool: Tool) -> str:
        known = self._hashes.get((tool.name, tool.version))
        if known is None:
            known = self._hashes[tool.name, tool.version] = tool.hash
        return known

    async def _fit(self, kept: Kept | None, gate: float) -> Kept | None:
        """A result that passes the run's gate, with all its files."""
        if kept is None or (kept.verdict is not None and kept.verdict.quality < gate):
            return None
        return kept if await self._is_whole(kept) else None

    async def _is_whole(self, kept: Kept) -> bool:
        """Whether the files that it names are all still there."""
        try:
            for id in artifacts_in(kept.output):
                await self._artifacts.load(id)
        except BadInputFile:
            return False
        return True
