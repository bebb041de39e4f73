"""What single words of a request stand for among their neighbours."""

from __future__ import annotations

import pytest

from orchestrator.planning.offline.clauses import tokens_of, without_list_marks
from orchestrator.planning.offline.values import find_values
from orchestrator.retrieval.stem import stem


def _first(text: str) -> str:
    values = find_values(text, attached={}, is_demand=lambda _: False)
    return tokens_of(text, values)[0].stem


@pytest.mark.parametrize(
    "text", ["read the page to me", "Read https://a.example/b.c to us", "read it aloud", "read this out loud"]
)
def test_reading_to_somebody_or_aloud_is_speaking(text: str):
    assert _first(text) == stem("speak")


@pytest.mark.parametrize("text", ["read the scan", "read the page. Send it to me"])
def test_other_reading_is_not_speaking(text: str):
    assert _first(text) == stem("read")


@pytest.mark.parametrize(
    "text",
    ["summary statistics", "a summary of each table", "summarise these columns", "summaries for the tables"],
)
def test_a_summary_of_tables_or_columns_is_their_statistics(text: str):
    assert _first(text) == stem("statistics")


@pytest.mark.parametrize(
    "text", ["a summary of the page", "summarise it and add a table", "summary in a table"]
)
def test_a_summary_of_anything_else_stays_a_summary(text: str):
    assert _first(text) == stem("summary")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("A docx with (1) the gist, (2) the keywords", "A docx with ;   the gist, ;   the keywords"),
        ("1. Fetch it\n2. Sum it up", ";  Fetch it\n;  Sum it up"),
        ("a) no, 1) this 2) that", "a) no, ;  this ;  that"),
    ],
)
def test_marks_of_a_list_are_borders(text: str, read: str):
    assert without_list_marks(text) == read
    assert len(read) == len(text)


@pytest.mark.parametrize(
    "text", ["What is (1) + (2) ?", "f(1) 2) x", "Version 1. It is 2. of them", "1. Only", "see 3) there"]
)
def test_other_numbers_stay(text: str):
    assert without_list_marks(text) == text
