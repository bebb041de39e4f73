"""Calls to the planner's model: money, repetition, retries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest

from orchestrator.domain.budget import Budget
from orchestrator.errors import BudgetTooSmall, ModelFailed
from orchestrator.planning.model_calls import Bill, ModelCalls, Sampling, worst_tokens
from tests.fakes import FakePlanningBudget, FakeReplies
from tests.unit.orchestrator.planning.cases import asked
from tools.errors import BadArguments, NotAuthorised, RateLimited, Unreachable
from tools.llm import BadCompletion, Completion, cost
from tools.spec import JsonSchema, Price

PRICE = Price(per_1k_tokens_in=Decimal("0.001"), per_1k_tokens_out=Decimal("0.002"))
MESSAGES = ({"role": "user", "content": "plan this"},)
COLD = Sampling(0.0, 0)
NOTHING = {"outcome": "nothing_fits"}


def completion(parsed: Any = None) -> Completion:
    return Completion("text", parsed or NOTHING, 100, 50, cost(PRICE, 100, 50), "m", "stop")


class Scripted:
    """A model that answers, or raises, one thing after the other."""

    model = "m"
    price = PRICE

    def __init__(self, *script: Completion | Exception) -> None:
        self.script = list(script)
        self.calls: list[dict[str, Any]] = []

    async def complete(
        self, messages: Sequence[Mapping[str, Any]], *, schema: JsonSchema | None = None, **more: Any
    ) -> Completion:
        self.calls.append({"messages": list(messages), **more})
        told = self.script.pop(0)
        if isinstance(told, Exception):
            raise told
        return told


class Pauses:
    """Counts the seconds that would have been waited."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


async def test_the_most_a_call_can_take_is_reserved_before_and_what_it_took_is_settled_after() -> None:
    budget, bill = FakePlanningBudget(usd="1", tokens=5000), Bill()
    calls = ModelCalls(Scripted(completion()), budget=budget, max_tokens=1000)
    await calls.ask(asked(run_id="run_1"), MESSAGES, COLD, bill=bill)
    worst = worst_tokens(MESSAGES)
    assert budget.reserved == [(cost(PRICE, worst, 1000), worst + 1000)]
    assert budget.settled == [(Decimal("0.0002"), 150)]
    assert (budget.usd, budget.tokens) == (Decimal("0.9998"), 4850)
    assert (bill.usd, bill.tokens_in, bill.tokens_out) == (Decimal("0.0002"), 100, 50)


async def test_the_same_prompt_is_paid_for_once() -> None:
    replies, model = FakeReplies(), Scripted(completion())
    calls = ModelCalls(model, replies=replies)
    first, second = Bill(), Bill()
    one = await calls.ask(asked(), MESSAGES, COLD, bill=first)
    two = await calls.ask(asked(), MESSAGES, COLD, bill=second)
    assert one == two
    assert len(model.calls) == 1
    assert second.usd == 0


@pytest.mark.parametrize(
    ("messages", "sampling"),
    [
        (({"role": "user", "content": "plan that"},), COLD),
        (MESSAGES, Sampling(0.0, 1)),
        (MESSAGES, Sampling(0.7, 0)),
    ],
)
async def test_another_prompt_or_sampling_is_another_reply(messages: Any, sampling: Sampling) -> None:
    calls = ModelCalls(Scripted())
    assert calls.key(messages, sampling) != calls.key(MESSAGES, COLD)


async def test_a_budget_that_does_not_allow_a_call_stops_it() -> None:
    model = Scripted(completion())
    calls = ModelCalls(model, budget=FakePlanningBudget(tokens=10))
    with pytest.raises(BudgetTooSmall):
        await calls.ask(asked(run_id="run_1"), MESSAGES, COLD, bill=Bill())
    assert model.calls == []


@pytest.mark.parametrize("budget", [Budget(tokens=100), Budget(usd=Decimal("0.0001"))])
async def test_without_a_run_the_limits_of_the_request_are_kept(budget: Budget) -> None:
    model = Scripted(completion())
    with pytest.raises(BudgetTooSmall, match="use planner 'offline'"):
        await ModelCalls(model).ask(asked(budget=budget), MESSAGES, COLD, bill=Bill())
    assert model.calls == []


async def test_what_may_work_later_is_tried_again_after_the_pause_asked_for() -> None:
    pauses, budget = Pauses(), FakePlanningBudget()
    model = Scripted(RateLimited("too many", retry_after=7.0), Unreachable("gone"), completion())
    calls = ModelCalls(model, budget=budget, sleep=pauses)
    await calls.ask(asked(run_id="run_1"), MESSAGES, COLD, bill=Bill())
    assert len(model.calls) == 3
    assert pauses.taken[0] == 7.0
    assert 0 < pauses.taken[1] <= 10
    assert len(budget.reserved) == len(budget.settled) == 1


async def test_tries_are_bounded_and_the_reservation_is_given_back() -> None:
    budget, model = FakePlanningBudget(usd="1"), Scripted(*[Unreachable("gone")] * 5)
    calls = ModelCalls(model, budget=budget, sleep=Pauses())
    with pytest.raises(ModelFailed, match="failed 3 times: gone"):
        await calls.ask(asked(run_id="run_1"), MESSAGES, COLD, bill=Bill())
    assert len(model.calls) == 3
    assert budget.usd == 1


async def test_a_pause_that_is_too_long_ends_the_tries() -> None:
    model = Scripted(RateLimited("come back tomorrow", retry_after=86400.0))
    with pytest.raises(ModelFailed, match="come back tomorrow"):
        await ModelCalls(model, sleep=Pauses()).ask(asked(), MESSAGES, COLD, bill=Bill())


async def test_what_cannot_work_is_not_tried_again() -> None:
    model = Scripted(NotAuthorised("the key is wrong"), completion())
    with pytest.raises(ModelFailed, match="the key is wrong"):
        await ModelCalls(model, sleep=Pauses()).ask(asked(), MESSAGES, COLD, bill=Bill())
    assert len(model.calls) == 1


async def test_a_model_that_refuses_a_temperature_is_asked_without() -> None:
    model = Scripted(BadArguments("temperature is not supported"), completion())
    await ModelCalls(model).ask(asked(), MESSAGES, COLD, bill=Bill())
    assert "temperature" in model.calls[0]
    assert "temperature" not in model.calls[1]
    assert model.calls[1]["max_tokens"] == 4096


async def test_a_prompt_that_is_refused_twice_fails() -> None:
    model = Scripted(BadArguments("no"), BadArguments("the prompt is too long"), completion())
    with pytest.raises(ModelFailed, match="too long"):
        await ModelCalls(model).ask(asked(), MESSAGES, COLD, bill=Bill())


async def test_a_reply_that_is_no_plan_is_paid_for_and_kept_with_its_fault() -> None:
    replies, bill = FakeReplies(), Bill()
    calls = ModelCalls(Scripted(BadCompletion("that is no JSON", completion())), replies=replies)
    reply = await calls.ask(asked(), MESSAGES, COLD, bill=bill)
    assert reply.fault == "that is no JSON"
    assert bill.tokens == 150
    assert (await calls.ask(asked(), MESSAGES, COLD, bill=Bill())).fault == "that is no JSON"


async def test_the_price_of_a_call_itself_is_counted() -> None:
    model, bill = Scripted(completion()), Bill()
    model.price = Price(per_call=Decimal("0.5"))
    await ModelCalls(model).ask(asked(), MESSAGES, COLD, bill=bill)
    assert bill.usd == Decimal("0.5002")


def test_the_tokens_reserved_are_no_fewer_than_letters_of_any_script_can_take() -> None:
    plain, chinese = ({"role": "user", "content": text} for text in ("a" * 1000, "字" * 1000))
    assert worst_tokens([plain]) >= 500
    assert worst_tokens([chinese]) >= 1500
