"""The truth behind its ports: `Store` for people's acts and pages, `StepStore` for execution."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import insert, select

from orchestrator.domain.approval import ApprovalRule, Patience
from orchestrator.domain.belief import Belief, Evidence, Prior
from orchestrator.domain.dead_letter import DeadLetter, DeadLetterFilter
from orchestrator.domain.events import Event
from orchestrator.domain.reuse import CacheAnswer, Kept
from orchestrator.domain.run import Job, JobClaim, Run, RunRequest
from orchestrator.domain.step import Claim, Foreseen, Outcome, Progress, Recorded, StepId, Swept
from orchestrator.domain.views import Exchanged, InboxItem, Page, RunFilter, RunSummary, RunView, StoredPlan
from orchestrator.ports import Transaction
from orchestrator.store import (
    asking,
    beliefs,
    evidence,
    leases,
    losses,
    outputs,
    progress,
    queries,
    results,
    undos,
)
from orchestrator.store.children import foresee
from orchestrator.store.claiming import ClaimAsk, Packet
from orchestrator.store.database import Database
from orchestrator.store.dead_letters import dead_letter_page
from orchestrator.store.intake import Intake
from orchestrator.store.recording import Record
from orchestrator.store.run_pages import run_page
from orchestrator.store.tables import counters
from orchestrator.store.writer import RECORD
from tools.asking import Answers
from tools.spec import Cache, Tool

T = TypeVar("T")


#: Seconds after an accepted run in which the next one is expected.
_LATELY = 0.25


class SqlStore:
    """`ports.Store`."""

    def __init__(
        self,
        database: Database,
        *,
        approve: Sequence[ApprovalRule] = (),
        patience: Patience | None = None,
    ) -> None:
        self._database = database
        self._patience = patience or Patience()
        #: The operator's rules, which hold for every run: no run decides how long they are open.
        self._approve = tuple(rule.within(self._patience) for rule in approve)
        self._accepting = 0
        self._accepted = float("-inf")

    async def write(self, act: Callable[[Transaction], T], *, keep: bool = False) -> T:
        """Run `act` in a transaction."""
        return await self._database.write(act, keep=keep)

    async def accept(
        self,
        run_id: str,
        request: RunRequest,
        *,
        key: str | None = None,
        fingerprint: str = "",
        job: Job = Job.PLAN,
        key_id: str | None = None,
    ) -> Run:
        """Insert a run, durably."""
        patience = request.patience.or_else(self._patience)
        own = (rule.within(patience) for rule in request.approve)
        request = replace(request, patience=patience, approve=(*self._approve, *own))
        intake = Intake(run_id, request, key, fingerprint, job, key_id)
        self._accepting += 1
        try:
            run: Run = await self._database.writer.submit("accept", intake, durable=True)
        finally:
            self._accepting -= 1
            self._accepted = time.monotonic()
        return run

    def accepting(self) -> bool:
        """Whether this process is accepting runs, or has done so a moment ago."""
        return self._accepting > 0 or time.monotonic() - self._accepted < _LATELY

    async def view(self, run_id: str) -> RunView:
        """All of a run."""
        now = self._database.clock.now
        return await self._database.read(lambda c: queries.run_view(c, run_id, now=now(c)))

    async def exchanges(self, run_id: str, step: str) -> tuple[Exchanged, ...]:
        """Of a step's tries."""
        return await self._database.read(lambda c: queries.exchanges(c, run_id, step))

    async def runs(self, filter: RunFilter, *, limit: int, cursor: str | None) -> Page[RunSummary]:
        """Newest first."""
        now = self._database.clock.now
        return await self._database.read(
            lambda c: run_page(c, filter, limit=limit, cursor=cursor, now=now(c))
        )

    async def events(self, run_id: str, *, after: int = 0, limit: int = 500) -> list[Event]:
        """Events above `after`."""
        return await self._database.read(lambda c: queries.event_page(c, run_id, after=after, limit=limit))

    async def plan(self, plan_id: str) -> StoredPlan:
        """A stored plan."""
        return await self._database.read(lambda c: queries.plan_row(c, plan_id))

    async def inbox(self, *, limit: int, cursor: str | None) -> Page[InboxItem]:
        """Open questions."""
        return await self._database.read(lambda c: queries.inbox_page(c, limit=limit, cursor=cursor))

    async def inbox_count(self, *, most: int) -> int:
        """How many open questions."""
        return await self._database.read(lambda c: queries.inbox_count(c, most=most))

    async def dead_letters(
        self, filter: DeadLetterFilter, *, limit: int, cursor: str | None
    ) -> Page[DeadLetter]:
        """Poisoned steps and jobs."""
        return await self._database.read(lambda c: dead_letter_page(c, filter, limit=limit, cursor=cursor))

    async def check(self) -> None:
        """Read, and take the write lock."""
        await self._database.read(lambda c: c.execute(select(counters.c.value).limit(1)).first())
        await self._database.act(
            lambda journal: journal.connection.execute(
                insert(counters).from_select(
                    ["name", "value"],
                    select(counters.c.name, counters.c.value).where(counters.c.name.is_(None)),
                )
            )
        )


class SqlStepStore:
    """`ports.StepStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, *, owner: str, queues: Sequence[str], room: int) -> list[Claim]:
        """Claim due steps; those that must not be repeated in a durable commit of their own."""
        ask = ClaimAsk(owner, tuple(queues), room)
        packet: Packet = await self._database.writer.submit("claim", ask)
        claims = packet.claims
        if packet.passed_over and len(claims) < room:
            rest = ClaimAsk(owner, tuple(queues), room - len(claims), once=True)
            packet = await self._database.writer.submit("claim", rest, durable=True)
            claims = claims + packet.claims
        return claims

    async def claim_jobs(self, *, owner: str, room: int) -> list[JobClaim]:
        """Claim due jobs."""
        claims: list[JobClaim] = await self._database.writer.submit("jobs", leases.JobAsk(owner, room))
        return claims

    async def claim_undos(self, *, owner: str, room: int) -> list[JobClaim]:
        """Claim due undoings."""
        ask = undos.UndoAsk(owner, room)
        return await self._database.act(lambda journal: undos.claim_undos(journal, ask))

    async def record(self, outcome: Outcome, *, owner: str, room: Callable[[], int]) -> Recorded:
        """Record under the fence."""
        record = Record(outcome, owner, room)
        recorded: Recorded = await self._database.writer.submit(RECORD, record, keep=True)
        return recorded

    async def foresee(self, children: Mapping[StepId, StepId]) -> list[Foreseen]:
        """Children that will be free to go."""
        return await self._database.read(lambda c: foresee(c, children))

    async def outputs(
        self, run_id: str, steps: Sequence[str]
    ) -> Mapping[str, tuple[Mapping[str, Any], Mapping[str, str]]]:
        """Outputs of finished sub-tasks."""
        return await self._database.read(lambda c: outputs.subtask_outputs(c, run_id, steps))

    async def step_output(self, step: StepId) -> Mapping[str, Any]:
        """The output of one step."""
        return await self._database.read(lambda c: outputs.step_output(c, step))

    async def note_progress(self, claim: Claim, told: Progress) -> None:
        """Keep it and tell followers."""
        await self._database.act(lambda journal: progress.note(journal, claim, told))

    async def answers(self, step: StepId, call: str) -> tuple[Answers, ...]:
        """What persons answered to a call."""
        return await self._database.read(lambda c: asking.answers(c, step, call))

    async def own_result(self, step: StepId, key: str) -> Kept | None:
        """A step's earlier result."""
        now = self._database.clock.now
        return await self._database.read(lambda c: results.own_result(c, step, key, now=now(c)))

    async def cached_result(self, run_id: str, cache: Cache, key: str) -> CacheAnswer:
        """What is kept for a call."""
        now = self._database.clock.now
        return await self._database.read(lambda c: results.cached_result(c, run_id, cache, key, now=now(c)))

    def heartbeat(
        self, *, owner: str, claims: Sequence[tuple[StepId, int]], jobs: Sequence[tuple[str, int]]
    ) -> Sequence[object]:
        """Prolong leases on the caller's thread."""
        connection = self._database.engine.connect().execution_options(writes=True)
        with connection, connection.begin():
            now = self._database.clock.now(connection)
            return leases.prolong(connection, owner=owner, now=now, claims=claims, jobs=jobs)

    async def hand_back(
        self, *, owner: str, claims: Sequence[tuple[StepId, int]], jobs: Sequence[tuple[str, int]]
    ) -> int:
        """Let others have at once what `owner` holds."""
        return await self._database.act(
            lambda journal: losses.hand_back(journal, owner=owner, claims=claims, jobs=jobs)
        )

    async def sweep(self) -> Swept:
        """Take back what expired leases hold."""
        swept: Swept = await self._database.writer.submit("sweep", None)
        return swept


def _types(tool: Tool, seen: Sequence[str]) -> Iterable[str]:
    """The types of sub-task of which something was seen or written, and those that its record states."""
    return dict.fromkeys([*seen, *([believed.subtask_type for believed in tool.believed] or ["*"])])


class SqlBeliefs:
    """`ports.Beliefs`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, asked: Sequence[tuple[Tool, str]]) -> list[Belief]:
        """The belief for each (tool, sub-task type), in one query."""
        rows = await self._database.read(lambda c: beliefs.read(c, {tool.name for tool, _ in asked}))
        return [beliefs.belief(rows, tool, subtask_type) for tool, subtask_type in asked]

    async def table(self, tool: Tool) -> list[Belief]:
        """All beliefs about that tool version: what was seen or written, and what its record states."""
        return (await self.tables([tool]))[0]

    async def tables(self, tools: Sequence[Tool]) -> list[list[Belief]]:
        """The same of many, in one query."""
        rows = await self._database.read(lambda c: beliefs.read(c, {tool.name for tool in tools}))
        seen: dict[tuple[str, int], list[str]] = {}
        for name, version, type_ in rows:
            seen.setdefault((name, version), []).append(type_)
        return [
            [
                beliefs.belief(rows, tool, type_)
                for type_ in _types(tool, seen.get((tool.name, tool.version), []))
            ]
            for tool in tools
        ]

    async def evidence(self, tool: str, *, limit: int) -> list[Evidence]:
        """What its latest steps came to, newest run first."""
        return await self._database.read(lambda c: evidence.recent(c, tool, limit=limit))

    async def set_prior(self, tool: Tool, subtask_type: str, prior: Prior) -> Belief:
        """Write a prior."""
        await self._database.act(
            lambda journal: beliefs.write_prior(
                journal.connection, tool.name, tool.version, subtask_type, prior
            )
        )
        return (await self.of([(tool, subtask_type)]))[0]
