"""What runs and steps wait for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.domain.question import Question, QuestionKind
from orchestrator.domain.run import Job, Run, RunRequest, RunStatus
from orchestrator.domain.step import Step, StepId, StepStatus
from orchestrator.domain.waiting import run_waiting, step_waiting
from tools.errors import Unreachable

NOW = 1_795_231_352.0
RUN = Run("run_1", RunRequest(request="x"), RunStatus.RUNNING, NOW - 10, NOW - 5)


def step(idx: int, status: StepStatus, **more) -> Step:
    fields: dict[str, Any] = {"needs": (), "children": (), "path_version": 1, "arguments": {}} | more
    return Step(StepId("run_1", idx), f"s{idx}", f"s{idx}", "o", f"tool{idx}", 1, status, **fields)


def question(id: str, **more) -> Question:
    return Question(id, "run_1", QuestionKind.VALUE, f"What is {id}?", {"type": "string"}, NOW, **more)


def waits(one: Step, *others: Step, questions=(), run=RUN):
    return step_waiting(one, {s.id.idx: s for s in (one, *others)}, questions, run=run, now=NOW)


def test_what_moves_or_has_ended_waits_for_nothing():
    for status in (RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED):
        assert run_waiting(replace(RUN, status=status), (), (), now=NOW) is None
    for ended in (StepStatus.RUNNING, StepStatus.SUCCEEDED, StepStatus.SKIPPED, StepStatus.POISONED):
        assert waits(step(0, ended)) is None
    moving = (step(0, StepStatus.RUNNING), step(1, StepStatus.READY))
    assert run_waiting(RUN, moving, (), now=NOW) is None


def test_a_planning_run_says_since_when():
    planning = replace(RUN, status=RunStatus.PLANNING, job=Job.PLAN, owner="w1")
    waiting = run_waiting(planning, (), (), now=NOW)
    assert waiting is not None
    assert waiting.reason == "planning"
    assert waiting.details == {"job": "plan", "since": "2026-11-21T03:22:27.000Z"}


def test_a_planned_and_a_paused_run_wait_for_a_person():
    planned = run_waiting(replace(RUN, status=RunStatus.PLANNED, plan_id="plan_1"), (), (), now=NOW)
    paused = run_waiting(replace(RUN, status=RunStatus.PAUSED), (), (), now=NOW)
    assert planned is not None
    assert paused is not None
    assert (planned.reason, planned.details) == ("start", {"plan": "plan_1"})
    assert paused.reason == "paused"


def test_a_run_that_needs_input_names_its_open_questions():
    asked = (question("a"), question("b"), question("c", answered_at=NOW))
    waiting = run_waiting(replace(RUN, status=RunStatus.NEEDS_INPUT), (), asked, now=NOW)
    assert waiting is not None
    assert waiting.details == {"questions": ["a", "b"]}
    assert "What is a? (and 1 more)" in waiting.text


def test_a_run_after_a_failure_waits_for_another_path():
    mending = replace(RUN, job=Job.REPAIR, owner="w1")
    waiting = run_waiting(mending, (step(0, StepStatus.FAILED),), (), now=NOW)
    assert waiting is not None
    assert waiting.reason == "repair"


@pytest.mark.parametrize(
    ("run", "doing"),
    [
        (replace(RUN, status=RunStatus.PLANNING, job=Job.PLAN), "make the plan"),
        (replace(RUN, job=Job.REPAIR), "search another path after a step failed"),
    ],
)
def test_a_job_that_nobody_does_yet_waits_for_a_worker(run, doing):
    for served, reason in ((None, "worker"), ({"default"}, "worker"), (frozenset(), "no_worker")):
        waiting = run_waiting(run, (), (), now=NOW, served=served)
        assert waiting is not None
        assert waiting.reason == reason
        assert doing in waiting.text


def test_a_pending_step_names_the_steps_it_waits_for():
    done, open_ = step(0, StepStatus.SUCCEEDED), step(1, StepStatus.RUNNING)
    waiting = waits(step(2, StepStatus.PENDING, needs=(0, 1)), done, open_)
    assert waiting is not None
    assert (waiting.reason, waiting.details) == ("steps", {"steps": [1]})
    assert "s1 (tool1)" in waiting.text


def test_a_ready_step_waits_for_a_worker_since_it_is_due():
    waiting = waits(step(0, StepStatus.READY, run_at=NOW - 1))
    assert waiting is not None
    assert (waiting.reason, waiting.details) == ("worker", {"since": "2026-11-21T03:22:31.000Z"})


def test_a_step_between_two_tries_says_when_and_which():
    waiting = waits(step(0, StepStatus.WAITING, run_at=NOW + 2, tries=1, cause={"reason": "backoff"}))
    assert waiting is not None
    assert waiting.reason == "backoff"
    assert waiting.details["attempt"] == 2
    assert waiting.details["until"] == "2026-11-21T03:22:34.000Z"


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (
            {
                "reason": "limit",
                "limit": "tool:ocr",
                "kind": "concurrency",
                "most": 2,
                "held_by": [{"run": "run_1", "step": "read"}],
            },
            "tool:ocr allows 2 calls at once, held by read of run_1.",
        ),
        (
            {"reason": "limit", "limit": "key:k", "kind": "rate", "rate": 2.0},
            "Waits for its turn: key:k allows 2 calls a second.",
        ),
        (
            {"reason": "cap", "cap": "key:k", "per": "day", "held_by": []},
            "Other calls in flight hold the rest of the cap of key:k.",
        ),
        (
            {"reason": "cap", "cap": "key:k", "per": "day", "until": 86_400.0},
            "The cap of key:k per day is spent; goes on at 1970-01-02T00:00:00.000Z.",
        ),
    ],
)
def test_a_step_that_waits_for_a_limit_or_a_cap_names_it(cause, said):
    waiting = waits(step(0, StepStatus.WAITING, run_at=NOW + 1, cause=cause))
    assert (waiting.text, waiting.reason) == (said, cause["reason"])


def test_a_step_that_waits_for_the_budget_or_for_a_person_says_so():
    budget = waits(step(0, StepStatus.WAITING, run_at=NOW + 1, cause={"reason": "budget"}))
    person = waits(step(0, StepStatus.WAITING), questions=(question("again", step_idx=0),))
    assert budget is not None
    assert person is not None
    assert budget.reason == "budget"
    assert (person.reason, person.details) == ("person", {"questions": ["again"]})


def test_the_steps_of_a_paused_run_wait_for_it():
    paused = replace(RUN, status=RunStatus.PAUSED)
    for status in (StepStatus.READY, StepStatus.PENDING, StepStatus.WAITING):
        waiting = waits(step(0, status), run=paused)
        assert waiting is not None
        assert waiting.reason == "paused"


def test_a_run_of_which_nothing_runs_waits_for_what_its_next_step_waits_for():
    later = step(0, StepStatus.WAITING, run_at=NOW + 9, tries=1, cause={"reason": "backoff"})
    sooner = step(1, StepStatus.READY, run_at=NOW - 1)
    waiting = run_waiting(RUN, (later, sooner), (), now=NOW)
    assert waiting is not None
    assert waiting.reason == "worker"
    assert waiting.details["step"] == 1


def test_a_queue_that_nobody_serves_is_said_with_what_to_do():
    ready = step(0, StepStatus.READY, queue="gpu")
    assert waits(ready).reason == "worker"
    alone = step_waiting(ready, {0: ready}, (), run=RUN, now=NOW, served={"default"})
    assert alone is not None
    assert (alone.reason, alone.details["queue"]) == ("no_worker", "gpu")
    assert alone.text.endswith("toolpath worker --queues gpu.")
    whole = run_waiting(RUN, (ready,), (), now=NOW, served={"default"})
    assert whole is not None
    assert whole.reason == "no_worker"
    served = step_waiting(ready, {0: ready}, (), run=RUN, now=NOW, served={"gpu"})
    assert served is not None
    assert served.reason == "worker"


def test_a_question_with_a_time_says_until_when_and_what_then_stands():
    asked = question("a", expires_at=NOW + 60, detail={"default": "reject"})
    waiting = run_waiting(replace(RUN, status=RunStatus.NEEDS_INPUT), (), (question("b"), asked), now=NOW)
    assert waiting is not None
    assert waiting.details == {
        "questions": ["b", "a"],
        "until": "2026-11-21T03:23:32.000Z",
        "default": "reject",
    }
    assert waiting.text.endswith("Until 2026-11-21T03:23:32.000Z, then the answer is 'reject'.")


def test_a_peer_that_cannot_be_reached_is_named():
    error = {"code": Unreachable.code, "message": "connection refused"}
    down = step(0, StepStatus.WAITING, run_at=NOW + 2, tries=1, cause={"reason": "backoff"}, error=error)
    waiting = waits(down)
    assert waiting is not None
    assert waiting.reason == "endpoint_down"
    assert waiting.details["tool"] == "tool0"
    assert "connection refused; try 2 starts at 2026-11-21T03:22:34.000Z" in waiting.text


def test_a_pause_that_is_over_waits_for_a_worker():
    over = step(0, StepStatus.WAITING, run_at=NOW - 1, tries=1, cause={"reason": "backoff"})
    waiting = waits(over)
    assert waiting is not None
    assert waiting.reason == "worker"
