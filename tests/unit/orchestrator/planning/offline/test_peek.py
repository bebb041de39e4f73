from __future__ import annotations

import json
from pathlib import Path

import duckdb
import openpyxl
import pytest

from orchestrator.domain.artifact import Artifact
from orchestrator.errors import NotFound
from orchestrator.planning.offline.peek import columns_of_file, peek_inputs, peek_value

CSV = "Region;Units;Day\nNorth;12;2024-01-02\nSouth;7;2024-01-03\n"
KINDS = [("Region", "category"), ("Units", "number"), ("Day", "date")]


class _Shelf:
    """Artifacts as files of one folder, by their names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def get(self, id: str) -> Artifact:
        if not (self.folder / id).exists():
            raise NotFound(id)
        return Artifact(id, "application/octet-stream", id, 1, 0.0)

    def path(self, id: str) -> Path:
        return self.folder / id


def test_columns_of_a_csv_are_named_with_their_kinds(tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_text(CSV, encoding="utf-8-sig")
    assert [(one.name, one.kind) for one in columns_of_file(path, "text/csv")] == KINDS
    assert columns_of_file(path, "text/csv")[0].values == ("North", "South")


def test_columns_of_a_workbook_are_named(tmp_path: Path):
    workbook = openpyxl.Workbook()
    workbook.active.append(["Region", "Units"])
    workbook.active.append(["North", 12])
    workbook.save(tmp_path / "t.xlsx")
    found = columns_of_file(
        tmp_path / "t.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    assert [(one.name, one.kind) for one in found] == KINDS[:2]


def test_columns_of_parquet_are_named(tmp_path: Path):
    with duckdb.connect() as connection:
        made = connection.sql("SELECT 'North' AS Region, 12 AS Units")
        assert made is not None
        made.write_parquet(str(tmp_path / "t.parquet"))
    found = columns_of_file(tmp_path / "t.parquet", "application/vnd.apache.parquet")
    assert [(one.name, one.kind) for one in found] == KINDS[:2]


@pytest.mark.parametrize(
    "text",
    ['[{"Region": "North", "Units": 3}]', '{"Region": "North", "Units": 3}\n{"Region": "x", "Units": 4}\n'],
)
def test_columns_of_json_records_are_named(tmp_path: Path, text: str):
    path = tmp_path / "t.json"
    path.write_text(text)
    assert [(one.name, one.kind) for one in columns_of_file(path, "application/json")] == KINDS[:2]


def test_a_broken_table_has_no_columns(tmp_path: Path):
    path = tmp_path / "t.xlsx"
    path.write_bytes(b"not a workbook")
    for kind in ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/json"):
        assert columns_of_file(path, kind) == ()


@pytest.mark.parametrize(
    ("value", "types"),
    [
        (3, ("integer", "number")),
        (2.5, ("number",)),
        (True, ("boolean",)),
        ("hello", ("text", "string")),
        ("https://a.example", ("url", "text", "string")),
        ({"columns": ["a"], "rows": [[1]]}, ("table",)),
        ([{"columns": ["a"], "rows": []}], ("tables",)),
        ({"any": "thing"}, ("json",)),
    ],
)
def test_plain_inputs_have_the_types_of_their_values(value: object, types: tuple[str, ...]):
    assert peek_value("x", value).types == types


async def test_the_ending_tells_the_type_where_the_stated_one_is_vague(tmp_path: Path):
    (tmp_path / "t.csv").write_text(CSV)
    found = await peek_inputs({"file": {"artifact": "t.csv"}}, _Shelf(tmp_path))  # type: ignore[arg-type]
    assert found["file"].types == ("text/csv",)
    assert [one.name for one in found["file"].columns] == ["Region", "Units", "Day"]


async def test_an_unknown_artifact_is_named(tmp_path: Path):
    with pytest.raises(NotFound):
        await peek_inputs({"file": {"artifact": "art_no"}}, _Shelf(tmp_path))  # type: ignore[arg-type]


async def test_without_a_store_the_reference_itself_tells_the_type():
    reference = {"artifact": "art_1", "media_type": "image/png", "name": "a.png"}
    assert (
        json.loads(json.dumps(reference))["media_type"]
        in (await peek_inputs({"a": reference}, None))["a"].types
    )
