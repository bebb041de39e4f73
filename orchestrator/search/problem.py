"""What the search is asked and what it answers, as frozen values without tools, rows or models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: One conflict: two (sub-task id, signature) pairs that do not fit together.
Conflict = tuple[tuple[str, str], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of one sub-task, as the search sees it.

    `usd` is the expected money, `seconds` the expected tool-seconds, `quality` in (0, 1].
    `signature` is all that other sub-tasks can see of it (output type, clearance, locality).
    `plans` are the merged plans it is consistent with; empty means all.
    """

    id: str
    usd: float
    seconds: float
    quality: float
    signature: str = ""
    plans: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Node:
    """One sub-task: its options, the sub-tasks it waits for, the plans that hold it (empty: all)."""

    id: str
    choices: tuple[Choice, ...]
    needs: tuple[str, ...] = ()
    plans: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sunk:
    """What a run has already used when it searches again.

    `usd`, `seconds` (tool-seconds) and `quality` (product) count into the path. `elapsed` is the
    wall clock since acceptance. `finish` gives, for each sub-task that is finished or running, the
    seconds from now until it is over (0 when it is). `subtasks` counts the sub-tasks behind
    these figures; it matters only for the floor of `unit`.
    """

    usd: float = 0.0
    seconds: float = 0.0
    quality: float = 1.0
    elapsed: float = 0.0
    finish: Mapping[str, float] = field(default_factory=dict)
    subtasks: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """The merged graph of candidate plans; a path takes one plan and one option per sub-task of it.

    `plan_quality` is each plan's factor of Q at the root; empty means one plan of quality 1.
    A need that names neither a sub-task of the plan nor a sunk one is taken as met.
    """

    nodes: tuple[Node, ...]
    conflicts: frozenset[Conflict] = frozenset()
    plan_quality: Mapping[str, float] = field(default_factory=dict)
    sunk: Sunk = field(default_factory=Sunk)


@dataclass(frozen=True, slots=True)
class Stats:
    """What the search did. In the sweep `expanded` counts passes and `generated` paths."""

    gear: str = "sweep"
    generated: int = 0
    expanded: int = 0
    dominated: int = 0
    cut: int = 0
    milliseconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Solution:
    """The best path found.

    `usd`, `tool_seconds`, `wall_seconds` and `quality` are of the whole run, sunk part included;
    `wall_seconds` is the critical path. `objective` is G. `gap` is the proven bound
    (G - lower bound) / lower bound; 0 means optimal under the beliefs given. `unit` is what made
    the cost scale-free; hand it back when searching again within the same run.
    """

    choices: Mapping[str, str]
    plan: str
    usd: float
    tool_seconds: float
    wall_seconds: float
    quality: float
    objective: float
    gap: float
    unit: float
    stats: Stats = Stats()


@dataclass(frozen=True, slots=True)
class Alone:
    """What one limit allows by itself.

    `limit` is "usd", "seconds" or "quality". When the limit is `attainable`, `path` is the
    cheapest that meets it; else the one that comes nearest. None when no path was found in time.
    """

    limit: str
    attainable: bool
    path: Solution | None


@dataclass(frozen=True, slots=True)
class Infeasible:
    """No path meets the limits.

    `limits` names those that cannot be met even alone; empty with `alone` given means that they
    exclude each other. `proven` is False when time ran out before every path was ruled out.
    """

    reason: str
    limits: tuple[str, ...] = ()
    alone: tuple[Alone, ...] = ()
    proven: bool = True
    stats: Stats = Stats()
