"""Two runs, and a run and its quote, beside one another."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from orchestrator.domain.budget import Budget, Preference
from orchestrator.domain.path import Path, Quote
from orchestrator.domain.plan import Call, Estimate, Option, Plan, SubTask
from orchestrator.domain.run import Run, RunRequest, RunStatus, ToolFilter
from orchestrator.domain.step import Step, StepId, StepStatus, Verdict
from orchestrator.domain.views import RunView, StoredPlan
from orchestrator.errors import Conflict
from orchestrator.runs.diff import diff_quote, diff_runs

CHEAP = Option("o1", (Call("cheap", 1, "h"),), Estimate(0.01, 1.0, 0.7))
GOOD = Option("o2", (Call("good", 1, "h"),), Estimate(0.05, 2.0, 0.9))


def run(choice: str = "o1", *, options=(CHEAP, GOOD), steps=(), quoted: str = "o1", **asked) -> RunView:
    request = RunRequest(request="x", **asked)
    plan = Plan("p", (SubTask("a", "Do it", "do", options),), "given")
    quote = Quote(0.01, 1.0, 1.0, 0.7)
    paths = {id: Path(1, {"a": id}, quote, 1.0, 0.0, 1.0) for id in {choice, quoted}}
    return RunView(
        Run("r", request, RunStatus.SUCCEEDED, 0.0, 0.0, finished_at=3.0),
        StoredPlan(plan, request, paths[quoted], 0.0),
        paths[choice],
        tuple(steps),
        (),
        (),
    )


def step(idx: int, tool: str, option: str, status=StepStatus.SUCCEEDED, **more) -> Step:
    return Step(
        StepId("r", idx), f"a{idx}", "a", option, tool, 1, status, {"x": idx}, (), (), idx + 1, **more
    )


def reasons(one: RunView, other: RunView) -> list[str]:
    (subtask,) = diff_runs(one, other)["subtasks"]
    return [reason["code"] for reason in subtask["why"]]


FAILED = step(0, "cheap", "o1", StepStatus.FAILED, error={"code": "server_fault", "message": "no answer"})
DEARER = replace(CHEAP, estimate=Estimate(0.2, 1.0, 0.7))


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (run("o1"), []),
        (run("o2"), ["balance"]),
        (run("o2", options=(GOOD,)), ["no_option"]),
        (run("o2", options=(GOOD,), tools=ToolFilter(exclude=("cheap",))), ["excluded"]),
        (run("o2", options=(GOOD,), tools=ToolFilter(include=("good",))), ["excluded"]),
        (run("o2", options=(DEARER, GOOD)), ["believed"]),
        (run("o2", preference=Preference(alpha=0)), ["preference"]),
        (run("o2", budget=Budget(seconds=9)), ["budget"]),
        (run("o2", steps=[FAILED]), ["ruled_out"]),
    ],
)
def test_another_tool_is_explained_by_what_differs(other, why):
    assert reasons(run("o1"), other) == why


def test_what_was_believed_is_told_in_both():
    (subtask,) = diff_runs(run("o1"), run("o2", options=(DEARER, GOOD)))["subtasks"]
    assert subtask["why"][0]["text"] == "Of cheap was believed: cost $0.01, then $0.2."


def test_settings_are_told_by_field():
    told = diff_runs(run(), run(preference=Preference(alpha=2), budget=Budget(usd=Decimal(1))))["settings"]
    assert told == {
        "preference.alpha": {"one": 1.0, "other": 2},
        "budget.usd": {"one": None, "other": Decimal(1)},
    }


def test_a_subtask_costs_what_all_its_tries_cost_and_is_as_good_as_the_last():
    failed = replace(FAILED, usd=Decimal("0.01"), seconds=1.0, verdict=Verdict(0.1, "rule"))
    done = step(1, "good", "o2", usd=Decimal("0.05"), seconds=2.0, verdict=Verdict(0.9, "model"))
    (subtask,) = diff_quote(run("o2", steps=[failed, done]))["subtasks"]
    taken = subtask["taken"]
    assert (taken["usd"], taken["seconds"], taken["quality"], taken["judged_by"]) == (
        "0.06",
        3.0,
        0.9,
        "model",
    )
    assert subtask["quoted"]["tools"] == ["cheap"]
    assert [reason["text"] for reason in subtask["why"]] == ["cheap was tried and ruled out: no answer"]


def test_a_subtask_of_one_run_alone_has_no_other_side():
    empty = replace(run(), plan=None, path=None)
    (subtask,) = diff_runs(run(), empty)["subtasks"]
    assert subtask["other"] is None
    with pytest.raises(Conflict):
        diff_quote(empty)
