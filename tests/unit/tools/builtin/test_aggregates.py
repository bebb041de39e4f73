"""Totals by group, and the best of each group."""

from pathlib import Path
from typing import Any

import pytest

from tools.builtin.aggregates import aggregate_table, top_per_group
from tools.errors import BadArguments
from tools.work import Work

SALES = {
    "columns": ["id", "product", "region", "price", "units"],
    "rows": [
        [1, "Tea", "North", 2.5, 3],
        [2, "Milk", "North", 1.0, 4],
        [3, "Tea", "North", 2.5, 2],
        [4, "Milk", "South", 1.0, 9],
        [5, "Bread", "South", 3.0, None],
    ],
}


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path)


@pytest.mark.parametrize(
    ("function", "north", "south"),
    [("sum", 9, 9), ("mean", 3, 9), ("min", 2, 9), ("max", 4, 9), ("median", 3, 9), ("count", 3, 1)],
)
def test_a_column_is_brought_together_by_group(work: Work, function: str, north: float, south: float) -> None:
    out = aggregate_table(SALES, work=work, group_by=["Region"], value="units", function=function)
    assert out["table"]["rows"] == [["North", north], ["South", south]]
    assert out["table"]["columns"] == ["region", "units"]


def test_without_groups_the_whole_table_is_one(work: Work) -> None:
    assert aggregate_table(SALES, work=work)["table"] == {
        "columns": ["units"],
        "rows": [[18]],
        "name": "total units",
    }
    assert aggregate_table(SALES, work=work, function="count")["table"]["rows"] == [[5]]


def test_a_named_item_without_a_group_is_ranked_over_all_rows(work: Work) -> None:
    out = top_per_group(SALES, work=work, item="product", n=2)["table"]
    assert out == {
        "columns": ["product", "units"],
        "rows": [["Milk", 13], ["Tea", 5]],
        "name": "product with the highest total units",
    }


def test_the_best_item_of_each_group_is_found_without_naming_any_column(work: Work) -> None:
    assert top_per_group(SALES, work=work)["table"] == {
        "columns": ["region", "product", "units"],
        "rows": [["North", "Tea", 5], ["South", "Milk", 9]],
        "name": "product with the highest total units per region",
    }


def test_columns_that_are_named_are_used(work: Work) -> None:
    columns: dict[str, Any] = {"group": "Product", "item": "regions", "value": "price"}
    out = top_per_group(SALES, work=work, **columns, function="max", n=2, order="lowest")
    assert out["table"]["columns"] == ["product", "region", "price"]
    assert out["table"]["rows"] == [
        ["Bread", "South", 3.0],
        ["Milk", "North", 1.0],
        ["Milk", "South", 1.0],
        ["Tea", "North", 2.5],
    ]


def test_names_that_say_nothing_are_told_apart_by_their_values(work: Work) -> None:
    data: dict[str, Any] = {
        "columns": ["k", "g", "v"],
        "rows": [["a", "x", 1], ["b", "x", 2], ["c", "y", 3], ["d", "y", 1]],
    }
    assert top_per_group(data, work=work)["table"]["rows"] == [["x", "b", 2], ["y", "c", 3]]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"group": "area"}, "no column 'area'"),
        ({"group": "region", "item": "region"}, "name two columns"),
        ({"value": "product"}, "does not hold numbers; columns that do: id, price, units"),
        ({"function": "mode"}, "unknown function"),
    ],
)
def test_columns_that_do_not_fit_are_refused(work: Work, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(BadArguments, match=words):
        top_per_group(SALES, work=work, **arguments)


def test_a_table_without_numbers_cannot_be_added_up(work: Work) -> None:
    with pytest.raises(BadArguments, match="no column holds numbers"):
        aggregate_table({"columns": ["a"], "rows": [["x"]]}, work=work)
