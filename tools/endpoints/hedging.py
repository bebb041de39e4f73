"""A second call for one that takes long: whoever answers first, answers; the other is cancelled.

Dean and Barroso, "The Tail at Scale", 2013.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def hedged(
    first: Coroutine[Any, Any, T],
    *,
    after: float,
    second: Callable[[], Coroutine[Any, Any, T] | None],
) -> T:
    """What `first` returns, or what `second`, asked for after that many seconds, returns before it.

    With `second()` None, and where the second fails, the first one stands alone. When the first fails
    the second may still answer. Raises what the first one raised. Nothing goes on afterwards.
    """
    leading = asyncio.create_task(first)
    tasks = [leading]
    try:
        await asyncio.wait(tasks, timeout=after)
        other = None if leading.done() else second()
        if other is None:
            return await leading
        tasks.append(asyncio.create_task(other))
        return await _first_good(tasks)
    finally:
        await _end(tasks)


async def _first_good(tasks: list[asyncio.Task[T]]) -> T:
    pending = set(tasks)
    while pending:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task in done and not task.cancelled() and task.exception() is None:
                return task.result()
    return tasks[0].result()


async def _end(tasks: list[asyncio.Task[T]]) -> None:
    left = [task for task in tasks if not task.done()]
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # else asyncio complains of errors that nobody asked for
