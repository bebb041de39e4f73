"""What single words of a request stand for among their neighbours."""

from __future__ import annotations

import pytest

from orchestrator.planning.offline.clauses import tokens_of
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
