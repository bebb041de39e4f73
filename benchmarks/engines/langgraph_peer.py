"""LangGraph with its PostgreSQL checkpointer, durability "sync": `langgraph_peer.py graph|functional URL`."""

from __future__ import annotations

import asyncio
import operator
import sys
import time
import uuid
from typing import Annotated, Any, TypedDict

from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.func import entrypoint, task
from langgraph.graph import END, START, StateGraph
from psycopg_pool import AsyncConnectionPool

from benchmarks.engines.peer import Work, serve


class State(TypedDict):
    """What the nodes have given so far."""

    out: Annotated[list, operator.add]


@task
async def step(seconds: float) -> int:
    """Wait."""
    if seconds:
        await asyncio.sleep(seconds)
    return 1


def as_graph(work: Work, saver: Any) -> Any:
    """A StateGraph with an edge for each dependency."""
    graph = StateGraph(State)
    with_children = {parent for parents in work.parents.values() for parent in parents}

    def node(number: int) -> Any:
        async def wait(_state: State) -> dict[str, list[int]]:
            if work.seconds[number]:
                await asyncio.sleep(work.seconds[number])
            return {"out": [number]}

        return wait

    for number in work.parents:
        graph.add_node(f"n{number}", node(number))
    for number, parents in work.parents.items():
        names = [f"n{parent}" for parent in parents]
        graph.add_edge(START if not names else names if len(names) > 1 else names[0], f"n{number}")
        if number not in with_children:
            graph.add_edge(f"n{number}", END)
    return graph.compile(checkpointer=saver)


def as_function(work: Work, saver: Any) -> Any:
    """The functional API: layer by layer, its tasks gathered."""

    @entrypoint(checkpointer=saver)
    async def workflow(_start: int) -> int:
        for layer in work.layers:
            await asyncio.gather(*(step(work.seconds[node]) for node in layer))
        return len(work.parents)

    return workflow


async def main() -> None:
    kind, url = sys.argv[1:]
    options = {"autocommit": True, "prepare_threshold": 0}
    async with AsyncConnectionPool(url, min_size=2, max_size=20, kwargs=options, open=False) as pool:
        saver = AsyncPostgresSaver(pool)
        await saver.setup()

        async def burst(work: Work, runs: int) -> tuple[list[float], float]:
            app = (as_graph if kind == "graph" else as_function)(work, saver)
            start: Any = {"out": []} if kind == "graph" else 1

            async def one() -> float:
                begun = time.perf_counter()
                config = {"configurable": {"thread_id": uuid.uuid4().hex}, "recursion_limit": 500}
                await app.ainvoke(start, config, durability="sync")
                return time.perf_counter() - begun

            begun = time.perf_counter()
            spans = await asyncio.gather(*(one() for _ in range(runs)))
            return list(spans), time.perf_counter() - begun

        await serve(burst)


asyncio.run(main())
