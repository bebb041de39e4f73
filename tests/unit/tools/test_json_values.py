"""What of a tool's answer can be kept beside its step."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tools.errors import BadOutput, TooLarge, ToolError
from tools.json_values import DEEPEST, MAX_INLINE, check_inline


def nested(levels: int) -> Any:
    value: Any = {}
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (math.nan, "JSON"),
        (-math.inf, "JSON"),
        ("\ud800", "JSON"),
        (2**64, "64-bit"),
        ({1: "a"}, "JSON"),
        ("a\0b", "NUL"),
        ({"\0": 1}, "NUL"),
        (nested(DEEPEST + 1), "nested deeper"),
        (nested(5000), "nested deeper"),
    ],
)
def test_what_cannot_be_kept_is_refused(value: Any, complaint: str) -> None:
    with pytest.raises(BadOutput, match=complaint):
        check_inline({"value": value})


@pytest.mark.parametrize(
    "value",
    ["\\u0000 as six letters", nested(DEEPEST - 5), [{}] * 1000, "[" * 5000, None, "null", 2**63],
)
def test_what_can_be_kept_passes(value: Any) -> None:
    check_inline({"value": value})


def test_what_is_larger_than_a_step_may_hold_is_refused() -> None:
    check_inline({"value": "x" * (MAX_INLINE - 20)})
    with pytest.raises(TooLarge, match="return a file"):
        check_inline({"value": "x" * MAX_INLINE})


def test_the_words_of_an_error_can_be_kept_and_have_an_end() -> None:
    words = str(ToolError("NUL \0, half \ud800 " + "x" * 10_000))
    assert words.startswith("NUL \N{REPLACEMENT CHARACTER}, half ? xxx")
    assert len(words) == 2_000
