"""Plans that come with the request."""

from __future__ import annotations

import time
from typing import Any

import pytest

from orchestrator.domain.plan import Plan
from orchestrator.domain.planning import Planned, PlanningTask
from orchestrator.domain.run import RunRequest, ToolFilter
from orchestrator.errors import Invalid, NoSuitableTool, PlanRejected
from tests.unit.orchestrator.planning.cases import ADD, given, planner, ref, tool


async def plan(*subtasks: Any, **more) -> Plan:
    made = await planner().plan(given(*subtasks, **more))
    assert isinstance(made, Planned)
    return made.plan


async def refused(*subtasks: Any, error: type[Invalid] = Invalid, **more) -> dict[str, str]:
    with pytest.raises(error) as caught:
        await planner().plan(given(*subtasks, **more))
    return {problem.path: problem.detail for problem in caught.value.problems}


async def test_a_given_plan_keeps_its_graph_and_its_tools() -> None:
    made = await plan(
        {"id": "a", "goal": "one more", "tool": "add", "arguments": {"x": 1}},
        {"id": "b", "tool": "add", "arguments": {"x": ref("a.result")}},
        {"id": "c", "tool": "lead", "arguments": {"text": "long"}, "needs": ["b"]},
    )
    assert [(s.id, s.needs) for s in made.subtasks] == [("a", ()), ("b", ("a",)), ("c", ("b",))]
    assert [[option.id for option in s.options] for s in made.subtasks] == [["add"], ["add"], ["lead"]]
    assert made.source == "given"
    assert all(check.passed for check in made.checks)


async def test_without_a_tool_every_tool_that_fits_is_an_option() -> None:
    made = await plan({"id": "a", "goal": "summarise the text", "arguments": {"text": "long"}})
    assert [option.id for option in made.subtasks[0].options] == ["lead", "central"]


async def test_without_a_tool_only_those_that_give_what_is_used_fit() -> None:
    made = await plan(
        {"id": "a", "goal": "summarise the text", "arguments": {"body": "long"}},
        {"id": "b", "tool": "write", "arguments": {"text": ref("a.digest")}},
    )
    assert {option.id: dict(option.aliases) for option in made.subtasks[0].options} == {
        "central": {},
        "lead": {"digest": "summary"},
    }


async def test_tools_that_name_no_job_are_options_when_the_words_speak_for_them_alike() -> None:
    tools = [tool(name, {"x": {}}, {"y": {}}, summary="Weigh a fish") for name in ("weigh_one", "weigh_two")]
    other = tool("count_birds", {"x": {}}, {"y": {}}, summary="Count birds in a fish pond")
    made = await planner(*tools, other).plan(
        given({"id": "a", "goal": "weigh a fish", "arguments": {"x": 1}})
    )
    assert isinstance(made, Planned)
    assert [option.id for option in made.plan.subtasks[0].options] == ["weigh_one", "weigh_two"]


async def test_a_goal_that_nothing_fits_is_refused_with_the_nearest_tools() -> None:
    with pytest.raises(NoSuitableTool) as caught:
        await plan({"id": "a", "goal": "summarise the text", "arguments": {"rocket": "long"}})
    assert set(caught.value.nearest) >= {"lead", "central"}


async def test_an_unknown_tool_is_refused_with_the_nearest_names() -> None:
    problems = await refused({"id": "a", "tool": "ad", "arguments": {"x": 1}})
    assert problems == {"/plan/subtasks/0/tool": "there is no active tool 'ad'; nearest: add, lead"}


async def test_an_unknown_tool_with_another_name_is_looked_for_by_its_words() -> None:
    problems = await refused({"id": "a", "tool": "save_a_document", "arguments": {}})
    assert "write" in problems["/plan/subtasks/0/tool"]


async def test_a_tool_that_the_filter_leaves_out_is_refused() -> None:
    one = {"id": "a", "tool": "add", "arguments": {"x": 1}}
    problems = await refused(one, tools=ToolFilter(exclude=("add",)))
    assert "filter" in problems["/plan/subtasks/0/tool"]
    problems = await refused(one, tools=ToolFilter(include=("tag:fast",)))
    assert "filter" in problems["/plan/subtasks/0/tool"]


@pytest.mark.parametrize(
    ("subtask", "path"),
    [
        ("a", "/plan/subtasks/0"),
        ({"goal": "x"}, "/plan/subtasks/0/id"),
        ({"id": "1a", "goal": "x"}, "/plan/subtasks/0/id"),
        ({"id": "inputs", "goal": "x"}, "/plan/subtasks/0/id"),
        ({"id": "a"}, "/plan/subtasks/0/goal"),
        ({"id": "a", "tool": 3}, "/plan/subtasks/0/tool"),
        ({"id": "a", "tool": "add", "arguments": []}, "/plan/subtasks/0/arguments"),
        ({"id": "a", "tool": "add", "needs": "b"}, "/plan/subtasks/0/needs"),
        ({"id": "a", "tool": "add", "argument": {}}, "/plan/subtasks/0/argument"),
        ({"id": "a", "tool": "add", "arguments": {"x": {"ref": "b"}}}, "/plan/subtasks/0/arguments/x"),
    ],
)
async def test_what_is_not_a_sub_task_is_pointed_at(subtask: Any, path: str) -> None:
    assert list(await refused(subtask)) == [path]


async def test_a_field_that_is_null_is_absent() -> None:
    one = {"id": "a", "goal": "summarise the text", "tool": None, "arguments": {"text": "x"}, "needs": None}
    assert len((await plan(one)).subtasks[0].options) == 2


async def test_every_problem_is_told_at_once() -> None:
    problems = await refused({"id": "a", "tool": 3}, {"id": "a", "tool": "add", "arguments": 4})
    assert list(problems) == [
        "/plan/subtasks/0/tool",
        "/plan/subtasks/1/id",
        "/plan/subtasks/1/arguments",
    ]


async def test_a_plan_without_sub_tasks_is_refused() -> None:
    assert "/plan/subtasks" in await refused()


async def test_a_plan_that_does_not_pass_its_checks_points_at_the_argument() -> None:
    problems = await refused(
        {"id": "b", "tool": "add", "arguments": {"x": ref("a.result")}},
        {"id": "a", "tool": "add", "arguments": {"x": "one"}},
        error=PlanRejected,
    )
    assert list(problems) == ["/plan/subtasks/1/arguments/x"]


async def test_a_request_and_a_plan_together_are_refused() -> None:
    both = RunRequest(request="add", plan={"subtasks": [{"id": "a", "tool": "add", "arguments": {"x": 1}}]})
    with pytest.raises(Invalid):
        await planner(ADD).plan(PlanningTask(both))


async def test_a_hundred_sub_tasks_are_planned_in_a_blink() -> None:
    subtasks: list[Any] = [{"id": "s0", "tool": "add", "arguments": {"x": 1}}]
    subtasks += [
        {"id": f"s{i}", "tool": "add", "arguments": {"x": ref(f"s{i - 1}.result")}} for i in range(1, 100)
    ]
    one = planner()
    await one.plan(given(*subtasks))
    began = time.perf_counter()
    await one.plan(given(*subtasks))
    assert time.perf_counter() - began < 0.5
