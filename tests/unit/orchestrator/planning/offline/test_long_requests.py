"""No request keeps the planner busy for long: regular expressions hold the whole process."""

from __future__ import annotations

import time

import pytest

from orchestrator.errors import Invalid
from orchestrator.planning.offline.negations import without_denied
from orchestrator.planning.offline.values import find_values
from tests.unit.orchestrator.planning.offline.small_tools import draft

LENGTH = 20_000
HOSTILE = {
    "digits": "1" * LENGTH,
    "brackets": "(" * LENGTH,
    "a sum without end": "1+" * (LENGTH // 2),
    "dashes": "-" * LENGTH,
    "words with dashes": "a-" * (LENGTH // 2),
    "empty lines": "\n" * LENGTH,
    "apostrophes": "'a " * (LENGTH // 3),
    "braces": '{"a":' * (LENGTH // 5),
    "numbers": "1 " * (LENGTH // 2),
    "languages": "in French " * (LENGTH // 10),
    "sizes": "1x" * (LENGTH // 2),
    "blanks behind a denial": "don't read" + " " * LENGTH + "it",
    "denials": "please don't " * (LENGTH // 13),
    "politeness": "please " * (LENGTH // 7),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_values_are_found_in_a_time_that_grows_with_the_text(text):
    begun = time.process_time()
    find_values(text, attached={}, is_demand=lambda _: False)
    assert time.process_time() - begun < 3


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_denied_is_found_in_a_time_that_grows_with_the_text(text):
    begun = time.process_time()
    without_denied(text, (), is_demand=lambda _: True)
    assert time.process_time() - begun < 1


async def test_a_request_of_too_many_words_is_refused_with_what_to_do():
    words = " ".join(f"word{number}" for number in range(500))
    with pytest.raises(Invalid, match="put a text to work on in quotes") as refused:
        await draft(words)
    assert refused.value.problems[0].path == "/request"


async def test_a_long_text_in_quotes_is_one_value():
    words = " ".join(f"word{number}" for number in range(500))
    found = await draft(f"Rate the mood of '{words}'")
    assert found.subtasks[0].options[0].calls[0].arguments["text"] == words
