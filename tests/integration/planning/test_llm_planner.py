"""The planner with a language model: the real graph and client against a scripted server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.budget import Budget, Preference
from orchestrator.domain.planning import NeedsAnswers, Planned
from orchestrator.errors import BudgetTooSmall, ModelFailed, NoSuitableTool, PlanRejected
from orchestrator.planning.drafts import Draft
from orchestrator.planning.planner import Planner
from tests.fakes import FakeArtifacts, FakeCatalog, FakePlanningBudget, FakeReplies
from tests.unit.orchestrator.planning.cases import ALL, LEAD, DraftsAsTold, asked, drafted, planner, ref
from tools.llm import ChatModel
from tools.net import Net
from tools.spec import Price
from tools.testing import Rule, ScriptedModel

REQUEST = "Fetch https://example.com/a.html, extract its text and sum it up"
PRICE = Price(per_1k_tokens_in=Decimal("0.001"), per_1k_tokens_out=Decimal("0.002"))
OFFLINE = Draft((drafted("offline", "write", {"text": "by hand"}),))

GOOD: dict[str, Any] = {
    "outcome": "plan",
    "confidence": 0.8,
    "clauses": [
        {"words": "Fetch https://example.com/a.html", "subtasks": ["page"]},
        {"words": "extract its text", "subtasks": ["text"]},
        {"words": "sum it up", "subtasks": ["short"]},
    ],
    "subtasks": [
        {
            "id": "page",
            "goal": "fetch the page",
            "words": "Fetch https://example.com/a.html",
            "tool": "fetch",
            "arguments": {"url": "https://example.com/a.html"},
        },
        {
            "id": "text",
            "goal": "extract the text",
            "words": "extract its text",
            "tool": "extract",
            "arguments": {"page": ref("page.page")},
        },
        {
            "id": "short",
            "goal": "summarise the text",
            "words": "words that nobody wrote",
            "tool": "lead",
            "arguments": {"text": ref("text.text")},
        },
    ],
}


def changed(place: int, **fields: Any) -> dict[str, Any]:
    """The good plan with one sub-task changed."""
    subtasks = [{**one, **fields} if i == place else one for i, one in enumerate(GOOD["subtasks"])]
    return {**GOOD, "subtasks": subtasks}


Serve = Callable[..., AbstractAsyncContextManager[tuple[Planner, ScriptedModel]]]


@asynccontextmanager
async def serving(rules: Sequence[Rule], **more: Any) -> AsyncIterator[tuple[Planner, ScriptedModel]]:
    """A planner over a scripted server."""
    refuses = more.pop("refuses_schemas", False)
    async with ScriptedModel(rules, refuses_schemas=refuses) as server, _net() as net:
        model = ChatModel(net=net, base_url=server.base_url, model="scripted", price=PRICE)
        try:
            yield planner(model=model, offline=DraftsAsTold(OFFLINE), **more), server
        finally:
            await model.aclose()


@asynccontextmanager
async def _net() -> AsyncIterator[Net]:
    net = Net(allow=["127.0.0.1"])
    try:
        yield net
    finally:
        await net.aclose()


async def planned(one: Planner, **more: Any) -> Planned:
    made = await one.plan(asked(REQUEST, **more))
    assert isinstance(made, Planned)
    return made


async def test_a_model_s_plan_is_grounded_checked_and_searched() -> None:
    async with serving([Rule(json=GOOD)]) as (one, server):
        made = await planned(one, preference=Preference(alpha=0))
    assert made.plan.source == "llm"
    assert made.plan.quality == pytest.approx(0.8)
    assert dict(made.path.choices) == {"page": "fetch", "text": "extract", "short": "central"}
    assert [option.id for option in made.plan.subtask("short").options] == ["lead", "central"]
    assert all(check.passed for check in made.plan.checks)
    assert made.usage.tokens_in > 100
    assert made.usage.usd > 0
    assert len(server.prompts) == 1


async def test_words_that_the_request_does_not_hold_are_replaced_by_those_of_the_clause() -> None:
    async with serving([Rule(json=GOOD)]) as (one, _):
        made = await planned(one)
    assert made.plan.subtask("short").words == "sum it up"


async def test_the_model_sees_the_tools_that_fit_the_inputs_with_columns_and_the_schema(
    tmp_path: Path,
) -> None:
    artifacts = FakeArtifacts(tmp_path)
    csv = await artifacts.put(b"region,sales\nnorth,2\n", media_type="text/csv", name="sales.csv")
    async with serving([Rule(json=GOOD)], artifacts=artifacts) as (one, server):
        await planned(one, inputs={"file": {"artifact": csv.id}})
    body = server.prompts[0]
    data = json.loads(body["messages"][1]["content"].split("<data>")[1].split("</data>")[0])
    assert {tool["name"] for tool in data["tools"]} >= {"fetch", "extract"}
    assert data["inputs"] == [
        {
            "name": "file",
            "types": ["text/csv"],
            "file": "sales.csv",
            "columns": [{"name": "region", "kind": "category"}, {"name": "sales", "kind": "number"}],
        }
    ]
    assert data["request"] == REQUEST
    assert body["response_format"]["type"] == "json_schema"
    assert body["temperature"] == 0


async def test_a_server_that_refuses_structured_output_still_serves() -> None:
    async with serving([Rule(json=GOOD)], refuses_schemas=True) as (one, _):
        assert (await planned(one)).plan.source == "llm"


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (changed(0, tool="fetch_it"), "there is no active tool 'fetch_it'"),
        (changed(0, arguments={}), "fetch needs the argument 'url'"),
        (changed(1, arguments={"page": ref("nobody.page")}), "there is no sub-task 'nobody'"),
        (changed(1, arguments={"page": ref("page.body")}), "it gives: page, title"),
        (changed(2, arguments={"text": ref("page.page")}), "text/html cannot fill"),
        ({**GOOD, "clauses": [{"words": "sum it up", "subtasks": []}]}, "nothing serves 'sum it up'"),
        ({"outcome": "plan", "subtasks": "none"}, "subtasks"),
    ],
)
async def test_a_plan_that_does_not_pass_is_mended_by_telling_the_model_what_is_wrong(
    bad: Mapping[str, Any], told: str
) -> None:
    async with serving([Rule(match="does not pass its checks", json=GOOD), Rule(json=bad)]) as (one, server):
        made = await planned(one)
    assert made.plan.source == "llm"
    assert len(server.prompts) == 2
    assert told in server.prompts[1]["messages"][-1]["content"]
    assert server.prompts[1]["messages"][-2]["role"] == "assistant"


async def test_a_reply_that_is_no_json_is_mended_too() -> None:
    rules = [Rule(match="does not pass its checks", json=GOOD), Rule(text="Sure! Here is your plan:")]
    async with serving(rules) as (one, server):
        assert (await planned(one)).plan.source == "llm"
    assert len(server.prompts) == 2


async def test_mending_is_bounded() -> None:
    async with serving([Rule(json=changed(0, arguments={}))], max_repairs=2) as (one, server):
        with pytest.raises(PlanRejected) as caught:
            await planned(one)
    assert [problem.path for problem in caught.value.problems] == ["/subtasks/0/arguments"]
    assert len(server.prompts) == 3


async def test_a_part_that_the_model_left_out_is_asked_about_and_served() -> None:
    less = {**GOOD, "subtasks": GOOD["subtasks"][:2], "clauses": GOOD["clauses"][:2]}
    words = "Fetch https://example.com/a.html, extract its text and summarise everything"
    rules = [Rule(match="no clause quotes 'summarise everything'", json=GOOD), Rule(json=less)]
    async with serving(rules) as (one, server):
        made = await one.plan(asked(words))
    assert isinstance(made, Planned)
    assert [subtask.id for subtask in made.plan.subtasks] == ["page", "text", "short"]
    assert len(server.prompts) == 2


@pytest.mark.parametrize("second", [GOOD, {"outcome": "plan", "subtasks": [{}]}])
async def test_a_model_that_stands_by_its_plan_is_believed_once_asked_with_a_note(second: Any) -> None:
    words = f"{REQUEST}. Be quick about it, my boss is waiting!"
    rules = [Rule(match="no clause quotes", json=second), Rule(json=GOOD)]
    async with serving(rules) as (one, server):
        made = await one.plan(asked(words))
    assert isinstance(made, Planned)
    assert len(made.plan.subtasks) == 3
    assert "boss is waiting" in made.plan.notes[-1]
    assert len(server.prompts) == 2


async def test_a_tool_that_the_request_calls_by_name_gets_no_alternatives() -> None:
    named = replace(LEAD, name="summary_lead")
    plan = changed(2, tool="summary_lead")
    async with serving([Rule(json=plan)], catalog=FakeCatalog([*ALL, named])) as (one, _):
        free = await one.plan(asked(REQUEST))
        bound = await one.plan(asked(f"{REQUEST} with summary_lead"))
    assert isinstance(free, Planned)
    assert isinstance(bound, Planned)
    assert len(free.plan.subtask("short").options) == 3
    assert [option.id for option in bound.plan.subtask("short").options] == ["summary_lead"]


async def test_a_model_that_finds_nothing_is_believed_with_its_reason() -> None:
    told = {"outcome": "nothing_fits", "reason": "no tool can fly"}
    async with serving([Rule(json=told)]) as (one, _):
        with pytest.raises(NoSuitableTool, match="no tool can fly"):
            await planned(one)


QUESTION = {
    "outcome": "questions",
    "questions": [{"id": "how_long", "text": "How many sentences?", "type": "integer"}],
}


async def test_a_question_is_asked_and_its_answer_continues_the_conversation_without_paying_twice() -> None:
    rules = [Rule(match="The answers:", json=GOOD), Rule(json=QUESTION)]
    replies = FakeReplies()
    async with serving(rules, replies=replies) as (one, server):
        first = await one.plan(asked(REQUEST))
        assert isinstance(first, NeedsAnswers)
        assert [(q.id, q.text, q.schema) for q in first.questions] == [
            ("how_long", "How many sentences?", {"type": "integer"})
        ]
        assert first.usage.tokens_in > 0
        made = await planned(one, answers={"how_long": 4})
    assert made.plan.source == "llm"
    assert len(server.prompts) == 2
    assert '"answer": 4' in server.prompts[1]["messages"][-1]["content"]


async def test_a_question_asked_while_mending_is_answered_in_the_same_conversation() -> None:
    rules = [
        Rule(match="The answers:", json=GOOD),
        Rule(match="does not pass its checks", json=QUESTION),
        Rule(json=changed(0, arguments={})),
    ]
    async with serving(rules, replies=FakeReplies()) as (one, server):
        assert isinstance(await one.plan(asked(REQUEST)), NeedsAnswers)
        made = await planned(one, answers={"how_long": 4})
    assert made.plan.source == "llm"
    assert len(server.prompts) == 3


async def test_a_good_plan_is_kept_when_the_model_fails_while_it_is_asked_about_it() -> None:
    words = f"{REQUEST}. Be quick about it, my boss is waiting!"
    rules = [Rule(match="no clause quotes", status=401), Rule(json=GOOD)]
    async with serving(rules) as (one, _):
        made = await one.plan(asked(words, planner="auto"))
    assert isinstance(made, Planned)
    assert made.plan.source == "llm"


async def test_a_model_that_keeps_asking_is_stopped() -> None:
    async with serving([Rule(json=QUESTION)]) as (one, server):
        with pytest.raises(ModelFailed, match="keeps asking"):
            await planned(one, answers={"how_long": 4}, planner="llm")
    assert len(server.prompts) <= 4


async def test_planning_again_after_a_crash_pays_nothing() -> None:
    replies, budget = FakeReplies(), FakePlanningBudget(usd="1")
    async with serving([Rule(json=GOOD)], replies=replies, budget=budget) as (one, server):
        first = await planned(one, run_id="run_1")
        left = budget.usd
        again = await planned(one, run_id="run_1")
    assert len(server.prompts) == 1
    assert again.usage.usd == 0
    assert budget.usd == left == 1 - first.usage.usd
    assert [s.id for s in again.plan.subtasks] == [s.id for s in first.plan.subtasks]


async def test_several_candidates_become_one_graph_of_which_the_search_takes_one_plan() -> None:
    longer = {
        **GOOD,
        "subtasks": [
            *GOOD["subtasks"],
            {
                "id": "file",
                "goal": "save",
                "words": "it",
                "tool": "write",
                "arguments": {"text": ref("short.summary")},
            },
        ],
    }

    def by_seed(body: Mapping[str, Any]) -> Any:
        return longer if body["seed"] == 8 else GOOD

    async with serving([Rule(reply=by_seed)], candidates=3) as (one, server):
        made = await planned(one, seed=7)
    assert sorted(body["seed"] for body in server.prompts) == [7, 8, 9]
    assert {body["temperature"] for body in server.prompts} == {0, 0.7}
    assert set(made.plan.plan_quality) == {"p1", "p2"}
    assert made.plan.subtask("page").plans == ()
    assert made.plan.subtask("file").plans == ("p2",)
    assert set(made.path.choices) == {"page", "text", "short"}


async def test_a_failing_further_candidate_does_no_harm() -> None:
    def by_seed(body: Mapping[str, Any]) -> Any:
        return GOOD if body["seed"] == 0 else "no plan at all"

    async with serving([Rule(reply=by_seed)], candidates=2) as (one, _):
        made = await planned(one)
    assert made.plan.plan_quality == {}


async def test_a_model_that_fails_leaves_the_work_to_the_offline_planner_with_a_note() -> None:
    async with serving([Rule(status=401, text="who are you?")]) as (one, _):
        made = await planned(one, planner="auto")
    assert made.plan.source == "offline"
    assert "offline planner made this plan" in made.plan.notes[0]


async def test_a_model_that_fails_is_an_error_when_it_was_asked_for() -> None:
    async with serving([Rule(status=401, text="who are you?")]) as (one, _):
        with pytest.raises(ModelFailed, match="cannot be used"):
            await planned(one, planner="llm")


async def test_a_server_that_asks_for_a_pause_is_asked_again() -> None:
    rules = [Rule(status=429, retry_after=0.05, times=1), Rule(json=GOOD)]
    async with serving(rules) as (one, server):
        made = await planned(one, planner="llm")
    assert made.plan.source == "llm"
    assert len(server.prompts) == 2


async def test_a_budget_without_room_for_the_model_leaves_the_work_to_the_offline_planner() -> None:
    async with serving([Rule(json=GOOD)]) as (one, server):
        made = await planned(one, budget=Budget(tokens=10))
        assert made.plan.source == "offline"
        with pytest.raises(BudgetTooSmall):
            await planned(one, budget=Budget(tokens=10), planner="llm")
    assert server.prompts == []


async def test_the_offline_planner_is_used_when_it_is_asked_for() -> None:
    async with serving([Rule(json=GOOD)]) as (one, server):
        made = await planned(one, planner="offline")
    assert made.plan.source == "offline"
    assert server.prompts == []
