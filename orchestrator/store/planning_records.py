"""What planning keeps: model replies by the hash of their prompt, and its share of a run's budget."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from orchestrator.domain.limits import key_pool
from orchestrator.errors import BudgetTooSmall
from orchestrator.store.codec import dumps, loads, nano, usd
from orchestrator.store.database import Database
from orchestrator.store.journal import Journal
from orchestrator.store.pools import lock_pools
from orchestrator.store.spending import patiently, reserve, settle
from orchestrator.store.tables import replies


class SqlReplies:
    """`ports.Replies`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, key: str) -> Mapping[str, Any] | None:
        """The stored reply."""
        query = select(replies.c.reply).where(replies.c.key == key)
        text = await self._database.read(lambda c: c.execute(query).scalar_one_or_none())
        reply: Mapping[str, Any] | None = loads(text)
        return reply

    async def put(self, key: str, reply: Mapping[str, Any], *, run_id: str | None) -> None:
        """Keep a reply; the first one under a key stays."""

        def act(journal: Journal) -> None:
            dialect = postgresql if journal.connection.dialect.name == "postgresql" else sqlite
            statement = dialect.insert(replies).values(
                key=key, run_id=run_id, reply=dumps(reply), created_at=journal.now
            )
            journal.connection.execute(statement.on_conflict_do_nothing())

        await self._database.act(act, keep=True)


class SqlPlanningBudget:
    """`ports.PlanningBudget`: reservations in the run's row, under its lock, and in the caps of its key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve(self, run_id: str, *, usd: Decimal, tokens: int) -> None:
        """Before a model call."""

        def act(journal: Journal) -> str | None:
            held = _reserve_capped(journal, run_id, nano(usd))
            if held is not None or is_pool(run_id):
                return held
            run = journal.run(run_id)
            money, words = run["budget_nano"], run["budget_tokens"]
            if money is not None and run["spent_nano"] + run["reserved_nano"] + nano(usd) > money:
                raise BudgetTooSmall(_short("USD", money - run["spent_nano"], usd))
            if words is not None and run["tokens"] + run["reserved_tokens"] + tokens > words:
                left = words - run["tokens"] - run["reserved_tokens"]
                raise BudgetTooSmall(
                    f"planning needs up to {tokens} tokens for its next model call and {left} are left; "
                    "raise budget.tokens or use the offline planner"
                )
            run.add("reserved_nano", nano(usd))
            run["reserved_tokens"] = run["reserved_tokens"] + tokens
            journal.flush()
            return None

        await patiently(lambda: self._database.act(act))

    async def settle(
        self,
        run_id: str,
        *,
        reserved_usd: Decimal,
        reserved_tokens: int,
        usd: Decimal,
        tokens: int,
        gpu_seconds: float = 0.0,
    ) -> None:
        """After the call."""

        def act(journal: Journal) -> None:
            names = _capped(journal, run_id)
            settle(journal, run_id, names, spent=nano(usd), reserved=nano(reserved_usd))
            if is_pool(run_id):
                return
            run = journal.run(run_id)
            # The run may have ended meanwhile, which dropped the reservation.
            run["reserved_nano"] = max(0, run["reserved_nano"] - nano(reserved_usd))
            run["reserved_tokens"] = max(0, run["reserved_tokens"] - reserved_tokens)
            run.add("spent_nano", nano(usd))
            run.add("tokens", tokens)
            run.add("gpu_seconds", gpu_seconds)
            journal.flush()

        await self._database.act(act, keep=True)


def is_pool(payer: str) -> bool:
    """Whether a plan without a run is paid for by an API key."""
    return payer.startswith(key_pool(""))


def _capped(journal: Journal, payer: str) -> list[str]:
    """The pools whose caps hold for planning: that of the key."""
    if is_pool(payer):
        return [payer]
    key_id = journal.run(payer)["key_id"]
    return [] if key_id is None else [key_pool(key_id)]


def _reserve_capped(journal: Journal, payer: str, nanos: int) -> str | None:
    pools = lock_pools(journal, _capped(journal, payer)).values()
    return reserve(journal, payer, pools, nanos) if pools else None


def _short(what: str, left_nano: int, needed: Decimal) -> str:
    return (
        f"planning needs up to {needed} {what} for its next model call and {max(usd(left_nano), 0)} is left; "
        "raise budget.usd or use the offline planner"
    )
