"""The gates of caps and of limits: what the gated steps of a packet draw from, under one lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from orchestrator.domain.limits import BUCKET, HOST, bucket, key_pool, period_end, tool_pool
from orchestrator.domain.step import StepId
from orchestrator.errors import NotFound
from orchestrator.store.codec import loads, usd
from orchestrator.store.gates import Refuse, Wait
from orchestrator.store.journal import Journal, LockedRun
from orchestrator.store.lines import PATIENCE, cap_line, spent_line
from orchestrator.store.outputs import known_arguments
from orchestrator.store.pools import CapRow, Pool, add_bucket, hold, holders, lock_pools, wake, write_tokens
from orchestrator.store.tables import steps


class Draws:
    """The pools of a packet's gated steps; `close` writes what was taken and wakes who may go instead."""

    def __init__(self, journal: Journal, runs_by_id: Mapping[str, LockedRun], rows: Sequence[Any]) -> None:
        self.journal = journal
        self._of = {StepId(row.run_id, row.idx): _names(runs_by_id[row.run_id], row) for row in rows}
        self._pools = lock_pools(journal, {name for names in self._of.values() for name in names})
        if any(pool.split_by is not None for pool in self._pools.values()):
            self._add_buckets(rows)
        self._taken: list[tuple[Any, Pool]] = []
        self._holders: dict[str, list[dict[str, str]]] = {}

    def _add_buckets(self, rows: Sequence[Any]) -> None:
        names: dict[StepId, str] = {}
        for row in rows:
            tool = self._pools.get(tool_pool(row.tool))
            if tool is not None and tool.split_by is not None:
                arguments = _arguments(self.journal, row, tool.split_by)
                names[StepId(row.run_id, row.idx)] = bucket(tool.name, tool.split_by, arguments)
        known = lock_pools(self.journal, names.values())
        for step, name in names.items():
            self._of[step] = [*self._of[step], name]
            if name not in known:
                known[name] = add_bucket(self.journal, name, self._pools[name.partition(BUCKET)[0]])
        self._pools = known | self._pools

    def of(self, row: Any) -> list[Pool]:
        """The pools that exist of those a step draws from."""
        names = self._of[StepId(row.run_id, row.idx)]
        return [self._pools[name] for name in names if name in self._pools]

    def take(self, row: Any) -> None:
        """One slot in each of its pools, with the worst cost reserved there, and one token."""
        for pool in self.of(row):
            pool.running += 1
            pool.reserved_nano += row.worst_nano
            pool.tokens -= 1
            self._taken.append((row, pool))

    def holders(self, pool: Pool) -> list[dict[str, str]]:
        """Who holds the slots of a pool, the first five: run and step."""
        if pool.name not in self._holders:
            self._holders[pool.name] = holders(self.journal, pool.name)
        mine = [{"run": row.run_id, "step": row.key} for row, held in self._taken if held is pool]
        return (self._holders[pool.name] + mine)[:5]

    def close(self) -> None:
        """Once all of the packet is written: nobody may wait where there is room."""
        write_tokens(self.journal, self._pools.values())
        hold(self.journal, [(StepId(row.run_id, row.idx), pool, row.worst_nano) for row, pool in self._taken])
        for pool in self._pools.values():
            wake(self.journal, pool)


class CapGate:
    """Money of keys, tools and other pools: reserved before a call, and never passed."""

    def __init__(self, draws: Draws) -> None:
        self._draws = draws

    def decide(self, run: LockedRun, row: Any) -> Wait | Refuse | None:
        """What other calls hold may come back; what is spent comes back with the next period only."""
        if not row.worst_nano:
            return None
        for pool in self._draws.of(row):
            for cap in pool.caps:
                if cap.spent_nano + pool.reserved_nano + row.worst_nano > cap.cap_nano:
                    return self._held_back(run, row, pool, cap)
        return None

    def _held_back(self, run: LockedRun, row: Any, pool: Pool, cap: CapRow) -> Wait | Refuse:
        now = self._draws.journal.now
        cause = {"reason": "cap", "cap": pool.name, "per": cap.period}
        if cap.spent_nano + row.worst_nano <= cap.cap_nano:
            return Wait(cause | {"held_by": self._draws.holders(pool)}, now + PATIENCE, cap_line(pool.name))
        renewed, deadline = period_end(cap.period, now), run["deadline_at"]
        in_time = renewed is not None and (deadline is None or renewed < deadline)
        if in_time and row.worst_nano <= cap.cap_nano:
            return Wait(cause | {"until": renewed}, renewed, spent_line(pool.name))
        return Refuse({"code": "cap_exhausted", "message": _exhausted(row, pool, cap)})

    def take(self, run: LockedRun, row: Any) -> None:
        """The slot that `LimitGate` takes carries the reservation."""


class LimitGate:
    """Calls at once and calls a second."""

    def __init__(self, draws: Draws) -> None:
        self._draws = draws

    def decide(self, run: LockedRun, row: Any) -> Wait | Refuse | None:
        """The first pool without a free slot or without a token holds it back."""
        until = self._draws.journal.now + PATIENCE
        for pool in self._draws.of(row):
            cause: dict[str, Any] = {"reason": "limit", "limit": pool.name}
            if pool.paused:
                return Wait(cause | {"kind": "paused"}, until, pool.name)
            if pool.free < 1:
                held = {"kind": "concurrency", "most": pool.concurrency, "held_by": self._draws.holders(pool)}
                return Wait(cause | held, until, pool.name)
            if pool.paced and pool.tokens < 1:
                return Wait(cause | {"kind": "rate", "rate": pool.rate}, until, pool.name)
        return None

    def take(self, run: LockedRun, row: Any) -> None:
        """A slot and a token in every pool."""
        self._draws.take(row)


def _names(run: LockedRun, row: Any) -> list[str]:
    own = [tool_pool(row.tool)]
    if run["key_id"] is not None:
        own.append(key_pool(run["key_id"]))
    return own + (loads(row.pools) or [])


def _exhausted(row: Any, pool: Pool, cap: CapRow) -> str:
    left = max(0, cap.cap_nano - cap.spent_nano)
    when = "" if cap.period == "total" else f" per {cap.period}"
    return (
        f"the cap of {pool.name} ({usd(cap.cap_nano):f} USD{when}, of which {usd(left):f} is left) "
        f"cannot hold the worst cost of {row.tool!r} ({usd(row.worst_nano):f} USD)"
    )


def _arguments(journal: Journal, row: Any, by: str) -> dict[str, Any]:
    """The argument that separates buckets, with what it refers to: its needs have ended, so it is known."""
    name = by.removesuffix(HOST)
    here = (steps.c.run_id == row.run_id) & (steps.c.idx == row.idx)
    found = journal.connection.execute(select(steps.c.arguments, steps.c.previous).where(here)).one()
    planned = loads(found.arguments).get(name)
    try:
        return {name: known_arguments(journal.connection, row.run_id, found.previous, planned)}
    except (KeyError, NotFound):
        return {}  # the call itself will fail for that
