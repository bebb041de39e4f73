"""A transaction for what people do with runs, and for laying and mending paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from orchestrator.domain.events import EventType
from orchestrator.domain.feedback import Said
from orchestrator.domain.path import Path
from orchestrator.domain.plan import Plan
from orchestrator.domain.question import Question
from orchestrator.domain.run import Delivery, Job, Run, RunRequest, RunStatus, may_move, run_ended
from orchestrator.domain.step import STEP_MOVES, Step, StepId, StepStatus, Verdict, step_open
from orchestrator.domain.undo import Undo, Undoing
from orchestrator.domain.views import StoredPlan
from orchestrator.errors import Conflict, NotFound
from orchestrator.ports import NewStep
from orchestrator.store import undos
from orchestrator.store.approvals import settle
from orchestrator.store.codec import dump, dumps, load, nano
from orchestrator.store.ends import cut_off, end_if_over, move
from orchestrator.store.engine import insert_rows
from orchestrator.store.feedback import say
from orchestrator.store.journal import Journal, LockedRun
from orchestrator.store.limits import limited_steps
from orchestrator.store.pools import PLANNING, give_back
from orchestrator.store.references import touch
from orchestrator.store.rows import pinned_tool, plan_of, question_of, run_of, step_of
from orchestrator.store.tables import paths, plans, questions, runs, steps
from tools.spec import Tool

#: Fields of a step that are stored as JSON text.
_JSON = frozenset({"cause", "arguments", "output", "children", "needs", "error", "aliases", "approval"})
_RUN_JSON = frozenset({"answers", "error"})
_EVENT_OF = {
    StepStatus.SKIPPED: EventType.STEP_SKIPPED,
    StepStatus.CANCELLED: EventType.STEP_CANCELLED,
    StepStatus.WAITING: EventType.STEP_WAITING,
    StepStatus.SUCCEEDED: EventType.STEP_SUCCEEDED,
    StepStatus.FAILED: EventType.STEP_FAILED,
    StepStatus.POISONED: EventType.STEP_POISONED,
}


def run_acts(journal: Journal, acts: Sequence[Callable[[SqlTransaction], Any]]) -> list[Any]:
    """Run each act in a savepoint of its own: its exception undoes it and nothing else."""
    results: list[Any] = []
    for act in acts:
        journal.flush()
        mark = journal.mark()
        savepoint = journal.connection.begin_nested()
        try:
            results.append(act(SqlTransaction(journal)))
            journal.flush()
        except Exception as error:
            if _is_database_fault(error):
                raise
            savepoint.rollback()
            journal.back_to(mark)
            results.append(error)
        else:
            savepoint.commit()
    return results


def _is_database_fault(error: Exception) -> bool:
    """Faults of the connection concern the whole group, which is then written again."""
    return isinstance(error, DBAPIError) and not isinstance(error, IntegrityError)


class SqlTransaction:
    """`ports.Transaction` over one journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._connection = journal.connection
        self.now = journal.now

    # --- runs ---------------------------------------------------------------------------------

    def run(self, run_id: str) -> Run:
        """The run, locked."""
        self._journal.run(run_id)
        self._journal.flush()
        return run_of(self._connection.execute(select(runs).where(runs.c.id == run_id)).one())

    def move_run(
        self,
        run_id: str,
        to: RunStatus,
        *,
        error: Mapping[str, Any] | None = None,
        job: Job | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Change the status, with its event."""
        run = self._journal.run(run_id)
        now = RunStatus(run["status"])
        if not may_move(now, to):
            raise Conflict(f"a run that is {now.value} cannot become {to.value}")
        run["error"] = None if error is None else dumps(error)
        self._set_job(run, job)
        if now is RunStatus.PLANNING:
            self._drop_reservations(run)
        if run_ended(now):
            run["finished_at"] = run["dead_job"] = run["webhook"] = None
            if run["undoing"] is not None:
                run["undoing"] = Undoing.WANTED.value
            self._journal.event(run_id, EventType.RUN_REOPENED, {"from": now.value})
        move(self._journal, run, to, detail=detail)
        self._journal.ring = True

    def _drop_reservations(self, run: LockedRun) -> None:
        """What a planner that died had reserved goes; calls in flight keep theirs."""
        run["reserved_tokens"] = 0
        if run["key_id"] is not None:
            give_back(self._journal, {StepId(run.id, PLANNING): 0})
        if run["budget_nano"] is not None and run["reserved_nano"]:
            held = (steps.c.run_id == run.id) & (steps.c.status == StepStatus.RUNNING.value)
            worst = select(func.coalesce(func.sum(steps.c.worst_nano), 0)).where(held)
            run["reserved_nano"] = int(self._connection.execute(worst).scalar_one())

    def update_run(self, run_id: str, **fields: Any) -> None:
        """Set plain fields."""
        run = self._journal.run(run_id)
        for name, value in fields.items():
            if name == "job":
                self._set_job(run, value)
            elif name == "webhook":
                run[name] = dump(Delivery, value)
            else:
                run[name] = dumps(value) if name in _RUN_JSON and value is not None else value
                if name == "answers":
                    touch(self._connection, self.now, run[name])

    def follow_plan(self, run_id: str, stored: StoredPlan) -> None:
        """Follow it, under its terms."""
        old, run, new = self.run(run_id).request, self._journal.run(run_id), stored.request
        run["plan_id"] = stored.plan.id
        request = replace(old, preference=new.preference, budget=new.budget, tools=new.tools)
        run["request"] = dump(RunRequest, request)
        run["budget_nano"] = None if new.budget.usd is None else nano(new.budget.usd)
        run["budget_tokens"] = new.budget.tokens
        if new.budget.seconds != old.budget.seconds:
            run["deadline_at"] = None if new.budget.seconds is None else self.now + new.budget.seconds

    def _set_job(self, run: LockedRun, job: Job | None) -> None:
        run["job"] = None if job is None else job.value
        run["job_at"] = None if job is None else self.now
        run["lease_until"] = None
        run["owner"] = None
        run["tries"] = 0
        self._journal.ring = self._journal.ring or job is not None

    def charge(self, run_id: str, *, usd: Decimal = Decimal(0), tokens: int = 0) -> None:
        """Add to what the run has spent."""
        run = self._journal.run(run_id)
        run.add("spent_nano", nano(usd))
        run.add("tokens", tokens)

    def undos(self, run_id: str) -> list[Undo]:
        """All undos of the run's steps."""
        return undos.undos_of(self._connection, [run_id]).get(run_id, [])

    def put_undo(self, undo: Undo) -> None:
        """Write an undo."""
        undos.put_undo(self._connection, undo)

    def end_undoing(self, run_id: str, to: Undoing, detail: Mapping[str, Any]) -> None:
        """It is done, or waits for a person."""
        undos.end_undoing(self._journal, self._journal.run(run_id), to, detail=detail)

    def go_on_undoing(self, run_id: str) -> None:
        """Undo the rest."""
        undos.go_on(self._journal, self._journal.run(run_id))

    def end_if_over(self, run_id: str) -> None:
        """End the run when its last step has ended."""
        end_if_over(self._journal, self._journal.run(run_id))

    # --- steps --------------------------------------------------------------------------------

    def steps(self, run_id: str) -> list[Step]:
        """All steps of the run, by number."""
        query = select(steps).where(steps.c.run_id == run_id).order_by(steps.c.idx)
        return [step_of(row) for row in self._connection.execute(query)]

    def add_steps(self, run_id: str, new: Sequence[NewStep]) -> None:
        """Insert; those without open needs become ready."""
        run = self._journal.run(run_id)
        if not new:
            return
        last = {step.subtask: step.part for step in sorted(new, key=lambda step: step.part)}
        limited = limited_steps(self._connection, run["key_id"], new)
        rows = [self._new_row(run_id, step, last[step.subtask], limited) for step in new]
        insert_rows(self._connection, steps, rows)
        run.add("open_steps", len(new))
        self._journal.ring = True

    def _new_row(
        self, run_id: str, step: NewStep, last_part: int, limited: AbstractSet[int]
    ) -> dict[str, Any]:
        ready = step.needs_left == 0
        return {
            "run_id": run_id,
            "idx": step.idx,
            "key": step.key,
            "subtask": step.subtask,
            "subtask_type": step.subtask_type,
            "part": step.part,
            "last_part": step.part == last_part,
            "option": step.option,
            "tool": step.tool,
            "tool_version": step.tool_version,
            "tool_hash": step.tool_hash,
            "once": step.once,
            "arguments": dumps(step.arguments),
            "aliases": dumps(step.aliases),
            "needs": dumps(step.needs),
            "children": dumps(step.children),
            "previous": step.previous,
            "needs_left": step.needs_left,
            "path_version": step.path_version,
            "queue": step.queue,
            "priority": step.priority,
            "timeout": step.timeout,
            "deadline": step.deadline,
            "deadline_at": self.now + step.deadline if ready and step.deadline is not None else None,
            "step_gate": step.step_gate,
            "worst_nano": nano(step.worst_usd),
            "approval": None if step.approval is None else dumps(step.approval),
            "gated": step.once or step.worst_usd > 0 or step.approval is not None or step.idx in limited,
            "pools": dumps(step.pools) if step.pools else None,
            "status": (StepStatus.READY if ready else StepStatus.PENDING).value,
            "run_at": self.now if ready else None,
        }

    def move_step(self, step: StepId, to: StepStatus, **fields: Any) -> None:
        """Change status and fields, with its event; a claim or an end that is undone raises the fence."""
        run = self._journal.run(step.run_id)
        here = (steps.c.run_id == step.run_id) & (steps.c.idx == step.idx)
        row = self._connection.execute(select(steps).where(here)).one_or_none()
        if row is None:
            raise NotFound(f"run {step.run_id!r} has no step {step.idx}")
        now = StepStatus(row.status)
        if to not in STEP_MOVES[now]:
            raise Conflict(f"step {row.key!r} is {now.value} and cannot become {to.value}")
        values = self._stored(fields) | {"status": to.value}
        if not step_open(to):
            values.setdefault("finished_at", self.now)
        if now is StepStatus.RUNNING:
            values |= {"owner": None, "lease_until": None, "fence": row.fence + 1}
            values["usd_nano"] = row.usd_nano + row.worst_nano
            cut_off(self._journal, run, row)
        if not step_open(now) and step_open(to):
            values |= {"fence": row.fence + 1, "finished_at": None, "deadline_at": None}
            if values.get("result_key") is None:
                values["reused_from"] = None
        if to is StepStatus.READY and row.deadline is not None:
            held = values.get("deadline_at", row.deadline_at)
            values["deadline_at"] = self.now + row.deadline if held is None else held
        if to is StepStatus.READY:
            values.setdefault("run_at", self.now)
            self._journal.ring = True
        self._connection.execute(update(steps).where(here).values(**values))
        run.add("open_steps", int(step_open(to)) - int(step_open(now)))
        if to in _EVENT_OF:
            data = {"step": row.key, "subtask": row.subtask, "tool": row.tool}
            data |= {name: fields[name] for name in ("cause", "error") if fields.get(name) is not None}
            self._journal.event(step.run_id, _EVENT_OF[to], data)

    def settle_approval(
        self, step: StepId, *, approved: bool, arguments: Mapping[str, Any] | None = None
    ) -> None:
        """Let it go, or fail it."""
        run = self._journal.run(step.run_id)
        settle(self._journal, run, step.idx, approved=approved, arguments=arguments)

    def update_step(self, step: StepId, **fields: Any) -> None:
        """Set fields without a move."""
        here = (steps.c.run_id == step.run_id) & (steps.c.idx == step.idx)
        self._connection.execute(update(steps).where(here).values(**self._stored(fields)))

    def _stored(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        stored = {
            name: dumps(value) if name in _JSON and value is not None else value
            for name, value in fields.items()
        }
        touch(self._connection, self.now, stored.get("arguments") or "")
        if isinstance(stored.get("verdict"), Verdict):
            stored["verdict"] = dump(Verdict, stored["verdict"])
        if "worst_usd" in stored:
            stored["worst_nano"] = nano(fields["worst_usd"])
            del stored["worst_usd"]
        if stored.get("approval") is not None:
            stored["gated"] = True
        return stored

    def tool(self, name: str, version: int) -> Tool:
        """That very version of a tool."""
        return pinned_tool(self._connection, name, version)

    def event(self, run_id: str, type: EventType, data: Mapping[str, Any] | None = None) -> None:
        """Append an event."""
        self._journal.run(run_id)
        self._journal.event(run_id, type, data)

    # --- plans and paths ----------------------------------------------------------------------

    def add_plan(
        self, plan: Plan, *, request: RunRequest, path: Path | None, parent: str | None = None
    ) -> None:
        """Store a plan."""
        text = dump(Plan, plan)
        touch(self._connection, self.now, text)
        self._connection.execute(
            insert(plans).values(
                id=plan.id,
                parent=parent,
                request=dump(RunRequest, request),
                plan=text,
                path=None if path is None else dump(Path, path),
                created_at=self.now,
            )
        )

    def plan(self, plan_id: str) -> StoredPlan:
        """Raises `NotFound`."""
        row = self._connection.execute(select(plans).where(plans.c.id == plan_id)).one_or_none()
        if row is None:
            raise NotFound(f"there is no plan {plan_id!r}")
        return plan_of(row)

    def add_path(self, run_id: str, path: Path, *, cause: str) -> None:
        """Store a version of the run's path."""
        self._connection.execute(
            insert(paths).values(
                run_id=run_id,
                version=path.version,
                path=dump(Path, path),
                cause=cause,
                created_at=self.now,
            )
        )
        self._journal.run(run_id)["path_version"] = path.version

    def path(self, run_id: str) -> Path | None:
        """The newest version."""
        query = select(paths.c.path).where(paths.c.run_id == run_id).order_by(paths.c.version.desc()).limit(1)
        text = self._connection.execute(query).scalar_one_or_none()
        return None if text is None else load(Path, text)

    # --- questions ----------------------------------------------------------------------------

    def questions(self, run_id: str) -> list[Question]:
        """All questions of the run, open ones first."""
        query = (
            select(questions)
            .where(questions.c.run_id == run_id)
            .order_by(questions.c.answered_at.is_not(None), questions.c.created_at, questions.c.id)
        )
        return [question_of(row) for row in self._connection.execute(query)]

    def add_question(self, question: Question) -> None:
        """Ask, unless it stands already; an answered one is asked anew."""
        here = (questions.c.run_id == question.run_id) & (questions.c.id == question.id)
        old = self._connection.execute(select(questions.c.answered_at).where(here)).one_or_none()
        if old is not None and old.answered_at is None:
            return
        values = {
            "kind": question.kind.value,
            "text": question.text,
            "schema": dumps(question.schema),
            "subtask": question.subtask,
            "argument": question.argument,
            "step_idx": question.step_idx,
            "detail": None if question.detail is None else dumps(question.detail),
            "created_at": self.now,
            "expires_at": question.expires_at,
            "answered_at": None,
            "answer": None,
        }
        if old is None:
            self._connection.execute(
                insert(questions).values(run_id=question.run_id, id=question.id, **values)
            )
        else:
            self._connection.execute(update(questions).where(here).values(**values))
        self.event(
            question.run_id, EventType.QUESTION_ASKED, {"question": question.id, "text": question.text}
        )

    def answer_question(self, run_id: str, question_id: str, answer: Any, *, by: str = "person") -> None:
        """Raises `NotFound`, or `Conflict` when it is answered."""
        here = (questions.c.run_id == run_id) & (questions.c.id == question_id)
        old = self._connection.execute(select(questions.c.answered_at).where(here)).one_or_none()
        if old is None:
            raise NotFound(f"run {run_id!r} has no question {question_id!r}")
        if old.answered_at is not None:
            raise Conflict(f"question {question_id!r} is answered already")
        self._connection.execute(
            update(questions).where(here).values(answered_at=self.now, answer=dumps(answer))
        )
        told = {"question": question_id, "by": by}
        if by != "person":  # what a person says may be private; a default is not
            told["answer"] = answer
        self.event(run_id, EventType.QUESTION_ANSWERED, told)

    # --- feedback -----------------------------------------------------------------------------

    def say(self, run_id: str, step: StepId | None, said: Said, *, by: str | None) -> None:
        """Keep, tell and believe it."""
        say(self._journal, run_id, step, said, by=by)
