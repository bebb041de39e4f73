from __future__ import annotations

from decimal import Decimal

import pytest

from orchestrator.domain.budget import Budget, Preference
from orchestrator.domain.plan import Call, Estimate, Option, Plan, SubTask
from orchestrator.domain.run import RunRequest
from orchestrator.store.codec import dump, dumps, load, loads, nano, usd


@pytest.mark.parametrize(
    ("money", "nanos"),
    [
        ("0", 0),
        ("1", 1_000_000_000),
        ("0.0000000001", 1),
        ("0.0000000010", 1),
        ("0.0000000011", 2),
        ("12345.678901234", 12_345_678_901_234),
    ],
)
def test_money_is_rounded_up_to_whole_nanos(money, nanos):
    assert nano(Decimal(money)) == nanos
    assert usd(nanos) >= Decimal(money)


def test_floats_are_taken_as_they_read():
    assert nano(0.1) == 100_000_000
    assert nano(1e-9) == 1


def test_sums_of_rounded_parts_are_never_below_the_sum():
    parts = [Decimal(n) / Decimal(7) / 10**9 for n in range(100)]
    assert usd(sum(nano(part) for part in parts)) >= sum(parts)


def test_json_survives_with_keys_and_text_of_all_kinds():
    value = {"é\u0000\n": [1, 2.5, None, True, {"": "🦀"}]}
    assert loads(dumps(value)) == value
    assert loads(None) is None
    assert loads(dumps({1: "number keys become text"})) == {"1": "number keys become text"}


def test_what_json_cannot_hold_is_refused():
    with pytest.raises(TypeError):
        dumps({"x": object()})


def test_a_request_comes_back_as_it_was():
    request = RunRequest(
        request="words",
        inputs={"page": {"artifact": "art_1"}},
        preference=Preference(alpha=0.5, risk="conservative"),
        budget=Budget(usd=Decimal("0.0123"), seconds=60.0),
        labels={"a": "b"},
    )
    assert load(RunRequest, dump(RunRequest, request)) == request


def test_a_plan_comes_back_as_it_was():
    call = Call("t", 2, "hash", {"x": {"ref": "inputs.page"}})
    option = Option("o", (call, call), Estimate(0.1, 2.0, 0.9, 3.0), "sig", {"text": "words"}, ("p1",))
    plan = Plan("plan_1", (SubTask("a", "goal", "type", (option,), ("b",)),), "given",
                plan_quality={"p1": 0.5}, conflicts=((("a", "x"), ("b", "y")),))  # fmt: skip
    assert load(Plan, dump(Plan, plan)) == plan
