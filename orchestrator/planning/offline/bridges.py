"""Bridges: the cheapest chain of jobs that turns a value of one type into another, over the tools' ports."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count

from orchestrator.planning.offline.jobs import (
    Job,
    input_types,
    is_material,
    main_output,
    may_bridge,
    required,
)
from tools.spec import Tool, fits

STEP = 0.35
_LISTED, _UNLISTED, _OTHERS = -0.12, 0.05, 0.3
_LONGEST = 4


@dataclass(frozen=True, slots=True)
class _Span:
    """A job that may stand in a bridge: the types it takes and the one it makes."""

    job: Job
    takes: tuple[str, ...]
    made: str

    def makes(self, kind: str, media: str) -> str | None:
        """The type that the job makes of `kind`; None when it does not take it."""
        if not any(fits(kind, want) for want in self.takes):
            return None
        if kind == "url":
            if self.made == "*/*":
                return media or None
            if media not in ("", "text/html") and self.made == "text/html":
                return None
        return None if self.made in ("*/*", kind) else self.made


def _span(job: Job) -> _Span:
    return _Span(job, input_types(job.lead, required(job.lead)[0]), main_output(job.lead)[1])


@dataclass(slots=True)
class Bridges:
    """Finds bridges over `jobs`; `speaks` says how far the request's words speak for a job (0 to 1)."""

    jobs: Sequence[Job]
    speaks: Callable[[Job], float]
    _known: dict[tuple[str, str, str, str], tuple[float, tuple[Job, ...]] | None] = field(
        default_factory=dict
    )
    _spans: list[_Span] = field(init=False)

    def __post_init__(self) -> None:
        self._spans = [_span(job) for job in self.jobs if may_bridge(job) and not renders(job.lead)]

    def between(
        self, kind: str, goal: Job, argument: str, *, media: str = "", maker: Job | None = None
    ) -> tuple[float, tuple[Job, ...]] | None:
        """Cost and jobs that make of `kind` what `argument` of `goal` takes; no jobs when it fits as it is.

        `media` is the media type of what lies behind an address, `maker` the tool that made the value.
        """
        key = (kind, media, f"{goal.does}.{argument}", maker.does if maker else "")
        if key not in self._known:
            self._known[key] = self._search(kind, goal, argument, media, maker)
        return self._known[key]

    def _search(
        self, kind: str, goal: Job, argument: str, media: str, maker: Job | None
    ) -> tuple[float, tuple[Job, ...]] | None:
        wanted = input_types(goal.lead, argument)
        if kind == "url" and media not in ("", "text/html") and main_output(goal.lead)[1] == "text/html":
            return None
        own_work = maker is not None and renders(maker.lead)
        order = count()
        heap: list[tuple[float, int, str, tuple[Job, ...]]] = [(0.0, next(order), kind, ())]
        done: dict[tuple[str, str], float] = {}
        best: tuple[float, tuple[Job, ...]] | None = None
        while heap:
            cost, _, at, path = heapq.heappop(heap)
            if best is not None and cost >= best[0]:
                break
            last = path[-1] if path else maker
            if any(fits(at, want) for want in wanted) and (path or kind != "*/*"):
                total = cost + affinity(last, goal) + 0.03 * _rank(at, wanted)
                if best is None or total < best[0]:
                    best = (total, path)
                continue
            if own_work or len(path) >= _LONGEST or done.get((at, last.does if last else ""), 9.0) <= cost:
                continue
            done[at, last.does if last else ""] = cost
            for span in self._spans:
                made, job = span.makes(at, media), span.job
                if made is not None and job not in path and job is not goal:
                    more = STEP + affinity(last, job) - 0.08 * self.speaks(job)
                    heapq.heappush(heap, (cost + max(more, 0.1), next(order), made, (*path, job)))
        return best


def affinity(first: Job | None, second: Job) -> float:
    """Less than 0 when the records say that `second` runs after `first`, more when they name others only."""
    if first is None:
        return 0.0
    before = {name for tool in first.tools for name in tool.docs.run_before}
    after = {name for tool in second.tools for name in tool.docs.run_after}
    if before & {tool.name for tool in second.tools} or after & {tool.name for tool in first.tools}:
        return _LISTED
    if after:
        return _OTHERS
    return _UNLISTED if before else 0.0


def renders(tool: Tool) -> bool:
    """Whether a tool puts content into a file; one that only opens an address does not."""
    made = main_output(tool)[1]
    names = [name for name in required(tool) if is_material(input_types(tool, name))]
    types = {kind for name in names for kind in input_types(tool, name)}
    return "/" in made and any("/" not in kind and kind != "url" for kind in types)


def _rank(kind: str, wanted: Sequence[str]) -> int:
    return next((place for place, want in enumerate(wanted) if fits(kind, want)), len(wanted))
