"""Which tools a language model is shown: those that the request's words lead to, and their neighbours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from orchestrator.planning.toolset import Toolset, job_of
from orchestrator.ports import Hit, Retriever
from tools.spec import Tool

#: What separates the parts of a request roughly; each part is searched for by itself as well, since
#: the words of a long request drown those of its short parts.
_SEAMS = re.compile(r"[.;,:\n]\s|\b(?:and|then|und|dann|et|puis|y|luego)\b")
_MOST_PARTS, _A_PART = 12, 5


async def recalled(words: str, *, tools: Toolset, retriever: Retriever, k: int) -> list[Tool]:
    """About `k` tools, one for each job: grounding adds the alternatives.

    Beyond `k` come tools that those found say to run before or after them, at most half as many:
    the step between two that are named is often not named itself.
    """
    parts = [part.strip() for part in _SEAMS.split(words) if len(part.split()) > 1]
    found: list[Sequence[Hit]] = [await retriever.search(words, k=2 * k, accept=tools.has)]
    found += [await retriever.search(part, k=_A_PART, accept=tools.has) for part in parts[:_MOST_PARTS]]
    first = _one_a_job((hit.tool for hit in _in_turn(found) if hit.score > 0), known=())[:k]
    near = [name for tool in first for name in (*tool.docs.run_after, *tool.docs.run_before)]
    neighbours = (tool for name in near if (tool := tools.get(name)) is not None)
    return [*first, *_one_a_job(neighbours, known=first)[: k // 2]]


def _in_turn(lists: Sequence[Sequence[Hit]]) -> Iterable[Hit]:
    """The first of each list, then the second of each, and so on."""
    for rank in range(max(len(hits) for hits in lists)):
        yield from (hits[rank] for hits in lists if rank < len(hits))


def _one_a_job(tools: Iterable[Tool], *, known: Sequence[Tool]) -> list[Tool]:
    jobs = {job_of(tool) for tool in known}
    kept = []
    for tool in tools:
        if job_of(tool) not in jobs:
            jobs.add(job_of(tool))
            kept.append(tool)
    return kept
