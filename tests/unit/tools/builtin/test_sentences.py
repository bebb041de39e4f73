"""Where sentences end."""

from __future__ import annotations

import pytest

from tools.builtin.sentences import lines, prose, sentences, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four…", ["One.", "Two!", "Three?", "Four…"]),
        ("Dr. Ada met Mrs. Hill at 5 p.m. on Monday. They left.", 2),
        ("It costs 3.50 today. See e.g. the list.", 2),
        ("He said “stop.” Then he went.", ["He said “stop.”", "Then he went."]),
        ("The U.S. grew. So did J. Smith.", 2),
        ("今日は晴れ。明日は雨。", ["今日は晴れ。", "明日は雨。"]),
        ("no stop at all", ["no stop at all"]),
        ("", []),
    ],
)
def test_a_text_is_split_where_sentences_end(text: str, expected: list[str] | int) -> None:
    found = sentences(text)
    assert found == expected if isinstance(expected, list) else len(found) == expected


def test_lines_broken_at_a_fixed_width_are_mended() -> None:
    text = "This is a long line of a letter that was broken\nhere and goes on.\n\nNew\nHeading"
    assert lines(text) == [
        "This is a long line of a letter that was broken here and goes on.",
        "New",
        "Heading",
    ]


def test_a_list_without_full_stops_is_prose_when_there_is_nothing_else() -> None:
    assert prose("Apples\nPears\nPlums") == ["Apples", "Pears", "Plums"]


def test_words_are_lower_case_and_keep_apostrophes() -> None:
    assert words("Ada’s CAT-nap: 42!") == ["ada's", "cat-nap", "42"]
