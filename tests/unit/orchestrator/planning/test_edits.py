"""Edits of a stored plan."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.domain.plan import Plan
from orchestrator.domain.planning import Planned
from orchestrator.domain.run import RunRequest, ToolFilter
from orchestrator.errors import Invalid, NoSuitableTool, PlanRejected
from orchestrator.planning.edits import PlanEditor, plan_diff
from orchestrator.retrieval.retriever import Bm25Retriever
from tests.fakes import FakeBeliefs, FakeCatalog
from tests.unit.orchestrator.planning.cases import ADD, ALL, given, planner, ref

CATALOG = FakeCatalog(ALL)


async def old() -> Plan:
    """Fetch a page, extract its text, summarise it, write it."""
    made = await planner(catalog=CATALOG).plan(
        given(
            {"id": "page", "tool": "fetch", "arguments": {"url": "https://x.org"}},
            {"id": "text", "tool": "extract", "arguments": {"page": ref("page.page")}},
            {"id": "short", "goal": "summarise the text", "arguments": {"text": ref("text.text")}},
            {"id": "file", "tool": "write", "arguments": {"text": ref("short.summary")}},
        )
    )
    assert isinstance(made, Planned)
    return made.plan


async def edited(*edits: dict[str, Any], catalog: FakeCatalog = CATALOG, **request: Any) -> Plan:
    editor = PlanEditor(catalog, Bm25Retriever(catalog), FakeBeliefs())
    return await editor.edit(await old(), edits, request=RunRequest(plan={}, **request))


async def refused(*edits: dict[str, Any], error: type[Invalid] = Invalid) -> dict[str, str]:
    with pytest.raises(error) as caught:
        await edited(*edits)
    return {problem.path: problem.detail for problem in caught.value.problems}


def arguments(plan: Plan, id: str) -> dict[str, Any]:
    return dict(plan.subtask(id).options[0].calls[0].arguments)


async def test_an_edited_plan_is_a_new_one_with_estimates_and_checks() -> None:
    before = await old()
    plan = await edited({"op": "reword", "id": "short", "goal": "shorten it", "words": "make it short"})
    assert plan.id != before.id
    assert plan.source == "edited"
    assert (plan.subtask("short").goal, plan.subtask("short").words) == ("shorten it", "make it short")
    assert all(option.estimate.n > 0 for subtask in plan.subtasks for option in subtask.options)
    assert all(check.passed for check in plan.checks)
    assert plan.notes == ("edited: reword short",)


async def test_a_sub_task_is_added_after_another() -> None:
    extra = {"id": "copy", "tool": "write", "arguments": {"text": ref("text.text")}}
    plan = await edited({"op": "add", "subtask": extra, "after": "text"})
    assert [subtask.id for subtask in plan.subtasks] == ["page", "text", "copy", "short", "file"]
    assert plan.subtask("copy").needs == ("text",)


async def test_an_added_sub_task_without_a_tool_gets_those_that_fit() -> None:
    extra = {"id": "again", "goal": "summarise the text", "arguments": {"text": ref("short.summary")}}
    plan = await edited({"op": "add", "subtask": extra})
    assert {option.id for option in plan.subtask("again").options} == {"lead", "central"}


async def test_a_sub_task_that_nobody_uses_is_removed() -> None:
    plan = await edited({"op": "remove", "id": "file"})
    assert [subtask.id for subtask in plan.subtasks] == ["page", "text", "short"]


async def test_a_sub_task_that_others_use_is_not_removed() -> None:
    problems = await refused({"op": "remove", "id": "text"})
    assert problems["/edits/0/id"].startswith("short uses its output")


async def test_what_waited_for_a_removed_sub_task_waits_for_what_that_waited_for() -> None:
    plan = await edited(
        {"op": "add", "subtask": {"id": "log", "tool": "add", "arguments": {"x": 1}, "needs": ["text"]}},
        {"op": "reorder", "id": "file", "needs": ["log"]},
        {"op": "remove", "id": "log"},
    )
    assert plan.subtask("file").needs == ("text", "short")


async def test_arguments_are_changed_and_taken_away_in_every_option_that_has_them() -> None:
    plan = await edited({"op": "arguments", "id": "short", "arguments": {"sentences": 5}})
    assert [option.calls[0].arguments["sentences"] for option in plan.subtask("short").options] == [5, 5]
    plan = await edited(
        {"op": "arguments", "id": "file", "arguments": {"title": "T"}},
        {"op": "arguments", "id": "file", "arguments": {"title": None}},
    )
    assert arguments(plan, "file") == {"text": ref("short.summary")}


async def test_a_reference_that_is_taken_away_is_no_longer_waited_for() -> None:
    plan = await edited({"op": "arguments", "id": "file", "arguments": {"text": "done"}})
    assert plan.subtask("file").needs == ()


async def test_an_argument_that_does_not_fit_is_pointed_at() -> None:
    problems = await refused({"op": "arguments", "id": "file", "arguments": {"text": 7}}, error=PlanRejected)
    assert list(problems) == ["/subtasks/3/arguments/text"]
    problems = await refused({"op": "arguments", "id": "file", "arguments": {"text": {"ref": "x"}}})
    assert list(problems) == ["/edits/0/arguments/text"]


async def test_a_sub_task_is_pinned_to_one_of_its_tools_and_widened_again() -> None:
    plan = await edited({"op": "retarget", "id": "short", "tool": "central"})
    assert [option.id for option in plan.subtask("short").options] == ["central"]
    assert plan.subtask("short").options[0].aliases == {"summary": "digest"}
    plan = await edited(
        {"op": "retarget", "id": "short", "tool": "lead"}, {"op": "retarget", "id": "short", "tool": None}
    )
    assert {option.id for option in plan.subtask("short").options} == {"lead", "central"}


async def test_a_sub_task_is_given_to_another_tool_with_the_arguments_that_fit_it() -> None:
    plan = await edited({"op": "retarget", "id": "text", "tool": "extract"})
    assert arguments(plan, "text") == {"page": ref("page.page")}
    problems = await refused({"op": "retarget", "id": "short", "tool": "add"}, error=PlanRejected)
    assert list(problems) == ["/subtasks/2/arguments"]
    assert (
        "nearest: write" in (await refused({"op": "retarget", "id": "file", "tool": "writ"}))["/edits/0/tool"]
    )


async def test_what_a_check_finds_is_said_of_its_sub_task() -> None:
    with pytest.raises(PlanRejected) as caught:
        await edited(
            {"op": "add", "subtask": {"id": "first", "tool": "add", "arguments": {"x": 1}}, "after": "page"},
            {"op": "arguments", "id": "file", "arguments": {"text": 7}},
        )
    (problem,) = caught.value.problems
    assert (problem.path, problem.subtask) == ("/subtasks/4/arguments/text", "file")


async def test_options_that_the_filter_leaves_out_go() -> None:
    plan = await edited(tools=ToolFilter(exclude=("lead",)))
    assert [option.id for option in plan.subtask("short").options] == ["central"]
    assert plan.source == (await old()).source
    with pytest.raises(PlanRejected) as caught:
        await edited(tools=ToolFilter(exclude=("lead", "central", "fetch")))
    assert [problem.subtask for problem in caught.value.problems] == ["page", "short"]
    removals = [{"op": "remove", "id": id} for id in ("file", "short", "text", "page")]
    extra = {"op": "add", "subtask": {"id": "sum", "tool": "add", "arguments": {"x": 1}}}
    other = await edited(extra, *removals, tools=ToolFilter(exclude=("fetch",)))
    assert [subtask.id for subtask in other.subtasks] == ["sum"]


async def test_a_sub_task_is_extended_into_several_and_others_use_the_last() -> None:
    into = [
        {"id": "first", "tool": "lead", "arguments": {"text": ref("text.text"), "sentences": 9}},
        {"id": "second", "goal": "summarise the text", "arguments": {"text": ref("first.summary")}},
    ]
    plan = await edited({"op": "extend", "id": "short", "into": into})
    assert [subtask.id for subtask in plan.subtasks] == ["page", "text", "first", "second", "file"]
    assert arguments(plan, "file")["text"] == ref("second.summary")
    assert plan.subtask("first").needs == ("text",)


async def test_one_of_several_may_keep_the_id() -> None:
    into = [
        {"id": "first", "tool": "lead", "arguments": {"text": ref("text.text")}},
        {"id": "short", "tool": "lead", "arguments": {"text": ref("first.summary")}},
    ]
    plan = await edited({"op": "extend", "id": "short", "into": into})
    assert arguments(plan, "file")["text"] == ref("short.summary")
    assert plan.subtask("short").needs == ("first",)


async def test_independent_sub_tasks_are_put_in_another_order() -> None:
    extra = {"id": "sum", "tool": "add", "arguments": {"x": 1}}
    order = ["sum", "page", "text", "short", "file"]
    plan = await edited({"op": "add", "subtask": extra}, {"op": "reorder", "order": order})
    assert [subtask.id for subtask in plan.subtasks] == order


async def test_an_order_that_breaks_a_need_is_refused() -> None:
    problems = await refused({"op": "reorder", "order": ["text", "page", "short", "file"]})
    assert problems == {"/edits/0/order/0": "'text' needs 'page', which would come after it"}
    problems = await refused({"op": "reorder", "id": "page", "needs": ["file"]}, error=PlanRejected)
    assert list(problems) == ["/subtasks/0/needs"]


@pytest.mark.parametrize(
    ("edit", "path"),
    [
        ({"op": "burn", "id": "page"}, "/edits/0/op"),
        ({}, "/edits/0/op"),
        ({"op": "remove", "id": "nobody"}, "/edits/0/id"),
        ({"op": "remove"}, "/edits/0/id"),
        ({"op": "remove", "id": "page", "goal": "x"}, "/edits/0/goal"),
        ({"op": "reword", "id": "page"}, "/edits/0/goal"),
        ({"op": "reword", "id": "page", "words": ""}, "/edits/0/words"),
        ({"op": "reorder", "order": ["page"]}, "/edits/0/order"),
        ({"op": "reorder", "id": "page", "needs": ["nobody"]}, "/edits/0/needs/0"),
        ({"op": "arguments", "id": "page", "arguments": {}}, "/edits/0/arguments"),
        ({"op": "extend", "id": "page", "into": []}, "/edits/0/into"),
        (
            {"op": "extend", "id": "page", "into": [{"id": "x"}, {"id": "y", "tool": "add"}]},
            "/edits/0/into/0/goal",
        ),
        (
            {"op": "add", "subtask": {"id": "page", "tool": "add", "arguments": {"x": 1}}},
            "/edits/0/subtask/id",
        ),
        ({"op": "add", "subtask": {"id": "n", "tool": "ad"}}, "/edits/0/subtask/tool"),
        ({"op": "add"}, "/edits/0/subtask"),
    ],
)
async def test_an_edit_that_cannot_be_made_is_pointed_at(edit: dict[str, Any], path: str) -> None:
    assert list(await refused(edit)) == [path]


async def test_the_second_edit_is_pointed_at_when_it_is_the_bad_one() -> None:
    problems = await refused({"op": "remove", "id": "file"}, {"op": "remove", "id": "file"})
    assert list(problems) == ["/edits/1/id"]


async def test_a_plan_cannot_be_emptied() -> None:
    removals = [{"op": "remove", "id": id} for id in ("file", "short", "text", "page")]
    assert list(await refused(*removals)) == ["/edits"]


async def test_a_goal_that_no_tool_fits_is_refused() -> None:
    with pytest.raises(NoSuitableTool):
        await edited({"op": "add", "subtask": {"id": "n", "goal": "fly", "arguments": {"rocket": 1}}})


async def test_tools_that_the_run_leaves_out_cannot_be_chosen() -> None:
    with pytest.raises(Invalid, match="filter"):
        await edited({"op": "retarget", "id": "page", "tool": "add"}, tools=ToolFilter(exclude=("add",)))


async def test_sub_tasks_that_are_not_edited_stay_pinned_to_their_version() -> None:
    catalog = FakeCatalog(ALL)
    before = await old()
    await catalog.add(
        replace(next(t for t in ALL if t.name == "write"), version=2, summary="new"), replace=True
    )
    editor = PlanEditor(catalog, Bm25Retriever(catalog), FakeBeliefs())
    plan = await editor.edit(
        before, [{"op": "reword", "id": "file", "goal": "save"}], request=RunRequest(plan={})
    )
    assert plan.subtask("file").options[0].calls[0].version == 1


async def test_the_diff_tells_what_was_added_removed_and_changed() -> None:
    before = await old()
    editor = PlanEditor(CATALOG, Bm25Retriever(CATALOG), FakeBeliefs())
    extra = {"id": "sum", "tool": ADD.name, "arguments": {"x": 1}}
    edits: list[dict[str, Any]] = [
        {"op": "remove", "id": "file"},
        {"op": "add", "subtask": extra},
        {"op": "reword", "id": "page", "goal": "get it"},
    ]
    diff = plan_diff(before, await editor.edit(before, edits, request=RunRequest(plan={})))
    assert list(diff["added"]) == ["sum"]
    assert diff["removed"] == ["file"]
    assert diff["changed"] == {"page": {"goal": {"from": before.subtask("page").goal, "to": "get it"}}}
    assert diff["order"] is None
