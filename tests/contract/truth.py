"""A migrated database with the parts that read and write it, and short ways to fill it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import update

from orchestrator.domain.belief import Belief
from orchestrator.domain.ids import new_id
from orchestrator.domain.path import Path, Quote
from orchestrator.domain.plan import Call, Estimate, Option, Plan, SubTask
from orchestrator.domain.run import RunRequest, RunStatus
from orchestrator.domain.step import Claim, Ending, Outcome, Recorded, Step, StepId, StepStatus, Verdict
from orchestrator.ports import NewStep, Transaction
from orchestrator.store.catalog import SqlCatalog
from orchestrator.store.database import Database
from orchestrator.store.planning_records import SqlPlanningBudget, SqlReplies
from orchestrator.store.sql_store import SqlBeliefs, SqlStepStore, SqlStore
from orchestrator.store.tables import runs, steps
from tools.spec import Kind, Tool, Usage

#: A lease that ended long ago.
PAST = 1.0


@dataclass
class Truth:
    """One process's view of the database."""

    database: Database
    store: SqlStore
    steps: SqlStepStore
    catalog: SqlCatalog
    beliefs: SqlBeliefs
    replies: SqlReplies
    budget: SqlPlanningBudget
    rings: list[bool] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.database.url

    async def running(
        self, *new: NewStep, request: RunRequest | None = None, key_id: str | None = None
    ) -> str:
        """A run that is running these steps."""
        run_id = new_id("run")
        await self.store.accept(run_id, request or RunRequest(request="do it"), key_id=key_id)

        def act(tx: Any) -> None:
            tx.move_run(run_id, RunStatus.RUNNING)
            tx.add_steps(run_id, new)

        await self.store.write(act)
        return run_id

    async def claim(self, owner: str = "one", *, room: int = 100) -> list[Claim]:
        return await self.steps.claim(owner=owner, queues=("default",), room=room)

    async def record(self, outcome: Outcome, owner: str = "one", *, room: int = 0) -> Recorded:
        return await self.steps.record(outcome, owner=owner, room=lambda: room)

    async def let_leases_expire(self) -> None:
        """As if whoever holds anything had been silent for longer than a lease."""

        def act(journal: Any) -> None:
            held = steps.c.status == StepStatus.RUNNING.value
            journal.connection.execute(update(steps).where(held).values(lease_until=PAST))
            jobs = runs.c.lease_until.is_not(None)
            journal.connection.execute(update(runs).where(jobs).values(lease_until=PAST))

        await self.database.act(act)

    async def let_all_be_due(self) -> None:
        """As if every pause had passed."""
        paused = steps.c.run_at.is_not(None)
        await self.database.act(
            lambda journal: journal.connection.execute(update(steps).where(paused).values(run_at=PAST))
        )

    async def step(self, run_id: str, idx: int = 0) -> Step:
        return (await self.store.view(run_id)).steps[idx]

    async def statuses(self, run_id: str) -> list[str]:
        return [step.status.value for step in (await self.store.view(run_id)).steps]

    async def status(self, run_id: str) -> RunStatus:
        return (await self.store.view(run_id)).run.status

    async def belief(self, of: Tool, subtask_type: str) -> Belief:
        return (await self.beliefs.of([(of, subtask_type)]))[0]

    async def until(self, condition: Callable[[], bool]) -> None:
        """The bell is rung after the answer is given."""
        async with asyncio.timeout(5):
            while not condition():  # noqa: ASYNC110 - the bell rings on another thread
                await asyncio.sleep(0.001)

    async def event_types(self, run_id: str) -> list[str]:
        events = await self.store.events(run_id)
        assert [event.number for event in events] == list(range(1, len(events) + 1))
        return [event.type.value for event in events]


def open_truth(url: str) -> Truth:
    """The parts of one process over the database; `start` and `stop` are the caller's."""
    rings: list[bool] = []
    database = Database(url, after_commit=lambda _changed, ring: rings.append(ring))
    return Truth(
        database,
        SqlStore(database),
        SqlStepStore(database),
        SqlCatalog(database),
        SqlBeliefs(database),
        SqlReplies(database),
        SqlPlanningBudget(database),
        rings,
    )


def new_step(idx: int = 0, **more: Any) -> NewStep:
    """A step of the tool `echo`; what it needs decides whether it is ready."""
    plain: dict[str, Any] = {
        "key": f"s{idx}",
        "subtask": f"s{idx}",
        "subtask_type": "echo",
        "part": 0,
        "option": "only",
        "tool": "echo",
        "tool_version": 1,
        "tool_hash": "hash",
        "once": False,
        "arguments": {"value": idx},
        "needs": (),
        "children": (),
        "path_version": 1,
    }
    plain |= more
    return NewStep(idx=idx, **{"needs_left": len(plain["needs"])} | plain)


def chain(length: int) -> list[NewStep]:
    """Steps of which each waits for the one before."""
    return [
        new_step(
            idx,
            needs=(idx - 1,) if idx else (),
            children=(idx + 1,) if idx < length - 1 else (),
        )
        for idx in range(length)
    ]


def done(
    claim: Claim,
    *,
    usd: str = "0",
    quality: float | None = None,
    output: Any = None,
    gpu_seconds: float = 0.0,
) -> Outcome:
    verdict = None if quality is None else Verdict(quality, "scorer")
    usage = Usage(usd=Decimal(usd), seconds=0.5, gpu_seconds=gpu_seconds)
    return Outcome(claim, Ending.SUCCEEDED, output=output or {"value": 1}, verdict=verdict, usage=usage)


def failed(claim: Claim, *, usd: str = "0", gpu_seconds: float = 0.0) -> Outcome:
    usage = Usage(usd=Decimal(usd), seconds=0.5, gpu_seconds=gpu_seconds)
    return Outcome(claim, Ending.FAILED, error={"code": "bad", "message": "it broke"}, usage=usage)


def again(claim: Claim, *, after: float = 0.0, usd: str = "0", gpu_seconds: float = 0.0) -> Outcome:
    outcome = failed(claim, usd=usd, gpu_seconds=gpu_seconds)
    return replace(outcome, ending=Ending.RETRY, retry_in=after)


def tool(name: str = "echo", **more: Any) -> Tool:
    schema = {"type": "object"}
    return Tool(name=name, summary=f"The tool {name}.", kind=Kind.PYTHON, input_schema=schema,
                output_schema=schema, **more)  # fmt: skip


async def together(work: Sequence[Any]) -> list[Any]:
    """All at once; exceptions are answers too."""
    return await asyncio.gather(*work, return_exceptions=True)


def step_id(run_id: str, idx: int = 0) -> StepId:
    return StepId(run_id, idx)


def give_plan(tx: Transaction, run_id: str) -> None:
    """A plan of two sub-tasks, "s1" after "s0", with its path, as the run's own."""

    def piece(id: str, *needs: str) -> SubTask:
        option = Option("only", (Call("echo", 1, "hash"),), Estimate(0, 1, 1))
        return SubTask(id, id, "echo", (option,), needs=needs)

    plan = Plan(f"plan_{run_id}", (piece("s0"), piece("s1", "s0")), "given")
    path = Path(1, {"s0": "only", "s1": "only"}, Quote(0, 0, 0, 1), 1.0, 0.0, 1.0)
    tx.add_plan(plan, request=RunRequest(request="x"), path=path)
    tx.add_path(run_id, path, cause="planned")
    tx.update_run(run_id, plan_id=plan.id)
