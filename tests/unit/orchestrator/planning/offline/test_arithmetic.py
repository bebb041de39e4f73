from __future__ import annotations

import pytest

from orchestrator.planning.offline.arithmetic import expressions


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("what is 17% of 2350", "17 / 100 * 2350"),
        ("15 percent of 80", "15 / 100 * 80"),
        ("3 plus 4 times 2", "3 + 4 * 2"),
        ("12 divided by 4, please", "12 / 4"),
        ("(12 + 8) / 5 for me", "(12 + 8) / 5"),
        ("2 to the power of 10", "2 ** 10"),
        ("the square root of 144", "sqrt(144)"),
        ("1,000 * 3", "1000 * 3"),
        ("7 squared", "7**2"),
        ("12 * (3 + 4)?", "12 * (3 + 4)"),
    ],
)
def test_calculations_in_signs_and_words_are_found(text: str, found: str):
    assert [expression for expression, _, _ in expressions(text)] == [found]


@pytest.mark.parametrize(
    "text", ["call 555-1234", "on 2024-01-02", "12 miles", "page 3", "from 3 to 5", "640x480", "(a) and (b)"]
)
def test_numbers_that_are_no_calculation_are_left_alone(text: str):
    assert list(expressions(text)) == []


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("divide 1024 by 16 and subtract seven", "((1024) / (16)) - 7"),
        ("subtract twenty from ninety", "(90) - (20)"),
        ("the product of three and 2.5", "(3) * (2.5)"),
        ("twelve times forty-two", "12 * 42"),
        ("a third of nine hundred", "(900) / 3"),
    ],
)
def test_calculations_may_be_told_in_words(text: str, expression: str):
    assert next(expressions(text))[0] == expression
