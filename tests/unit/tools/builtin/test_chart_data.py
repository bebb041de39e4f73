"""Which rows a chart shows."""

from pathlib import Path
from typing import Any

import pytest

from tools.builtin import chart_data
from tools.builtin.duck import holding
from tools.errors import BadArguments

BEST: dict[str, Any] = {
    "columns": ["region", "product", "units"],
    "rows": [["North", "Tea", 5], ["South", "Milk", 9]],
}
SALES = {
    "columns": ["day", "region", "product", "units"],
    "rows": [
        ["2026-01-02", "North", "Tea", 1],
        ["2026-01-01", "North", "Tea", 2],
        ["2026-01-01", "South", "Milk", 7],
        ["2026-01-01", "South", "Tea", None],
    ],
}


def bars_of(data: Any, scratch: Path, **wanted: Any) -> chart_data.Bars:
    with holding(scratch, data=data) as duck:
        return chart_data.bars(duck, **{"x": None, "y": None, "label": None, **wanted})


def test_the_best_of_each_group_is_a_bar_labelled_with_the_item(tmp_path: Path) -> None:
    bars = bars_of(BEST, tmp_path)
    assert (bars.x.name, bars.y.name) == ("region", "units")
    assert (bars.names, bars.heights, bars.labels) == (("North", "South"), (5.0, 9.0), ("Tea", "Milk"))


def test_two_items_of_a_group_are_two_bars(tmp_path: Path) -> None:
    data = {**BEST, "rows": [*BEST["rows"], ["North", "Milk", 4]]}
    bars = bars_of(data, tmp_path)
    assert bars.names == ("North", "South", "North")
    assert bars.labels == ("Tea", "Milk", "Milk")


def test_values_of_the_same_name_are_added_up_largest_first(tmp_path: Path) -> None:
    bars = bars_of(SALES, tmp_path)
    assert (bars.names, bars.heights, bars.labels) == (("South", "North"), (7.0, 3.0), ())


def test_names_that_repeat_are_added_up_when_they_are_asked_for(tmp_path: Path) -> None:
    data = {**BEST, "rows": [*BEST["rows"], ["North", "Milk", 8]]}
    bars = bars_of(data, tmp_path, x="region")
    assert (bars.names, bars.heights, bars.labels) == (("North", "South"), (13.0, 9.0), ())


def test_a_group_makes_series(tmp_path: Path) -> None:
    bars = bars_of(SALES, tmp_path, x="Region", group="product")
    assert bars.names == ("North", "South")
    assert (bars.series, bars.heights) == (("Tea", "Milk"), (3.0, 7.0))


def test_of_too_many_bars_the_largest_are_kept(tmp_path: Path) -> None:
    data = {"columns": ["name", "n"], "rows": [[f"name {number}", number] for number in range(80)]}
    bars = bars_of(data, tmp_path)
    assert len(bars.names) == chart_data.MAX_BARS
    assert (bars.names[0], bars.left_out) == ("name 79", 30)


def test_lines_run_along_time_and_add_up(tmp_path: Path) -> None:
    with holding(tmp_path, data=SALES) as duck:
        x, y, (line,) = chart_data.line_series(duck, x=None, y=None, group=None)
        _, _, lines = chart_data.line_series(duck, x="day", y="units", group="region")
    assert (x.name, y.name) == ("day", "units")
    assert [day.isoformat() for day in line.xs] == ["2026-01-01", "2026-01-02"]
    assert line.ys == (9.0, 1.0)
    assert {one.name: one.ys for one in lines} == {"North": (2.0, 1.0), "South": (7.0,)}


def test_small_shares_are_put_together(tmp_path: Path) -> None:
    data = {"columns": ["name", "n"], "rows": [["a", 5], ["b", 1], ["c", 3], ["d", 1]]}
    with holding(tmp_path, data=data) as duck:
        _, found = chart_data.shares(duck, x=None, y=None, slices=2)
    assert found == [("a", 5), ("c", 3), ("other", 2)]


def test_points_are_pairs_without_gaps(tmp_path: Path) -> None:
    data = {"columns": ["a", "b", "k"], "rows": [[1, 2, "x"], [3, None, "x"], [5, 6, "y"]]}
    with holding(tmp_path, data=data) as duck:
        x, y, clouds = chart_data.points(duck, x=None, y=None, group="k")
    assert (x.name, y.name) == ("a", "b")
    assert [(one.name, one.xs, one.ys) for one in clouds] == [("x", (1.0,), (2.0,)), ("y", (5.0,), (6.0,))]


@pytest.mark.parametrize(
    ("data", "wanted", "words"),
    [
        (BEST, {"x": "area"}, "no column 'area'; the columns are: region, product, units"),
        (BEST, {"y": "product"}, "does not hold numbers"),
        ({"columns": ["a"], "rows": [["x"]]}, {}, "no column holds numbers"),
        ({"columns": ["a", "n"], "rows": [["x", None]]}, {}, "no column holds numbers"),
        ({"columns": ["a", "n"], "rows": [["x", -1.5], [None, 2]]}, {"x": "a", "group": "n"}, ""),
    ],
)
def test_a_chart_that_cannot_be_drawn_says_why(tmp_path: Path, data: Any, wanted: Any, words: str) -> None:
    if not words:
        assert bars_of(data, tmp_path, **wanted).heights == (-1.5,)
        return
    with pytest.raises(BadArguments, match=words):
        bars_of(data, tmp_path, **wanted)


def test_negative_shares_are_refused(tmp_path: Path) -> None:
    data = {"columns": ["name", "n"], "rows": [["a", 5], ["b", -1]]}
    with holding(tmp_path, data=data) as duck, pytest.raises(BadArguments, match="use a bar chart"):
        chart_data.shares(duck, x=None, y=None, slices=2)
