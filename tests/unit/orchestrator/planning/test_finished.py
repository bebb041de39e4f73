"""What a run has done already costs nothing when it is planned again."""

from __future__ import annotations

from orchestrator.domain.plan import Call, Estimate, Option, Plan, SubTask
from orchestrator.domain.planning import FinishedCall, canonical
from orchestrator.planning.finished import without_finished

INPUTS = {"page": "http://a.example/"}


def _plan(**arguments: object) -> Plan:
    call = Call("fetch", 2, "hash", arguments)
    option = Option("o", (call,), Estimate(0.5, 3, 0.9))
    return Plan("plan_1", (SubTask("a", "fetch it", "fetch", (option,)),), "llm")


def _finished(version: int = 2, **arguments: object) -> frozenset[FinishedCall]:
    return frozenset({FinishedCall("a", 0, "fetch", version, canonical(arguments))})


def _estimate(plan: Plan) -> tuple[float, float, float]:
    estimate = plan.subtasks[0].options[0].estimate
    return estimate.usd, estimate.seconds, estimate.quality


def test_a_call_that_has_succeeded_takes_neither_money_nor_time() -> None:
    plan = _plan(url={"ref": "inputs.page"}, depth=1)
    left = without_finished(plan, _finished(depth=1, url="http://a.example/"), INPUTS)
    assert _estimate(left) == (0.0, 0.0, 0.9)
    assert _estimate(plan) == (0.5, 3, 0.9)


def test_another_call_has_its_price() -> None:
    plan = _plan(url="http://a.example/")
    for other in (_finished(url="http://b.example/"), _finished(1, url="http://a.example/"), frozenset()):
        assert _estimate(without_finished(plan, other, {})) == (0.5, 3, 0.9)
