"""Values of a request that no argument of the plan holds."""

from __future__ import annotations

import pytest

from orchestrator.planning.offline.coverage import unused_values
from orchestrator.planning.offline.values import find_values
from tests.unit.orchestrator.planning.cases import drafted
from tests.unit.orchestrator.planning.offline.small_tools import draft, jobs


def _unused(text: str, arguments: dict[str, object]) -> list[object]:
    values = find_values(text, attached={}, is_demand=lambda _: False)
    return [value.value for value in unused_values(values, [drafted("a", "rate", arguments)])]


@pytest.mark.parametrize(
    ("text", "arguments", "unused"),
    [
        ("keep 7 of them", {"count": 7}, []),
        ("keep 7 of them", {"limits": {"rows": [1, 7]}}, []),
        ("keep 7 of them", {"count": 5}, [7]),
        ("keep seven of them", {}, []),
        ("put it into Dutch", {"target": "nl"}, []),
        ("put it into Dutch", {"target": "de"}, ["nl"]),
        ("the Dutch page", {}, []),
        ("is it in Dutch?", {}, []),
    ],
)
def test_numbers_in_digits_and_languages_to_put_into_must_be_held(
    text: str, arguments: dict[str, object], unused: list[object]
):
    assert _unused(text, arguments) == unused


async def test_a_number_that_no_argument_holds_is_uncovered():
    found = await draft("Rate the mood of 'what a day', print a badge of 'hello' with 90 stars")
    assert "rate_mood" in jobs(found)
    assert "90" in found.uncovered
