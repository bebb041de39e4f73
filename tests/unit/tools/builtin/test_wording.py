"""Joining, comparing, counting and changing texts."""

from __future__ import annotations

import pytest

from tools.builtin.wording import change_case, compare_texts, join_texts, replace_text, text_statistics
from tools.errors import BadArguments


def test_texts_are_joined_in_order_without_empty_ones() -> None:
    assert join_texts(["one\n", "", ["a", "b"], " two"]) == {"text": "one\n\n• a\n• b\n\ntwo", "count": 3}


@pytest.mark.parametrize(("separator", "text"), [("line", "a\nb"), ("space", "a b"), ("comma", "a, b")])
def test_what_stands_between_joined_texts_can_be_chosen(separator: str, text: str) -> None:
    assert join_texts(["a", "b"], separator)["text"] == text


def test_joining_nothing_is_refused() -> None:
    with pytest.raises(BadArguments):
        join_texts(["", " "])


def test_differences_are_listed_line_by_line() -> None:
    found = compare_texts("We meet on Monday.\nBring tea.", "We meet on Friday.\nBring tea.")
    assert found["removed"] == ["We meet on Monday."]
    assert found["added"] == ["We meet on Friday."]
    assert 0.5 < found["similarity"] < 1
    assert "- We meet on Monday." in found["text"]


def test_texts_that_differ_in_blanks_alone_are_the_same() -> None:
    assert compare_texts("a  b\n\nc", "a b\nc") == {
        "similarity": 1.0,
        "added": [],
        "removed": [],
        "text": "The texts are the same.",
    }


def test_words_sentences_and_paragraphs_are_counted() -> None:
    found = text_statistics("The sun rose. The sun set!\n\nNight fell.")
    assert (found["words"], found["sentences"], found["paragraphs"]) == (8, 3, 2)
    assert found["distinct_words"] == 6
    assert found["common"][0] == "sun"
    assert "words: 8" in found["text"].splitlines()


def test_words_are_replaced_literally() -> None:
    assert replace_text("a.b aXb", "a.b", r"\1") == {"text": r"\1 aXb", "count": 1}
    assert replace_text("Cat cat", "CAT", "dog", match_case=False) == {"text": "dog dog", "count": 2}


def test_nothing_to_look_for_is_refused() -> None:
    with pytest.raises(BadArguments):
        replace_text("x", "")


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("upper", "IT'S A DAY. WELL DONE!"),
        ("lower", "it's a day. well done!"),
        ("title", "It's A Day. Well Done!"),
        ("sentence", "It's a day. Well done!"),
    ],
)
def test_the_case_of_a_text_is_changed(case: str, text: str) -> None:
    assert change_case("it's a DAY. well done!", case)["text"] == text


@pytest.mark.parametrize("tool", [text_statistics, lambda text: change_case(text, "upper")])
def test_an_empty_text_is_refused(tool) -> None:
    with pytest.raises(BadArguments, match="empty"):
        tool(" ")
