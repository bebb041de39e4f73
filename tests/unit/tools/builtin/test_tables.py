"""Reading, questioning, filtering, sorting and joining tables."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tools.builtin.spreadsheet_files import write_sheets
from tools.builtin.tables import filter_table, read_table_file, sort_table
from tools.errors import BadArguments, BadInputFile
from tools.spec import File
from tools.work import Work

SALES = {
    "columns": ["Region", "product", "units", "sold on"],
    "rows": [
        ["North", "Tea", 3, "2026-01-05"],
        ["North", "Milk", 12, "2026-02-01"],
        ["South", "tea", 9, None],
    ],
}
CSV = "region,product,units\nNorth,Tea,3\nSouth,Milk,4.5\n"


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path)


def a_file(work: Work, name: str, media_type: str, content: bytes | str) -> File:
    file = work.file(name, media_type)
    file.path.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def rows(answer: dict[str, Any]) -> list[list[Any]]:
    found: list[list[Any]] = answer["table"]["rows"]
    return found


def test_a_csv_file_is_read_with_types(work: Work) -> None:
    out = read_table_file(a_file(work, "s.csv", "text/csv", CSV), work=work)
    assert out["table"] == {
        "columns": ["region", "product", "units"],
        "rows": [["North", "Tea", 3.0], ["South", "Milk", 4.5]],
        "name": "s",
    }
    assert out["row_count"] == 2


def test_the_same_rows_are_read_from_every_format(work: Work) -> None:
    records = [{"a": 1, "b": "x"}, {"a": 2, "b": None}]
    relation = duckdb.sql("SELECT 1 AS a, 'x' AS b UNION ALL SELECT 2, NULL")
    assert relation is not None
    relation.write_parquet(str(work.scratch / "p.parquet"))
    write_sheets(work.scratch / "x.xlsx", [{"columns": ["a", "b"], "rows": [[1, "x"], [2, None]]}])
    files = [
        a_file(work, "c.csv", "text/csv", "a;b\n1;x\n2;\n"),
        a_file(work, "t.tsv", "text/plain", "a\tb\n1\tx\n2\t\n"),
        a_file(work, "r.json", "application/json", json.dumps(records)),
        a_file(work, "n.json", "application/json", json.dumps({"page": 1, "items": records})),
        a_file(work, "l.jsonl", "application/octet-stream", "\n".join(map(json.dumps, records))),
        File(work.scratch / "p.parquet", "application/vnd.apache.parquet", "p.parquet"),
        File(work.scratch / "x.xlsx", "application/octet-stream", "x.xlsx"),
    ]
    for file in files:
        assert rows(read_table_file(file, work=work)) == [[1, "x"], [2, None]], file.name


def test_text_in_an_old_encoding_is_read(work: Work) -> None:
    file = a_file(work, "s.csv", "text/csv", "name,n\nMüller,1\n".encode("latin-1"))
    assert rows(read_table_file(file, work=work)) == [["Müller", 1]]


def test_a_column_of_text_after_many_numbers_is_no_error(work: Work) -> None:
    lines = "\n".join(["n", *map(str, range(30_000)), "none"])
    out = read_table_file(a_file(work, "s.csv", "text/csv", lines), work=work)
    assert out["row_count"] == 30_001
    assert len(rows(out)) == 10_000


@pytest.mark.parametrize(
    ("name", "media_type", "content", "words"),
    [
        ("e.csv", "text/csv", "", "empty"),
        ("p.parquet", "application/vnd.apache.parquet", "no", "p.parquet cannot be read"),
        ("x.xlsx", "application/octet-stream", "no", "an XLSX workbook"),
        ("i.png", "image/png", "no", "no table"),
        ("j.json", "application/json", "[1, 2]", "list of objects"),
        ("j.json", "application/json", '{"a": ', "j.json cannot be read"),
    ],
)
def test_a_file_that_is_no_table_is_refused(
    work: Work, name: str, media_type: str, content: str, words: str
) -> None:
    with pytest.raises(BadInputFile, match=words) as refused:
        read_table_file(a_file(work, name, media_type, content), work=work)
    assert str(work.scratch) not in str(refused.value)


@pytest.mark.parametrize(
    ("column", "operator", "value", "kept"),
    [
        ("units", "greater", 9, [12]),
        ("UNITS", "at_least", "9", [12, 9]),
        ("units", "less", 9.5, [3, 9]),
        ("units", "at_most", 3, [3]),
        ("units", "equals", 12, [12]),
        ("product", "equals", "TEA", [3, 9]),
        ("product", "not_equals", "tea", [12]),
        ("product", "contains", "IL", [12]),
        ("product", "starts_with", "t", [3, 9]),
        ("sold_on", "greater", "2026-01-31", [12]),
        ("sold on", "is_empty", None, [9]),
        ("sold-on", "not_empty", None, [3, 12]),
        ("product", "equals", "x' OR 1=1 --", []),
    ],
)
def test_rows_that_meet_the_condition_are_kept(
    work: Work, column: str, operator: str, value: Any, kept: list[int]
) -> None:
    assert [
        row[2] for row in rows(filter_table(SALES, column=column, work=work, operator=operator, value=value))
    ] == kept


@pytest.mark.parametrize(
    ("column", "operator", "value", "words"),
    [
        ("colour", "equals", 1, "no column 'colour'; the columns are: Region, product, units, sold on"),
        ("units", "greater", "many", "'many' is none"),
        ("units", "like", 1, "unknown operator"),
        ("units", "greater", None, "needs a value"),
        ("sold on", "greater", "soon", "do not allow that"),
    ],
)
def test_a_condition_that_makes_no_sense_is_refused(
    work: Work, column: str, operator: str, value: Any, words: str
) -> None:
    with pytest.raises(BadArguments, match=words):
        filter_table(SALES, column=column, work=work, operator=operator, value=value)


def test_rows_are_sorted_with_empty_values_last_and_cut(work: Work) -> None:
    assert [
        row[2] for row in rows(sort_table(SALES, column="units", work=work, order="descending", limit=2))
    ] == [12, 9]
    assert [row[2] for row in rows(sort_table(SALES, column="sold on", work=work, order="descending"))] == [
        12,
        3,
        9,
    ]


def test_names_of_columns_cannot_carry_sql(work: Work) -> None:
    nasty = 'x" FROM data; DROP TABLE data; --'
    data = {"columns": [nasty, nasty.upper()], "rows": [[2, 1], [1, 2]]}
    out = sort_table(data, column=nasty, work=work)
    assert out["table"]["columns"] == [nasty, nasty.upper() + "_2"]
    assert rows(out) == [[1, 2], [2, 1]]


@pytest.mark.parametrize("data", ["text", {"columns": [], "rows": []}, {"rows": []}, None])
def test_a_value_that_is_no_table_is_refused(work: Work, data: Any) -> None:
    with pytest.raises(BadArguments, match="table"):
        sort_table(data, column="a", work=work)
