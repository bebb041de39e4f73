"""Undoing what a run has done before it failed: in reverse order, durable, and honest where it fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.question import QuestionKind
from orchestrator.domain.retry import RetryPolicy
from orchestrator.domain.run import JobClaim, RunRequest, RunStatus
from orchestrator.domain.step import StepStatus
from orchestrator.domain.undo import Undoing, UndoStatus
from orchestrator.errors import Conflict
from orchestrator.execution.executor import Executor
from orchestrator.execution.judge import RuleJudge
from orchestrator.execution.undo import Undoer
from orchestrator.ports import NewStep
from orchestrator.runs.answer import answer
from orchestrator.runs.retry import retry_failed
from orchestrator.store.suspects import DEATHS
from tests.contract.truth import Truth, done, failed, give_plan, new_step, tool
from tests.fakes import FakeSecrets
from tools.adapter import CallContext
from tools.errors import BadArguments, ToolError, Unreachable
from tools.spec import Effect, Tool, ToolResult

TEXT = {"type": "string"}
MAKE = tool(
    "make",
    effect=Effect.IDEMPOTENT,
    undo="unmake",
)
UNMAKE = Tool(
    name="unmake",
    summary="Take it away again.",
    kind=MAKE.kind,
    input_schema={"type": "object", "properties": {"id": TEXT, "place": TEXT}, "required": ["id"]},
    output_schema={"type": "object"},
    effect=Effect.IDEMPOTENT,
)
SEND = tool("send", effect=Effect.ONCE, undo="recall")
RECALL = tool("recall", effect=Effect.ONCE)
UNDO = RunRequest(request="x", on_failure="undo")


class _Bell:
    def ring(self) -> None:
        """Nobody listens."""


@dataclass
class Calls:
    """The tools: notes each call with its key, and fails as told."""

    faults: dict[str, list[ToolError]] = field(default_factory=dict)
    made: list[tuple[str, dict[str, Any], str]] = field(default_factory=list)

    async def call(self, called: Tool, arguments: Mapping[str, Any], context: CallContext) -> ToolResult:
        self.made.append((called.name, dict(arguments), context.idempotency_key))
        if self.faults.get(called.name):
            raise self.faults[called.name].pop(0)
        return ToolResult({"gone": True})

    def available(self, _: Tool) -> str | None:
        return None


@dataclass
class World:
    truth: Truth
    calls: Calls
    undoer: Undoer

    async def failed(self, *steps: NewStep, ended: int, request: RunRequest = UNDO) -> str:
        """A run whose first `ended` steps succeeded one after the other, and whose next one failed."""
        await self.truth.catalog.add_all([tool("echo"), MAKE, UNMAKE, SEND, RECALL], replace=True)
        run_id = await self.truth.running(*steps, request=request)
        for _ in range(ended):
            claim = min(await self.truth.claim(), key=lambda claim: claim.id.idx)
            await self.truth.record(done(claim, output={"id": f"id-{claim.id.idx}"}))
        await self.truth.store.write(lambda tx: _fail(tx, run_id))
        return run_id

    async def claim(self, owner: str = "one") -> JobClaim:
        assert (await self.truth.steps.sweep()).undos
        (claim,) = await self.truth.steps.claim_undos(owner=owner, room=5)
        return claim

    async def undone(self) -> None:
        await self.undoer.undo(await self.claim())


def _fail(tx: Any, run_id: str) -> None:
    for step in tx.steps(run_id):
        if step.status in (StepStatus.READY, StepStatus.PENDING):
            tx.move_step(step.id, StepStatus.SKIPPED, cause={"reason": "run_failed"})
    tx.move_run(run_id, RunStatus.FAILED, error={"code": "broken", "message": "it broke"})


@pytest.fixture
def world(truth: Truth, tmp_path: Path) -> World:
    calls, retry = Calls(), RetryPolicy(tries=2, first=0.01)
    executor = Executor(
        secrets=FakeSecrets(),
        steps=truth.steps,
        catalog=truth.catalog,
        caller=calls,
        artifacts=None,  # type: ignore[arg-type]
        judge=RuleJudge(),
        retry=retry,
        scratch=tmp_path,
    )
    undoer = Undoer(store=truth.store, catalog=truth.catalog, executor=executor, retry=retry)
    return World(truth, calls, undoer)


def _making(count: int) -> list[NewStep]:
    """Calls of `make`, each after the one before."""
    return [
        new_step(
            n,
            tool="make",
            arguments={"place": f"at {n}"},
            needs=(n - 1,) if n else (),
            children=(n + 1,) if n < count - 1 else (),
        )
        for n in range(count)
    ]


async def test_effects_are_undone_newest_first_with_what_the_calls_gave_and_took(world: World) -> None:
    run_id = await world.failed(*_making(4), ended=3)
    view = await world.truth.store.view(run_id)
    assert (view.run.status, view.run.undoing) == (RunStatus.FAILED, Undoing.RUNNING)
    assert (await world.truth.event_types(run_id))[-1] == "run.status"  # the end is told once all is undone
    await world.undone()
    assert [(name, arguments) for name, arguments, _ in world.calls.made] == [
        ("unmake", {"id": f"id-{n}", "place": f"at {n}"}) for n in (2, 1, 0)
    ]
    assert len({key for _, _, key in world.calls.made}) == 3
    view = await world.truth.store.view(run_id)
    assert (view.run.status, view.run.undoing) == (RunStatus.FAILED, Undoing.DONE)
    assert [(undo.step.idx, undo.status) for undo in view.undos] == [
        (n, UndoStatus.SUCCEEDED) for n in (2, 1, 0)
    ]
    events = await world.truth.store.events(run_id)
    assert [event.type.value for event in events].count("undo.succeeded") == 3
    assert events[-1].type == "run.ended"
    assert events[-1].data["compensation"] == {"status": "done", "steps": {"succeeded": 3}}
    assert events[-1].data["error"]["code"] == "broken"
    assert not (await world.truth.steps.sweep()).undos


async def test_nothing_is_undone_unless_asked_for_nor_what_only_read(world: World) -> None:
    kept = await world.failed(*_making(2), ended=1, request=RunRequest(request="x"))
    assert not (await world.truth.steps.sweep()).undos
    assert (await world.truth.store.view(kept)).run.undoing is None
    reading = await world.failed(new_step(0, children=(1,)), new_step(1, needs=(0,)), ended=1)
    await world.undone()
    view = await world.truth.store.view(reading)
    assert (view.run.undoing, view.undos) == (Undoing.DONE, ())
    assert world.calls.made == []


async def test_a_run_that_succeeds_keeps_what_it_did(world: World) -> None:
    await world.truth.catalog.add_all([MAKE, UNMAKE], replace=True)
    run_id = await world.truth.running(*_making(1), request=UNDO)
    (claim,) = await world.truth.claim()
    await world.truth.record(done(claim))
    assert await world.truth.status(run_id) is RunStatus.SUCCEEDED
    assert not (await world.truth.steps.sweep()).undos


async def test_a_cancelled_run_is_undone_and_what_was_cut_off_is_named(world: World) -> None:
    await world.truth.catalog.add_all([MAKE, UNMAKE], replace=True)
    run_id = await world.truth.running(*_making(2), request=UNDO)
    (first,) = await world.truth.claim()
    (second,) = (await world.truth.record(done(first, output={"id": "one"}), room=1)).claims
    assert second.id.idx == 1
    await world.truth.store.write(lambda tx: tx.move_step(second.id, StepStatus.CANCELLED))
    await world.truth.store.write(lambda tx: tx.move_run(run_id, RunStatus.CANCELLED))
    await world.undone()
    view = await world.truth.store.view(run_id)
    assert (view.run.status, view.run.undoing) == (RunStatus.CANCELLED, Undoing.DONE)
    assert [(undo.step.idx, undo.status) for undo in view.undos] == [
        (1, UndoStatus.UNKNOWN),
        (0, UndoStatus.SUCCEEDED),
    ]
    assert "cut off" in str((view.undos[0].error or {})["message"])


async def test_an_undo_is_tried_again_under_the_same_key(world: World) -> None:
    run_id = await world.failed(*_making(2), ended=1)
    world.calls.faults["unmake"] = [Unreachable("away")]
    await world.undone()
    keys = [key for _, _, key in world.calls.made]
    assert (len(keys), len(set(keys))) == (2, 1)
    (undo,) = (await world.truth.store.view(run_id)).undos
    assert (undo.status, undo.tries) == (UndoStatus.SUCCEEDED, 2)


@pytest.mark.parametrize(
    ("said", "status", "calls"),
    [
        ("retry", UndoStatus.SUCCEEDED, ["id-1", "id-1", "id-0"]),
        ("done", UndoStatus.BY_HAND, ["id-1", "id-0"]),
        ("leave", UndoStatus.LEFT, ["id-1", "id-0"]),
    ],
)
async def test_an_undo_that_fails_is_put_before_a_person_and_what_is_older_waits(
    world: World, said: str, status: UndoStatus, calls: list[str]
) -> None:
    truth = world.truth
    run_id = await world.failed(*_making(3), ended=2)
    world.calls.faults["unmake"] = [BadArguments("it is locked")]
    await world.undone()
    view = await truth.store.view(run_id)
    assert (view.run.status, view.run.undoing) == (RunStatus.FAILED, Undoing.NEEDS_INPUT)
    assert (await truth.event_types(run_id))[-1] == "run.ended"
    (item,) = (await truth.store.inbox(limit=5, cursor=None)).items
    assert item.question.kind is QuestionKind.UNDO_FAILED
    assert "it is locked" in item.question.text
    with pytest.raises(Conflict, match="question is open"):
        await truth.store.write(lambda tx: retry_failed(tx, run_id))
    await answer(run_id, [(item.question.id, said)], store=truth.store, doorbell=_Bell())
    await world.undone()
    view = await truth.store.view(run_id)
    assert view.run.undoing is Undoing.DONE
    assert [undo.status for undo in view.undos] == [status, UndoStatus.SUCCEEDED]
    assert [arguments["id"] for _, arguments, _ in world.calls.made] == calls
    assert (await truth.event_types(run_id))[-1] == "run.ended"
    assert (await truth.store.inbox(limit=5, cursor=None)).items == ()


async def test_an_undo_that_cannot_be_filled_or_is_not_there_is_put_before_a_person(world: World) -> None:
    orphan = tool("orphan", effect=Effect.IDEMPOTENT, undo="nobody")
    await world.truth.catalog.add_all([orphan], replace=True)
    steps = new_step(0, tool="orphan", children=(1,)), new_step(1, needs=(0,))
    run_id = await world.failed(*steps, ended=1)
    await world.undone()
    (undo,) = (await world.truth.store.view(run_id)).undos
    assert undo.status is UndoStatus.FAILED
    assert "nobody" in str((undo.error or {})["message"])
    # Once the tool is there, another try succeeds.
    await world.truth.catalog.add_all([tool("nobody")], replace=True)
    (item,) = (await world.truth.store.inbox(limit=5, cursor=None)).items
    await answer(run_id, [(item.question.id, "retry")], store=world.truth.store, doorbell=_Bell())
    await world.undone()
    assert (await world.truth.store.view(run_id)).run.undoing is Undoing.DONE


async def test_another_worker_goes_on_where_one_vanished_and_the_late_one_changes_nothing(
    world: World,
) -> None:
    truth = world.truth
    run_id = await world.failed(*_making(3), ended=2)
    late = await world.claim("one")
    assert not (await truth.steps.sweep()).undos  # leased
    await truth.let_leases_expire()
    await world.undoer.undo(await world.claim("two"))
    made = list(world.calls.made)
    await world.undoer.undo(late)
    assert world.calls.made == made
    assert (await truth.store.view(run_id)).run.undoing is Undoing.DONE


@pytest.mark.parametrize(("name", "asked"), [("make", False), ("send", True)])
async def test_a_cut_off_undo_is_made_again_unless_it_must_not_be(
    world: World, name: str, asked: bool
) -> None:
    truth = world.truth
    first = new_step(0, tool=name, arguments={}, children=(1,), once=name == "send")
    run_id = await world.failed(first, new_step(1, needs=(0,)), ended=1)
    gone = await world.claim("one")

    class _Vanishing(BaseException):
        """The process is killed in the middle of the call."""

    world.calls.faults[{"make": "unmake", "send": "recall"}[name]] = [_Vanishing()]  # type: ignore[list-item]
    with pytest.raises(_Vanishing):
        await world.undoer.undo(gone)
    (undo,) = (await truth.store.view(run_id)).undos
    assert (undo.status, undo.tries) == (UndoStatus.RUNNING, 1)
    await truth.let_leases_expire()
    await world.undoer.undo(await world.claim("two"))
    view = await truth.store.view(run_id)
    assert view.run.undoing is (Undoing.NEEDS_INPUT if asked else Undoing.DONE)
    assert len(world.calls.made) == (1 if asked else 2)
    assert len({key for _, _, key in world.calls.made}) == 1


async def test_an_undo_over_which_workers_vanish_is_put_before_a_person(world: World) -> None:
    class _Vanishing(BaseException):
        """The process is killed."""

    run_id = await world.failed(*_making(2), ended=1)
    world.calls.faults["unmake"] = [_Vanishing() for _ in range(DEATHS)]  # type: ignore[misc]
    for _ in range(DEATHS):
        with pytest.raises(_Vanishing):
            await world.undoer.undo(await world.claim())
        await world.truth.let_leases_expire()
    await world.undoer.undo(await world.claim())
    (undo,) = (await world.truth.store.view(run_id)).undos
    assert (undo.status, (undo.error or {})["code"]) == (UndoStatus.FAILED, "poisoned")


async def test_a_webhook_hears_of_the_end_once_all_is_undone(world: World) -> None:
    request = RunRequest(request="x", on_failure="undo", webhook_url="http://a.example/")
    run_id = await world.failed(*_making(2), ended=1, request=request)
    assert (await world.truth.store.view(run_id)).run.job is None
    await world.undone()
    assert (await world.truth.store.view(run_id)).run.job is not None


async def test_a_heartbeat_keeps_an_undoing_and_a_stopped_worker_hands_it_back(world: World) -> None:
    run_id = await world.failed(*_making(2), ended=1)
    claim = await world.claim("one")
    held = [(run_id, claim.fence)]
    assert world.truth.steps.heartbeat(owner="one", claims=[], jobs=held) == []
    assert await world.truth.steps.hand_back(owner="one", claims=[], jobs=held) == 1
    await world.undoer.undo(await world.claim("two"))
    assert (await world.truth.store.view(run_id)).run.undoing is Undoing.DONE


async def test_what_was_undone_is_done_again_when_the_run_is_retried(world: World) -> None:
    truth = world.truth
    await truth.catalog.add_all([tool("echo"), MAKE, UNMAKE], replace=True)
    steps = new_step(0, tool="make", arguments={}, children=(1,)), new_step(1, needs=(0,))
    run_id = await truth.running(*steps, request=UNDO)
    await truth.store.write(lambda tx: give_plan(tx, run_id))
    (first,) = await truth.claim()
    (second,) = (await truth.record(done(first, output={"id": "one"}), room=1)).claims
    await truth.record(failed(second))
    await truth.store.write(lambda tx: _fail(tx, run_id))
    await world.undone()
    await truth.store.write(lambda tx: retry_failed(tx, run_id))
    view = await truth.store.view(run_id)
    assert [step.status for step in view.steps] == [StepStatus.READY, StepStatus.PENDING]
    assert (view.steps[0].revision, view.run.undoing) == (1, Undoing.WANTED)
    (again,) = await truth.claim()
    (child,) = (await truth.record(done(again, output={"id": "two"}), room=1)).claims
    await truth.record(failed(child))
    await truth.store.write(lambda tx: _fail(tx, run_id))
    await world.undone()
    assert [arguments["id"] for _, arguments, _ in world.calls.made] == ["one", "two"]
