"""The planning graph in LangGraph, the one place that knows it: a loop with a bound, without checkpoints."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from langgraph.graph import END, START, StateGraph
from langsmith.run_helpers import tracing_context

from orchestrator.planning.nodes import Nodes
from orchestrator.planning.state import State

#: Steps of the graph after which planning ends, whatever the loop does.
RECURSION_LIMIT = 25


def planning_graph(nodes: Nodes) -> Callable[[State], Awaitable[State]]:
    """recall → decompose → ground → search → check, and back to decompose while it can be mended."""
    graph: Any = StateGraph(State)
    for name in ("recall", "decompose", "ground", "search", "check"):
        graph.add_node(name, getattr(nodes, name))
    graph.add_edge(START, "recall")
    graph.add_edge("recall", "decompose")
    graph.add_edge("decompose", "ground")
    graph.add_conditional_edges("ground", _after_ground, {"end": END, "check": "check", "search": "search"})
    graph.add_edge("search", "check")
    graph.add_conditional_edges("check", _after_check, {"end": END, "mend": "decompose"})
    compiled = graph.compile()

    async def plan(state: State) -> State:
        # An environment that traces LangChain programs must not see requests and files of this one.
        with tracing_context(enabled=False):
            return cast(State, await compiled.ainvoke(state, {"recursion_limit": RECURSION_LIMIT}))

    return plan


def _after_ground(state: State) -> str:
    if state.get("done"):
        return "end"
    return "check" if state.get("findings") else "search"


def _after_check(state: State) -> str:
    return "end" if state.get("done") else "mend"
