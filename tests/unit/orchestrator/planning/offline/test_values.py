from __future__ import annotations

from typing import Any

import pytest

from orchestrator.planning.offline.peek import AttachedInput
from orchestrator.planning.offline.values import find_values


def _demand(text: str) -> bool:
    return text.strip().lower().startswith(("fetch", "translate", "summarise"))


def _found(text: str, attached: dict[str, AttachedInput] | None = None) -> list[tuple[str, Any]]:
    values = find_values(text, attached=attached or {}, is_demand=_demand)
    assert all(text[value.start : value.end] for value in values)
    return [(value.kind, value.value) for value in values]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("see https://a.example/x?y=1.", [("url", "https://a.example/x?y=1")]),
        ("(see https://a.example/b_(c))", [("url", "https://a.example/b_(c)")]),
        ("on www.a.example, please", [("url", "https://www.a.example")]),
        ("open 'https://a.example'", [("url", "https://a.example")]),
        ("the site example.org/news", [("url", "https://example.org/news")]),
        ("to ada@example.org", [("email", "ada@example.org")]),
        ("say 'it's fine' now", [("quote", "it's fine")]),
        ("say “hello there”", [("quote", "hello there")]),
        ('titled "My notes"', [("name", "My notes")]),
        ("keep 1,200 of them", [("number", 1200)]),
        ("keep three or 2.5", [("number", 3), ("number", 2.5)]),
        ("640x480", [("number", 640), ("number", 480)]),
        ("into Spanish", [("language", "es")]),
        ("to french", [("language", "fr")]),
        ("translate to es; speak", [("language", "es")]),
        ("translate to it", []),
        ("go to es somewhere", []),
        ("polish the floor", []),
        ("what is 3 plus 4", [("expression", "3 + 4")]),
        ("save it to notes.txt", [("file", "notes.txt")]),
        ('run "SELECT a FROM data"', [("sql", "SELECT a FROM data")]),
        ("translate this: I am here today", [("quote", "I am here today")]),
        ("do two things: fetch it and go", [("number", 2)]),
    ],
)
def test_values_are_found_with_their_kinds(text: str, values: list[tuple[str, Any]]):
    assert _found(text) == values


def test_numbers_inside_addresses_are_left_alone():
    assert _found("https://a.example/2024/12") == [("url", "https://a.example/2024/12")]


def test_the_media_type_behind_an_address_is_known_from_its_ending():
    [value] = find_values("get https://a.example/d.csv", attached={}, is_demand=_demand)
    assert value.more["media"] == "text/csv"


def test_attached_inputs_are_known_by_their_file_name():
    sales = AttachedInput("sales", ("text/csv",), "q1-sales.csv")
    assert _found("plot q1-sales.csv", {"sales": sales}) == [("input", "sales")]


def test_text_after_a_blank_line_is_material():
    said = "Summarise this text\n\nThe sun rose late. It was cold all day."
    assert _found(said) == [("quote", "The sun rose late. It was cold all day.")]


@pytest.mark.parametrize(
    ("text", "percent"),
    [
        ("make it 50% smaller", 50),
        ("make it 30 percent smaller", 70),
        ("120% bigger", 220),
        ("half the size", 50),
        ("shrink it by half", 50),
        ("three quarters of its width", 75),
        ("a third of the original size", 33.33),
        ("twice as large", 200),
        ("double the size", 200),
        ("resize by 40%", 40),
    ],
)
def test_sizes_against_what_is_there_are_percentages(text: str, percent: float):
    [value] = find_values(text, attached={}, is_demand=_demand)
    assert (value.kind, value.value, value.more["unit"]) == ("number", percent, "percent")


@pytest.mark.parametrize(
    ("text", "asking"),
    [
        ("is https://a.example/b in German or in Dutch?", ["yes", "yes"]),
        ("Fetch it. Is it written in German?", ["yes"]),
        ("is it possible to put it into German?", [""]),
        ("put what is there into German", [""]),
    ],
)
def test_a_question_asks_whether_a_language_is_there(text: str, asking: list[str]):
    values = find_values(text, attached={}, is_demand=_demand)
    assert [value.more["asking"] for value in values if value.kind == "language"] == asking
