"""The tool-path search: which option to take for each sub-task of which plan."""

from orchestrator.search.problem import (
    Alone,
    Choice,
    Conflict,
    Infeasible,
    Node,
    Problem,
    Solution,
    Stats,
    Sunk,
)
from orchestrator.search.solve import solve

__all__ = [
    "Alone",
    "Choice",
    "Conflict",
    "Infeasible",
    "Node",
    "Problem",
    "Solution",
    "Stats",
    "Sunk",
    "solve",
]
