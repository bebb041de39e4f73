"""The tool-path search: which option to take for each sub-task of which plan."""

from orchestrator.search.explain import Explanation, Offer, explain
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
    "Explanation",
    "Infeasible",
    "Node",
    "Offer",
    "Problem",
    "Solution",
    "Stats",
    "Sunk",
    "explain",
    "solve",
]
