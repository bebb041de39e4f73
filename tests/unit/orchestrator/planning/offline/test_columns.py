"""Which columns the words of a request mean."""

from __future__ import annotations

import pytest

from orchestrator.planning.offline.columns import choose, named_columns
from orchestrator.planning.offline.peek import Column

SALES = (Column("region", "category"), Column("product", "category"), Column("units", "number"))


@pytest.mark.parametrize(
    ("text", "grouping"),
    [
        ("units by region", {"region"}),
        ("units by region and product", {"region", "product"}),
        ("units per region, by product", {"region", "product"}),
        ("units of each product", {"product"}),
        ("region and product with units", set()),
        ("units by region with the product", {"region"}),
    ],
)
def test_a_column_right_beside_one_to_group_by_is_grouped_by_too(text: str, grouping: set[str]):
    assert {one.column.name for one in named_columns(text, SALES) if one.grouping} == grouping


def test_a_column_to_group_by_is_the_measure_only_when_no_other_fits():
    amounts = (Column("year", "number"), Column("units", "number"))
    schema = {"x-column": "number"}
    named = named_columns("by year the units", amounts)
    assert choose(schema, "value", named, amounts, set()) == "units"
    named = named_columns("by year", amounts)
    assert choose(schema, "value", named, amounts, set()) == "year"


def test_the_very_name_of_a_column_comes_before_a_word_that_may_stand_for_it():
    places = (Column("area", "category"), Column("region", "category"))
    assert [one.column.name for one in named_columns("one region", places)] == ["region"]
