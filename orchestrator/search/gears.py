"""Gear one where it suffices, gear two where a limit bites: the search over all plans of a task."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from functools import partial
from time import perf_counter

import numpy as np

from orchestrator.search.bounds import (
    Bounds,
    ceilings_of,
    floor,
    region_of,
    root_bounds,
    sharpest,
    worth_keeping,
)
from orchestrator.search.clock import window
from orchestrator.search.dominance import dominated
from orchestrator.search.incumbent import Incumbent, roomy
from orchestrator.search.labels import Counts, Search
from orchestrator.search.network import Network
from orchestrator.search.objective import TIE, Bools, log_objective_at
from orchestrator.search.problem import Stats
from orchestrator.search.sweep import sweep
from orchestrator.search.task import Task

#: Labels a layer keeps in the first pass; each further pass keeps eight times as many.
WIDTHS = (64, 512, 4096, 32768)


@dataclass(frozen=True, slots=True)
class Found:
    """The incumbent after a search, and the proven lower bound of log G over everything else."""

    incumbent: Incumbent
    lower: float
    stats: Stats


def search(task: Task, excluded: dict[str, str] | None, until: float) -> Found:
    """Search all plans: gear one, then gear two over those it leaves open, until the time is up."""
    incumbent = Incumbent(task.preference.alpha, task.cost_before, task.limits, excluded)
    opened, stats = _first_gear(task, incumbent)
    if not opened:
        return Found(incumbent, math.inf, stats)
    return _second_gear(incumbent, opened, until)


def _first_gear(task: Task, incumbent: Incumbent) -> tuple[list[tuple[float, Network]], Stats]:
    """Sweep every plan; return those still open with the bound of log G the sweep proves."""
    done = [
        (sweep(net, ends, alpha=incumbent.alpha, cost_before=task.cost_before), net)
        for net, ends in task.networks
    ]
    for found, net in done:
        incumbent.offer(net, np.stack([point.picks for point in found.hull]))
    stats = Stats(
        generated=sum(len(found.hull) for found, _ in done),
        expanded=sum(found.rounds for found, _ in done),
    )
    levels = [
        (log_objective_at(found.best.cost, found.best.loss, incumbent.alpha), net) for found, net in done
    ]
    opened = [(level, net) for level, net in levels if level < incumbent.level - TIE]
    return sorted(opened, key=lambda pair: (pair[0], pair[1].plan)), stats


def _second_gear(incumbent: Incumbent, opened: list[tuple[float, Network]], until: float) -> Found:
    """Bound every open plan, then pass over them with ever wider layers until all is proven."""
    counts = Counts()
    pending: dict[str, tuple[float, Bounds]] = {}
    for place, (level, net) in enumerate(opened):
        if level < incumbent.level - TIE:
            half = perf_counter() + (until - perf_counter()) / 2 / (len(opened) - place)
            small = net.trimmed(possible(net, incumbent))
            bounds = root_bounds(small, incumbent, partial(_later_than, half)) if small else None
            if bounds is not None:
                pending[net.plan] = (max(level, floor(bounds, incumbent)), bounds)
    for width in WIDTHS:
        for plan, (level, bounds) in list(pending.items()):
            reached = _layers(incumbent, bounds, counts, width, until)
            pending[plan] = (max(level, reached), bounds)
            if reached >= incumbent.level - TIE or math.isinf(reached):
                del pending[plan]
        if not pending or perf_counter() > until:
            break
    lower = min((level for level, _ in pending.values()), default=math.inf)
    return Found(incumbent, lower, Stats("labels", **dataclasses.asdict(counts)))


def _layers(incumbent: Incumbent, bounds: Bounds, counts: Counts, width: int, until: float) -> float:
    """Run one pass over one plan; return the floor of log G of what it had to leave out."""
    here = region_of(bounds, incumbent)
    if not here.edge:
        return math.inf
    ceilings = ceilings_of(bounds, here)
    sharp, tops = sharpest(bounds, ceilings)
    kept = worth_keeping(bounds, ceilings) & efficient(bounds.network, incumbent)
    late = partial(_later_than, until)
    return Search(bounds.network, sharp, incumbent, counts, kept, late).run(width, tops)


def _later_than(moment: float) -> bool:
    return perf_counter() > moment


def possible(network: Network, incumbent: Incumbent) -> Bools:
    """Tell which choices can be part of a path within each limit alone, at the least of the rest."""
    kept = np.ones(len(network.kind), dtype=np.bool_)
    if not len(kept):
        return kept
    limits = incumbent.limits
    sums = ((network.usd, limits.usd), (network.loss, limits.loss - network.loss_before))
    for values, limit in sums:
        if math.isfinite(limit):
            least = np.minimum.reduceat(values, network.first[:-1])
            spare = roomy(limit) - least.sum() + least
            kept &= values <= np.repeat(spare, np.diff(network.first)) + 1e-12
    if math.isfinite(limits.seconds):
        longest = window(network, roomy(limits.seconds))
        kept &= network.seconds <= np.repeat(longest, np.diff(network.first)) + 1e-12
    return kept


def efficient(network: Network, incumbent: Incumbent) -> Bools:
    """Drop choices that another of the same signature class makes superfluous."""
    if incumbent.excluded is not None or not len(network.kind):
        return np.ones(len(network.kind), dtype=np.bool_)
    sides = [network.cost, network.loss]
    if math.isfinite(incumbent.limits.usd):
        sides.append(network.usd)
    if math.isfinite(incumbent.limits.seconds):
        sides.append(network.seconds)
    return ~dominated(network.kind[:, None], np.stack(sides, axis=1))
