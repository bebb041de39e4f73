"""What comes in must be something that every database keeps and every answer can tell again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from orchestrator.api.schemas.run_request import RunIn


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (float("nan"), "cannot hold"),
        (json.loads("1e999"), "cannot hold"),
        ("\ud800", "cannot hold"),
        (10**30, "64-bit"),
        ("a\0b", "NUL"),
        ("\\\0", "NUL"),
        (nested(150), "nested deeper than 100"),
        (nested(900), "nested deeper than 100"),
    ],
)
def test_values_that_cannot_be_kept_are_refused(value, complaint):
    with pytest.raises(ValidationError, match=complaint):
        RunIn.model_validate({"request": "x", "inputs": {"a": value}})


@pytest.mark.parametrize("value", ["\\u0000 as six letters", nested(80), 2**53, "😀", None])
def test_values_that_can_be_kept_pass_as_they_are(value):
    assert RunIn.model_validate({"request": "x", "inputs": {"a": value}}).inputs["a"] == value


@pytest.mark.parametrize("budget", [{"tokens": 10**18}, {"usd": "99999999999.5"}])
def test_a_budget_beyond_eight_bytes_is_refused(budget):
    with pytest.raises(ValidationError, match="less than or equal"):
        RunIn.model_validate({"request": "x", "budget": budget})
