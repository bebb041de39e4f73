from __future__ import annotations

import pytest

from orchestrator.planning.offline.number_words import number_phrases


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("twenty-six point two miles", [26.2]),
        ("five hundred", [500]),
        ("two hundred and six", [206]),
        ("one million two hundred thousand and four", [1_200_004]),
        ("1.5 million", [1_500_000]),
        ("half a dozen", [6]),
        ("three and a half", [3.5]),
        ("two and three", [2, 3]),
        ("twenty and thirty", [20, 30]),
        ("seven eight", [7, 8]),
        ("hundreds of files", []),
    ],
)
def test_words_that_make_one_number_are_read_as_one(text: str, numbers: list[float]):
    assert [found[0] for found in number_phrases(text)] == numbers


def test_a_number_covers_all_its_words():
    text = "about a hundred and five of them"
    [(_, start, end, _)] = number_phrases(text)
    assert text[start:end] == "a hundred and five"
