"""Tables in all the shapes that pages have them."""

from __future__ import annotations

import pytest
from lxml import html

from tools.builtin.page_tables import number_or_text, tables_of


def tables(source: str) -> list[dict]:
    return tables_of(html.document_fromstring(f"<html><body>{source}</body></html>"))


def test_the_first_row_names_the_columns_when_there_are_no_headings() -> None:
    (table,) = tables("<table><tr><td>a<td>b</tr><tr><td>1<td>2</tr></table>")
    assert (table["columns"], table["rows"]) == (["a", "b"], [[1, 2]])


def test_a_heading_in_each_row_is_a_cell() -> None:
    (table,) = tables("<table><tr><th>x<th>y</tr><tr><th>k<td>2</tr></table>")
    assert (table["columns"], table["rows"]) == (["x", "y"], [["k", 2]])


def test_a_cell_over_several_rows_and_columns_fills_them_all() -> None:
    (table,) = tables(
        "<table><tr><th>a<th>b<th>c</tr><tr><td rowspan=2 colspan=2>x<td>1</tr>"
        "<tr><td>2</tr><tr><td>3<td>4<td>5</tr></table>"
    )
    assert table["rows"] == [["x", "x", 1], ["x", "x", 2], [3, 4, 5]]


def test_short_rows_are_filled_and_empty_rows_dropped() -> None:
    (table,) = tables("<table><tr><th>a<th>b</tr><tr><td>1</tr><tr><td><td></tr></table>")
    assert table["rows"] == [[1, None]]


def test_columns_without_a_name_get_one() -> None:
    (table,) = tables("<table><tr><th><th>b</tr><tr><td>1<td>2</tr></table>")
    assert table["columns"] == ["column 1", "b"]


def test_the_head_comes_first_and_the_foot_last() -> None:
    (table,) = tables(
        "<table><tfoot><tr><td>sum<td>3</tr></tfoot><tbody><tr><td>x<td>3</tr></tbody>"
        "<thead><tr><th>k<th>v</tr></thead></table>"
    )
    assert (table["columns"], table["rows"]) == (["k", "v"], [["x", 3], ["sum", 3]])


def test_a_table_that_holds_others_only_arranges_the_page() -> None:
    found = tables(
        "<table><tr><td><table><tr><th>a</tr><tr><td>1</tr></table></td><td>x</td></tr><tr><td>y</tr></table>"
    )
    assert [table["columns"] for table in found] == [["a"]]


def test_a_table_without_caption_or_heading_is_numbered() -> None:
    assert tables("<table><tr><th>a</tr><tr><td>1</tr></table>")[0]["name"] == "Table 1"


def test_absurd_spans_stay_bounded() -> None:
    found = tables("<table><tr><th colspan=99999999>a</tr><tr><td rowspan=-3 colspan=x>1</tr></table>")
    assert len(found[0]["columns"]) == 1000


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234", 1234), ("1,234,567.5", 1234567.5), ("-3", -3), ("+4.0", 4.0), ("1e3", 1000.0),
        ("0", 0), ("0.5", 0.5), ("007", "007"), ("1,23", "1,23"), ("12 %", "12 %"), ("$5", "$5"),
        ("", None), ("nan", "nan"), ("1_000", "1_000"),
    ],
)  # fmt: skip
def test_numbers_become_numbers_and_nothing_else_does(text: str, value: object) -> None:
    found = number_or_text(text)
    assert found == value
    assert type(found) is type(value)
