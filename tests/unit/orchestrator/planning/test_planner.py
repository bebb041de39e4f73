"""The planner as a whole, over drafts that a test gives."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from orchestrator.domain.budget import Budget, Preference
from orchestrator.domain.planning import DraftQuestion, NeedsAnswers, Planned, Used
from orchestrator.domain.run import ToolFilter
from orchestrator.errors import (
    BudgetTooSmall,
    DeadlineExceeded,
    Invalid,
    NoSuitableTool,
    PlanningTooLong,
    PlanRejected,
)
from orchestrator.planning.drafts import Draft
from orchestrator.planning.offline import OfflineDecomposer
from orchestrator.retrieval.retriever import Bm25Retriever
from tests.fakes import FakeArtifacts, FakeCatalog
from tests.unit.orchestrator.planning.cases import (
    ALL,
    DraftsAsTold,
    asked,
    drafted,
    given,
    planner,
    ref,
    tool,
)

SUMMARY = Draft(
    (
        drafted("a", "lead", {"text": "long"}, words="summarise this"),
        drafted("b", "write", {"text": ref("a.summary")}, words="and save it"),
    ),
    clauses=("summarise this", "and save it"),
    confidence=0.9,
)


async def planned(draft: Draft = SUMMARY, **more) -> Planned:
    made = await planner(draft=draft).plan(asked(**more))
    assert isinstance(made, Planned)
    return made


async def test_a_draft_becomes_a_checked_plan_with_estimates_and_a_path() -> None:
    made = await planned(preference=Preference(alpha=0))
    assert made.plan.source == "offline"
    assert made.plan.quality == pytest.approx(0.9)
    assert [subtask.words for subtask in made.plan.subtasks] == ["summarise this", "and save it"]
    assert all(check.passed for check in made.plan.checks)
    assert len(made.plan.checks) == 7
    assert dict(made.path.choices) == {"a": "central", "b": "write"}
    assert made.usage.usd == 0


async def test_the_preference_chooses_between_alternatives() -> None:
    assert (await planned(preference=Preference(alpha=2))).path.choices["a"] == "lead"
    assert (await planned(preference=Preference(alpha=0))).path.choices["a"] == "central"


async def test_the_planner_sees_only_tools_that_the_run_allows() -> None:
    told = DraftsAsTold(SUMMARY)
    await planner(offline=told).plan(asked(tools=ToolFilter(exclude=("central", "tag:slow"))))
    assert "central" not in told.tools
    assert "lead" in told.tools


async def test_a_limit_that_no_path_meets_is_refused() -> None:
    with pytest.raises(BudgetTooSmall):
        await planned(budget=Budget(seconds=0.001))
    with pytest.raises(BudgetTooSmall):
        await planned(budget=Budget(min_quality=0.99))
    made = await planned(budget=Budget(usd=Decimal(0)))
    assert made.path.quote.usd == 0


async def test_questions_end_planning() -> None:
    question = DraftQuestion("q1", "Which language?", {"type": "string"})
    made = await planner(draft=Draft((), questions=(question,))).plan(asked())
    assert isinstance(made, NeedsAnswers)
    assert made.questions == (question,)


async def test_a_clause_that_nothing_serves_is_refused_with_the_nearest_tools() -> None:
    draft = Draft(SUMMARY.subtasks, clauses=("a", "b"), uncovered=("b",), nearest=("write",))
    with pytest.raises(
        NoSuitableTool, match="no registered tool serves this part of the request: 'b'"
    ) as caught:
        await planned(draft)
    assert caught.value.nearest == ("write",)


async def test_an_empty_draft_is_refused() -> None:
    with pytest.raises(NoSuitableTool):
        await planned(Draft((), nearest=("write",)))


async def test_a_draft_that_does_not_pass_is_refused() -> None:
    with pytest.raises(PlanRejected) as caught:
        await planned(Draft((drafted("a", "add", {}),)))
    assert [problem.path for problem in caught.value.problems] == ["/subtasks/0/arguments"]


async def test_what_failed_in_this_run_is_not_tried_again() -> None:
    made = await planned(failed=(("summarise", "central"),), preference=Preference(alpha=0))
    assert made.path.choices["a"] == "lead"


async def test_options_that_fit_no_other_are_refused_by_the_search() -> None:
    png = tool("png", {}, {"a": {}, "b": {}}, ports=({}, {"a": "image/png", "b": "text"}), does=("make",))
    jpeg = tool("jpeg", {}, {"a": {}, "b": {}}, ports=({}, {"a": "image/jpeg", "b": "table"}), does=("make",))
    takes = tool(
        "takes", {"a": {}, "b": {}}, {"c": {}}, ports=({"a": "image/jpeg", "b": "text"}, {"c": "text"})
    )
    draft = Draft(
        (
            drafted("one", "png", {}, type="make"),
            drafted("two", "takes", {"a": ref("one.a"), "b": ref("one.b")}),
        )
    )
    with pytest.raises(PlanRejected) as caught:
        await planner(png, jpeg, takes, draft=draft).plan(asked())
    assert caught.value.problems[0].path == "/subtasks/1/arguments/a"


async def test_the_types_of_attached_files_are_looked_up(tmp_path: Path) -> None:
    artifacts = FakeArtifacts(tmp_path)
    page = await artifacts.put(b"<p>x</p>", media_type="text/html", name="x.html")
    csv = await artifacts.put(b"a,b\n1,2\n", media_type="text/csv", name="x.csv")
    use = {"id": "a", "tool": "extract", "arguments": {"page": ref("inputs.file")}}
    one = planner(artifacts=artifacts)
    assert isinstance(await one.plan(given(use, inputs={"file": {"artifact": page.id}})), Planned)
    with pytest.raises(PlanRejected, match="text/csv cannot fill an argument that takes text/html"):
        await one.plan(given(use, inputs={"file": {"artifact": csv.id}}))
    with pytest.raises(Invalid, match="there is no artifact 'art_9'"):
        await one.plan(given(use, inputs={"file": {"artifact": "art_9"}}))


async def test_columns_of_attached_tables_reach_the_decomposer(tmp_path: Path) -> None:
    artifacts = FakeArtifacts(tmp_path)
    csv = await artifacts.put(b"region,sales\nnorth,2\n", media_type="text/csv", name="x.csv")
    told = DraftsAsTold(SUMMARY)
    await planner(offline=told, artifacts=artifacts).plan(asked(inputs={"file": {"artifact": csv.id}}))
    assert [column.name for column in told.peek["file"].columns] == ["region", "sales"]


async def test_the_language_model_planner_without_a_model_says_how_to_configure_one() -> None:
    with pytest.raises(Invalid, match="TOOLPATH_LLM_BASE_URL") as caught:
        await planner(draft=SUMMARY).plan(asked(planner="llm"))
    assert caught.value.problems[0].path == "/planner"


async def test_the_real_offline_decomposer_plans_in_words() -> None:
    catalog = FakeCatalog(ALL)
    offline = OfflineDecomposer(retriever=Bm25Retriever(catalog))
    made = await planner(catalog=catalog, offline=offline).plan(
        asked("Fetch https://example.com/a.html, extract the text of the page and summarise it")
    )
    assert isinstance(made, Planned)
    assert [subtask.type for subtask in made.plan.subtasks] == ["fetch_page", "extract_text", "summarise"]
    assert made.plan.subtasks[0].options[0].calls[0].arguments == {"url": "https://example.com/a.html"}


async def test_a_new_tool_is_planned_with_as_soon_as_it_is_registered() -> None:
    catalog = FakeCatalog(ALL)
    one = planner(catalog=catalog)
    use = {"id": "a", "tool": "double", "arguments": {"x": 2}}
    with pytest.raises(Invalid):
        await one.plan(given(use))
    await catalog.add(tool("double", {"x": {"type": "number"}}, {"result": {"type": "number"}}))
    assert isinstance(await one.plan(given(use)), Planned)


class _NeverEnds(DraftsAsTold):
    async def draft(self, task, *, tools, peek) -> Draft:
        await asyncio.Event().wait()
        raise AssertionError


async def test_planning_ends_in_bounded_time_and_says_why() -> None:
    with pytest.raises(PlanningTooLong, match=r"0\.05 s.*TOOLPATH_PLANNING_SECONDS"):
        await planner(offline=_NeverEnds(SUMMARY), seconds=0.05).plan(asked())


async def test_planning_ends_with_the_runs_own_time_of_which_a_part_is_used() -> None:
    task = replace(asked(budget=Budget(seconds=10), run_id="run_1"), used=Used(seconds=9.95))
    with pytest.raises(DeadlineExceeded, match=r"budget\.seconds"):
        await planner(offline=_NeverEnds(SUMMARY)).plan(task)


async def test_a_plan_made_again_counts_the_money_and_the_time_already_used() -> None:
    limits = Budget(usd=Decimal("0.5"), seconds=20)
    task = asked(budget=limits)
    assert isinstance(await planner(draft=SUMMARY).plan(task), Planned)
    for used in (Used(usd=0.6), Used(seconds=19.5)):
        with pytest.raises(BudgetTooSmall):
            await planner(draft=SUMMARY).plan(replace(task, used=used))
