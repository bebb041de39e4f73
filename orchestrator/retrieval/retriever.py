"""The retriever over the catalog: plain BM25, all fields, all words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from orchestrator.ports import Catalog, Hit
from orchestrator.retrieval.index import Index, build
from orchestrator.retrieval.ranking import best_first, score
from orchestrator.retrieval.stem import stem, words
from tools.spec import Tool


class Bm25Retriever:
    """Finds tools by the words of their records; implements `ports.Retriever`.

    The index is made anew only when the catalog hands out another list of tools, off the event
    loop, and stems are computed only for tools that were not there before.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._tools: Sequence[Tool] | None = None
        self._index: Index | None = None
        self._building = asyncio.Lock()

    async def search(
        self, query: str, *, k: int = 10, accept: Callable[[Tool], bool] | None = None
    ) -> list[Hit]:
        """Exactly `k` hits when that many accepted tools exist, best first, ties by name."""
        index = await self._current()
        by_stem = {stem(word): word for word in words(query)}
        scores = score(index, by_stem)
        hits: list[Hit] = []
        for number in best_first(scores, expected=4 * k):
            if len(hits) >= k:
                break
            tool = index.documents[number].tool
            if accept is None or accept(tool):
                hits.append(Hit(tool, float(scores[number]), _matched(index, number, by_stem)))
        return hits

    async def _current(self) -> Index:
        tools = await self._catalog.active()
        async with self._building:
            if self._index is None or tools is not self._tools:
                self._index = await asyncio.to_thread(build, tools, old=self._index)
                self._tools = tools
            return self._index


def _matched(index: Index, number: int, by_stem: dict[str, str]) -> tuple[str, ...]:
    """The words of the query that the document holds, in the query's order."""
    held = set(index.documents[number].terms.tolist())
    return tuple(word for term, word in by_stem.items() if index.vocabulary.get(term, -1) in held)
