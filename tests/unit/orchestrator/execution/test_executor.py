from __future__ import annotations

import errno
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from orchestrator.domain.retry import RetryPolicy
from orchestrator.domain.reuse import Kept
from orchestrator.domain.step import Claim, Ending, ReusedFrom, StepId
from orchestrator.errors import StorageFull
from orchestrator.execution.executor import Executor, changed_arguments
from orchestrator.execution.judge import RuleJudge
from tests.fakes import FakeCatalog, FakeSecrets
from tools.errors import BadArguments, NotAuthorised, RateLimited, TimedOut
from tools.spec import Effect, Kind, Price, Tool, ToolResult
from tools.testing import MemoryFiles

SCHEMA = {"type": "object", "properties": {"value": {}, "depth": {"type": "integer", "x-retry": [2, 3]}}}
SCORED = {"type": "object", "properties": {"score": {"type": "number", "x-quality": True}}}


def tool(**more) -> Tool:
    return Tool("t", "T.", Kind.PYTHON, SCHEMA, more.pop("output_schema", {"type": "object"}), **more)


class Caller:
    """Answers, or raises, what the test says."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.calls: list[Any] = []
        self.keys: list[str] = []
        self.folders: list[bool] = []

    async def call(self, tool, arguments, context) -> ToolResult:
        self.calls.append(arguments)
        self.folders.append(context.scratch.is_dir())
        self.keys.append(context.idempotency_key)
        answer = self.answers.pop(0) if self.answers else {"value": 1}
        if isinstance(answer, BaseException):
            raise answer
        return ToolResult(answer)

    def available(self, tool) -> None:
        return None


class Outputs:
    """The outputs of finished sub-tasks; counts the questions."""

    def __init__(self, own: Kept | None = None, **known: Any) -> None:
        self.own, self.known = own, known
        self.asked: list[list[str]] = []

    async def outputs(self, run_id, steps):
        self.asked.append(sorted(steps))
        return {name: self.known[name] for name in steps if name in self.known}

    async def own_result(self, step, key):
        return self.own

    async def step_output(self, step):
        return {"text": f"output of {step.idx}"}


def claim(subtask: str = "a", **more: Any) -> Claim:
    plain = Claim(
        StepId("run_1", 0), 1, subtask, subtask, "job", "t", 1, {"value": 1}, None, (), 0, 1, 5, 0.5
    )
    return replace(plain, **more)


@pytest.fixture
def files(tmp_path) -> MemoryFiles:
    return MemoryFiles(tmp_path / "files")


@pytest.fixture
def make(tmp_path, files):
    def executor(caller: Caller, *, of: Tool | None = None, outputs: Outputs | None = None) -> Executor:
        return Executor(
            secrets=FakeSecrets(),
            steps=outputs or Outputs(),  # type: ignore[arg-type]
            catalog=FakeCatalog([of or tool()]),
            caller=caller,
            artifacts=files,
            judge=RuleJudge(),
            retry=RetryPolicy(tries=3, first=1.0),
            scratch=tmp_path,
        )

    return executor


@pytest.mark.parametrize(
    ("error", "tries", "ending", "pause"),
    [
        (TimedOut("slow"), 1, Ending.RETRY, (0.5, 1.0)),
        (TimedOut("slow"), 3, Ending.FAILED, (0, 0)),
        (RateLimited("busy", retry_after=7.0), 2, Ending.RETRY, (7.0, 7.0)),
        (RateLimited("busy", retry_after=9_999.0), 1, Ending.FAILED, (0, 0)),
        (BadArguments("no"), 1, Ending.FAILED, (0, 0)),
        (NotAuthorised("no"), 1, Ending.FAILED, (0, 0)),
    ],
)
async def test_an_error_is_tried_again_by_its_class(make, error, tries, ending, pause):
    outcome = await make(Caller(error)).execute(claim(tries=tries))
    assert outcome.ending is ending
    assert pause[0] <= outcome.retry_in <= pause[1]
    assert outcome.error == {"code": error.code, "message": str(error)}


@pytest.mark.parametrize(
    ("left", "ending", "code"),
    [(60.0, Ending.RETRY, "timed_out"), (0.4, Ending.FAILED, "deadline_exceeded")],
)
async def test_a_pause_that_would_pass_the_steps_own_time_is_not_waited_for(make, left, ending, code):
    outcome = await make(Caller(TimedOut("slow"))).execute(claim(time_left=left))
    assert (outcome.ending, outcome.error["code"]) == (ending, code)
    if ending is Ending.FAILED:
        assert outcome.error["last"]["code"] == "timed_out"


@pytest.mark.parametrize(
    ("kind", "binding", "has_folder"),
    [
        (Kind.MODEL, {}, False),
        (Kind.MODEL, {"operation": "speech"}, True),
        (Kind.HTTP, {}, True),
        (Kind.PYTHON, {}, False),
    ],
)
async def test_a_folder_is_made_for_calls_that_may_write_files(make, kind, binding, has_folder):
    caller = Caller({"text": "hi"})
    plain = Tool("t", "T.", kind, SCHEMA, {"type": "object"}, binding=binding)
    await make(caller, of=plain).execute(claim())
    assert caller.folders == [has_folder]


async def test_a_call_that_cannot_be_tried_again_keeps_its_own_error(make):
    outcome = await make(Caller(BadArguments("no"))).execute(claim(time_left=0.5))
    assert outcome.error["code"] == BadArguments.code


async def test_a_fault_that_nobody_knows_fails_without_its_trace(make):
    outcome = await make(Caller(RuntimeError("secret inside"))).execute(claim())
    assert outcome.ending is Ending.FAILED
    assert "secret" not in str(outcome.error)


@pytest.mark.parametrize(
    "fault", [StorageFull("free space"), OSError(errno.ENOSPC, "No space left on device")]
)
async def test_a_full_disk_is_said_in_plain_words(make, fault):
    outcome = await make(Caller(fault)).execute(claim())
    assert outcome.error is not None
    assert (outcome.ending, outcome.error["code"]) == (Ending.RETRY, "storage_full")
    assert "free space" in outcome.error["message"]


async def test_references_are_resolved_by_field_or_by_alias(make):
    caller = Caller()
    outputs = Outputs(a=({"words": ["x", "y"]}, {"text": "words"}))
    arguments = {"value": [{"ref": "a.text.1"}, {"ref": "a.words.0"}]}
    await make(caller, outputs=outputs).execute(claim("b", arguments=arguments))
    assert caller.calls == [{"value": ["y", "x"]}]


async def test_the_call_before_in_a_chain_is_referred_to_by_its_sign(make):
    caller = Caller()
    await make(caller).execute(claim(arguments={"value": {"ref": "@.text"}}, previous=4))
    assert caller.calls == [{"value": "output of 4"}]


async def test_a_missing_result_fails_and_names_it(make):
    executor = make(Caller(), outputs=Outputs(a=({"text": 1}, {})))
    for ref, named in (("z.text", "of z"), ("a.none", "a.none is not in the result of 'a'")):
        outcome = await executor.execute(claim("b", arguments={"value": {"ref": ref}}))
        assert (outcome.ending, outcome.error["code"]) == (Ending.FAILED, "bad_arguments")
        assert named in outcome.error["message"]


async def test_a_result_is_remembered_for_what_follows_on_the_first_path_only(make):
    outputs = Outputs(a=({"value": "from the truth"}, {}))
    caller = Caller()
    executor = make(caller, outputs=outputs)
    await executor.execute(claim("a"))
    reader = claim("b", arguments={"value": {"ref": "a.value"}})
    await executor.execute(reader)
    assert (caller.calls[-1], outputs.asked) == ({"value": 1}, [])
    await executor.execute(replace(reader, fence=3))
    assert caller.calls[-1] == {"value": "from the truth"}
    await executor.execute(replace(reader, key="b-v2"))
    assert caller.calls[-1] == {"value": "from the truth"}
    await executor.execute(claim("a", key="a-v2"))
    await executor.execute(reader)
    assert len(outputs.asked) == 3


async def test_a_poor_output_is_tried_once_more_with_changed_parameters(make):
    scored = tool(output_schema=SCORED)
    caller = Caller({"score": 0.2}, {"score": 0.3})
    executor = make(caller, of=scored)
    first = await executor.execute(claim(arguments={"value": 1, "depth": 2}))
    assert (first.ending, first.revised) == (Ending.RETRY, {"value": 1, "depth": 3})
    second = await executor.execute(claim(arguments=first.revised, revision=1))
    assert (second.ending, second.revised) == (Ending.LOW_QUALITY, None)
    assert second.verdict.quality == 0.3
    assert "0.30" in second.error["message"]
    assert caller.keys[0] != caller.keys[1]


async def test_a_poor_output_of_a_once_only_call_is_not_tried_again(make):
    scored = tool(output_schema=SCORED, effect=Effect.ONCE)
    outcome = await make(Caller({"score": 0.2}), of=scored).execute(claim())
    assert outcome.ending is Ending.LOW_QUALITY


async def test_tries_of_one_revision_share_their_idempotency_key(make):
    caller = Caller(TimedOut("slow"), {"value": 1})
    executor = make(caller)
    await executor.execute(claim())
    await executor.execute(claim(fence=2, tries=2))
    assert caller.keys[0] == caller.keys[1]


@pytest.mark.parametrize(
    ("given", "changed"),
    [
        ({}, {"depth": 2}),
        ({"depth": 2}, {"depth": 3}),
        ({"depth": 3}, {"depth": 2}),
        ({"x": 1}, {"x": 1, "depth": 2}),
    ],
)
def test_each_parameter_takes_the_next_of_its_values(given, changed):
    assert changed_arguments(tool(), given) == changed


def test_a_default_counts_as_given():
    schema = {"properties": {"mode": {"default": "fast", "x-retry": ["fast", "careful"]}}}
    assert changed_arguments(replace(tool(), input_schema=schema), {}) == {"mode": "careful"}


def _kept(output: Any) -> Kept:
    return Kept(output, None, ReusedFrom("run_1", "a", 1.0, 2.0))


async def test_a_result_stands_for_the_call_while_its_files_are_there(make, files):
    caller = Caller()
    output = {"report": {"artifact": files.put("text")}}
    there = make(caller, outputs=Outputs(own=_kept(output)))
    assert (await there.execute(claim(revision=1))).output == output
    gone = make(caller, outputs=Outputs(own=_kept({"report": {"artifact": "art_gone"}})))
    assert caller.calls == []
    assert (await gone.execute(claim(revision=1))).output == {"value": 1}
    assert len(caller.calls) == 1


async def test_what_was_claimed_for_its_result_alone_is_not_called(make):
    """Nothing was set aside for it and nobody was asked, so it is claimed anew for that."""
    caller = Caller()
    paid = tool(price=Price(per_call=Decimal("0.25")))
    for outputs in (Outputs(), Outputs(own=_kept({"report": {"artifact": "art_gone"}}))):
        outcome = await make(caller, of=paid, outputs=outputs).execute(claim(revision=1, result_only=True))
        assert (outcome.ending, outcome.error["code"], outcome.retry_in) == (Ending.RETRY, "result_gone", 0)
        assert outcome.worst_usd == Decimal("0.25")
    assert caller.calls == []
