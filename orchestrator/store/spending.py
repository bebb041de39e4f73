"""Money and places for calls that are no steps: planning's model calls, and tools that are tried out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from decimal import Decimal

from sqlalchemy import delete, select, update

from orchestrator.domain.step import StepId
from orchestrator.errors import BudgetTooSmall, LimitReached
from orchestrator.execution.scheduler import worst_usd
from orchestrator.store.codec import nano, usd
from orchestrator.store.database import Database
from orchestrator.store.journal import Journal
from orchestrator.store.overruns import learn_worst
from orchestrator.store.pools import PLANNING, Pool, charge, hold, lock_pools, wake, write_tokens
from orchestrator.store.tables import slots
from tools.spec import Tool

#: Seconds that a call waits for money that other calls in flight hold.
PATIENCE = 30.0
_PAUSE = 0.2


class SqlSpending:
    """`registry.invoke.Spending`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve(self, call: str, *, pools: Sequence[str], usd: Decimal) -> None:
        """A slot in each pool that exists, with the most the call can cost."""

        def act(journal: Journal) -> str | None:
            found = list(lock_pools(journal, pools).values())
            _check_places(found)
            held = reserve(journal, call, found, nano(usd))
            if held is None:
                for pool in found:
                    pool.tokens -= 1
                write_tokens(journal, found)
            return held

        await patiently(lambda: self._database.act(act))

    async def settle(self, call: str, *, pools: Sequence[str], usd: Decimal, tool: Tool) -> None:
        """Give the slots back, charge what it took, and learn from that what the next may take."""

        def act(journal: Journal) -> None:
            settle(journal, call, pools, spent=nano(usd))
            if usd > worst_usd(tool):
                learn_worst(journal, [(tool.name, tool.version, nano(usd))])

        await self._database.act(act, keep=True)


async def patiently(attempt: Callable[[], Awaitable[str | None]]) -> None:
    """Try until it answers None; what it names meanwhile is held by calls in flight."""
    until = time.monotonic() + PATIENCE
    while (held := await attempt()) is not None:
        if time.monotonic() > until:
            raise BudgetTooSmall(f"other calls in flight hold what is left of the cap of {held}; try again")
        await asyncio.sleep(_PAUSE)


def reserve(journal: Journal, call: str, pools: Iterable[Pool], nanos: int) -> str | None:
    """Set money aside in locked pools; the name of one of which other calls hold the rest, else None.

    Raises `BudgetTooSmall` where what is left would not do even without them.
    """
    pools = list(pools)
    for pool in pools:
        for cap in pool.caps if nanos else ():
            if cap.spent_nano + nanos > cap.cap_nano:
                left = usd(max(0, cap.cap_nano - cap.spent_nano))
                raise BudgetTooSmall(
                    f"this may cost {usd(nanos):f} USD, and {left:f} is left of the cap of {pool.name} "
                    f"({usd(cap.cap_nano):f} USD, {cap.period}): wait, raise the cap, or do it for less"
                )
            if cap.spent_nano + pool.reserved_nano + nanos > cap.cap_nano:
                return pool.name
    mine = _held(journal, call)
    step = StepId(call, PLANNING)
    hold(journal, [(step, pool, mine.get(pool.name, 0) + nanos) for pool in pools])
    return None


def settle(
    journal: Journal, call: str, names: Iterable[str], *, spent: int, reserved: int | None = None
) -> None:
    """Charge what a call took, and give back what was `reserved` for it (all of it without a figure)."""
    pools = lock_pools(journal, names)
    if not pools:
        return
    for name, held in _held(journal, call).items():
        back = held if reserved is None else min(held, reserved)
        here = (slots.c.run_id == call) & (slots.c.idx == PLANNING) & (slots.c.pool == name)
        if back == held:
            journal.connection.execute(delete(slots).where(here))
        else:
            journal.connection.execute(update(slots).where(here).values(reserved_nano=held - back))
        if name in pools:
            pools[name].reserved_nano -= back
            pools[name].running -= back == held
    charge(journal, [(pool, spent) for pool in pools.values()])
    for pool in pools.values():
        wake(journal, pool)


def _held(journal: Journal, call: str) -> dict[str, int]:
    mine = (slots.c.run_id == call) & (slots.c.idx == PLANNING)
    rows = journal.connection.execute(select(slots.c.pool, slots.c.reserved_nano).where(mine))
    return {row.pool: row.reserved_nano for row in rows}


def _check_places(pools: Iterable[Pool]) -> None:
    for pool in pools:
        if pool.free < 1:
            raise LimitReached(f"{pool.concurrency} calls run under {pool.name}, and no more may at once")
        if pool.paced and pool.tokens < 1:
            raise LimitReached(f"{pool.name} allows {pool.rate:g} calls a second, and they are used up")
