"""Plans under another filter of tools."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.domain.plan import Call, Estimate, Option, Plan, SubTask
from orchestrator.domain.run import ToolFilter
from orchestrator.errors import PlanRejected
from orchestrator.planning.leaving_out import allowed_by, without_tools
from tests.fakes import FakeCatalog
from tests.unit.orchestrator.planning.cases import ADD, ALL


def option(*tools: str, plans: tuple[str, ...] = ()) -> Option:
    calls = tuple(Call(tool, 1, "hash") for tool in tools)
    return Option("+".join(tools), calls, Estimate(0, 1, 1), plans=plans)


def plan(*subtasks: SubTask, **more: float) -> Plan:
    return Plan("plan_1", subtasks, "given", plan_quality=more)


SUM = SubTask("sum", "add", "add", (option("add"), option("fetch", "add"), option("lead")))
SHORT = SubTask("short", "shorten", "summarise", (option("lead"), option("central")))


def test_an_option_goes_with_any_of_its_calls() -> None:
    left = without_tools(plan(SUM, SHORT), {"fetch", "lead"})
    assert [[o.id for o in subtask.options] for subtask in left.subtasks] == [["add"], ["central"]]


def test_a_plan_that_uses_nothing_of_it_stays_itself() -> None:
    whole = plan(SUM)
    assert without_tools(whole, {"write"}) is whole


def test_every_sub_task_of_which_nothing_is_left_is_named() -> None:
    with pytest.raises(PlanRejected) as caught:
        without_tools(plan(SUM, SHORT), {"add", "lead", "central"})
    named = {problem.subtask: problem for problem in caught.value.problems}
    assert list(named) == ["sum", "short"]
    assert named["short"].path == "/subtasks/1/tool"
    assert "only central, lead can do it" in named["short"].detail


def test_of_merged_plans_those_stay_that_can_be_done() -> None:
    own = replace(SHORT, id="own", plans=("p1",))
    other = replace(SUM, id="other", plans=("p2",))
    left = without_tools(plan(SUM, own, other, p1=0.9, p2=0.8), {"lead", "central"})
    assert [subtask.id for subtask in left.subtasks] == ["sum", "other"]
    assert left.plan_quality == {"p2": 0.8}


@pytest.mark.parametrize(
    ("filter", "left"),
    [
        (ToolFilter(), ["add", "fetch+add", "lead"]),
        (ToolFilter(exclude=("lead",)), ["add", "fetch+add"]),
        (ToolFilter(exclude=("tag:sums",)), ["lead"]),
        (ToolFilter(include=("tag:sums",)), ["add"]),
        (ToolFilter(include=("add", "lead")), ["add", "lead"]),
    ],
)
async def test_names_and_tags_are_left_out_as_a_run_leaves_them_out(
    filter: ToolFilter, left: list[str]
) -> None:
    tools = [replace(ADD, tags=("sums",)) if tool is ADD else tool for tool in ALL]
    allowed = await allowed_by(filter, plan(SUM), catalog=FakeCatalog(tools))
    assert [one.id for one in allowed.subtasks[0].options] == left
