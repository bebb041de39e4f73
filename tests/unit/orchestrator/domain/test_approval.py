"""Rules by which a call waits for a person's word."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orchestrator.domain.approval import ApprovalRule, Patience
from tools.spec import Effect, Kind, Tool

SEND = Tool("send_mail", "Sends.", Kind.HTTP, {}, {}, effect=Effect.ONCE)


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        (ApprovalRule(), True),
        (ApprovalRule(tool="send_mail"), True),
        (ApprovalRule(tool="send_*"), True),
        (ApprovalRule(tool="SEND_*"), False),
        (ApprovalRule(effect=Effect.ONCE), True),
        (ApprovalRule(effect=Effect.READ), False),
        (ApprovalRule(usd_over=Decimal("0.10")), False),
        (ApprovalRule(usd_over=Decimal("0.09")), True),
        (ApprovalRule(tool="send_*", effect=Effect.READ), False),
    ],
)
def test_a_rule_holds_when_all_that_it_names_holds(rule: ApprovalRule, holds: bool) -> None:
    assert rule.holds(SEND, Decimal("0.10")) is holds


def test_a_rule_says_itself_in_words():
    rule = ApprovalRule(tool="send_*", effect=Effect.ONCE, usd_over=Decimal("0.50"))
    assert rule.words == "tool is send_* and effect is once and may cost over 0.50 USD"
    assert ApprovalRule().words == "every call"


def test_what_a_rule_leaves_open_is_taken_from_the_run_and_then_from_the_operator():
    operator, run = Patience(3600.0, "reject"), Patience(None, "approve")
    patience = run.or_else(operator)
    assert patience == Patience(3600.0, "approve")
    assert ApprovalRule().within(patience) == ApprovalRule(timeout=3600.0, default="approve")
    own = ApprovalRule(timeout=5.0, default="reject")
    assert own.within(patience) == own


def test_without_any_default_a_call_is_rejected():
    assert ApprovalRule(timeout=5.0).asked_of(SEND)["default"] == "reject"
