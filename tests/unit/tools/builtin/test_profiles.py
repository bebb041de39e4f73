"""Descriptions of the columns of tables."""

from pathlib import Path
from typing import Any

import pytest

from tools.builtin.profiles import profile_table, profile_tables
from tools.errors import BadArguments
from tools.work import Work

PEOPLE = {
    "columns": ["name", "age", "born", "member", "empty"],
    "rows": [
        ["Ada", 36, "1815-12-10", True, None],
        ["Bo", 40, "1900-01-01", False, None],
        ["Ada", None, None, True, ""],
    ],
    "name": "people",
}


def by_column(profile: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row[0]: dict(zip(profile["columns"], row, strict=True)) for row in profile["rows"]}


def test_each_column_is_described(tmp_path: Path) -> None:
    profile = profile_table(PEOPLE, work=Work(tmp_path))["profile"]
    found = by_column(profile)
    assert profile["name"] == "people profile"
    assert list(found) == PEOPLE["columns"]
    assert found["name"] == {
        "column": "name",
        "type": "text",
        "rows": 3,
        "filled": 3,
        "missing": 0,
        "distinct": 2,
        "min": "Ada",
        "max": "Bo",
        "mean": None,
        "median": None,
        "deviation": None,
        "most_common": "Ada",
        "times": 2,
    }
    age = found["age"]
    assert (age["type"], age["missing"], age["mean"], age["median"]) == ("number", 1, 38, 38)
    assert age["deviation"] == pytest.approx(2.828427)
    assert (found["born"]["type"], found["born"]["min"]) == ("date", "1815-12-10")
    assert found["member"]["type"] == "yes/no"
    assert (found["empty"]["filled"], found["empty"]["most_common"]) == (0, None)


def test_every_table_gets_a_profile_named_after_it(tmp_path: Path) -> None:
    nameless = {"columns": ["a"], "rows": []}
    profiles = profile_tables([PEOPLE, nameless], work=Work(tmp_path))["profiles"]
    assert [one["name"] for one in profiles] == ["people profile", "table 2 profile"]
    assert by_column(profiles[1])["a"]["rows"] == 0


def test_no_table_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadArguments, match="empty"):
        profile_tables([], work=Work(tmp_path))
