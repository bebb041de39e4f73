"""Writing tables to files and reading workbooks."""

import csv
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from tools.builtin.spreadsheet_files import sheet_names
from tools.builtin.spreadsheets import read_xlsx, write_csv, write_xlsx
from tools.errors import BadArguments, BadInputFile
from tools.spec import File
from tools.work import Work

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SALES = {"columns": ["region", "units"], "rows": [["North", 3], ["South", 4.5]], "name": "Sales: 2026/Q1"}


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path)


def test_tables_and_their_profiles_become_sheets(work: Work) -> None:
    profile = {"columns": ["column", "mean"], "rows": [["units", 3.75]], "name": "Sales profile"}
    out = write_xlsx([SALES, {"columns": ["a"], "rows": []}], work=work, profiles=[profile], name="Report")
    assert out["sheets"] == ["Sales 2026 Q1", "table 2", "Sales profile"]
    assert (out["workbook"].name, out["workbook"].media_type) == ("Report.xlsx", XLSX)
    book = openpyxl.load_workbook(out["workbook"].path)
    assert book.sheetnames == out["sheets"]
    assert list(book["Sales 2026 Q1"].values) == [("region", "units"), ("North", 3), ("South", 4.5)]
    assert book["Sales 2026 Q1"]["A1"].font.bold
    assert book["Sales profile"]["B2"].value == 3.75


@pytest.mark.parametrize("text", ["=1+1", "+1", "-2+3", "@SUM(A1)", " =HYPERLINK(1)", "=cmd|' /C calc'!A0"])
def test_what_looks_like_a_formula_stays_text(work: Work, text: str) -> None:
    out = write_xlsx({"columns": [text], "rows": [[text], [-5]]}, work=work)
    sheet = openpyxl.load_workbook(out["workbook"].path).active
    assert sheet is not None
    for cell, value in ((sheet["A1"], text.strip()), (sheet["A2"], text)):
        assert (cell.value, cell.data_type, cell.quotePrefix) == (value, "s", True)
    assert (sheet["A3"].value, sheet["A3"].data_type) == (-5, "n")


def test_characters_that_a_workbook_cannot_hold_are_dropped(work: Work) -> None:
    out = write_xlsx({"columns": ["a"], "rows": [["x\x00y\x07" + "z" * 40_000], [[1, 2]]]}, work=work)
    (first,), (second,) = read_xlsx(out["workbook"])["tables"][0]["rows"]
    assert first.startswith("xyzz")
    assert len(first) == 32_767
    assert second == "[1, 2]"


def test_names_of_sheets_are_safe_and_unique() -> None:
    names = sheet_names(["a/b", "A:B", "'x'", "", "History", "n" * 40, "n" * 41])
    assert names == ["a b", "A B (2)", "x", "Table 4", "Table 5", "n" * 31, "n" * 27 + " (2)"]


def test_a_workbook_written_is_read_back(work: Work) -> None:
    out = read_xlsx(write_xlsx([SALES, SALES], work=work)["workbook"])
    assert out["count"] == 2
    assert out["tables"][0] == {**SALES, "name": "Sales 2026 Q1"}


def test_a_foreign_workbook_is_read_with_its_days_and_gaps(work: Work) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["day", None, "day"])
    book.active.append([date(2026, 1, 2), None, datetime.fromisoformat("2026-01-02T03:04")])
    book.active.append([None, None, None])
    book.create_sheet("nothing")
    path = work.scratch / "foreign.xlsx"
    book.save(path)
    assert read_xlsx(File(path, XLSX, "foreign.xlsx"))["tables"] == [
        {
            "columns": ["day", "column_2", "day_2"],
            "rows": [["2026-01-02", None, "2026-01-02T03:04:00"]],
            "name": "Sheet",
        }
    ]


def test_a_file_that_is_no_workbook_is_refused(work: Work) -> None:
    path = work.scratch / "x.xlsx"
    path.write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(BadInputFile, match=r"x\.xlsx .*XLSX workbook"):
        read_xlsx(File(path, XLSX, "x.xlsx"))


def test_a_data_file_becomes_a_workbook(work: Work) -> None:
    path = work.scratch / "sales.csv"
    path.write_text("a,b\n1,x\n")
    out = write_xlsx(File(path, "text/csv", "sales.csv"), work=work)
    assert out["workbook"].name == "sales.xlsx"
    assert read_xlsx(out["workbook"])["tables"][0]["rows"] == [[1, "x"]]


@pytest.mark.parametrize("tables", [[], "text", [1]])
def test_something_that_is_no_table_is_not_written(work: Work, tables: object) -> None:
    with pytest.raises(BadArguments, match="table"):
        write_xlsx(tables, work=work)


def test_a_table_is_written_as_csv(work: Work) -> None:
    data = {"columns": ["a", "b"], "rows": [["x, y", None], ['"q"', 2]], "name": "../etc/x"}
    file = write_csv(data, work=work)["file"]
    assert file.name == "etc x.csv"
    assert file.path.parent == work.scratch
    with file.path.open(newline="") as source:
        assert list(csv.reader(source)) == [["a", "b"], ["x, y", ""], ['"q"', "2"]]


def test_all_rows_of_a_large_file_are_written(work: Work) -> None:
    path = work.scratch / "big.csv"
    path.write_text("n\n" + "\n".join(map(str, range(12_345))))
    file = write_csv(File(path, "text/csv", "big.csv"), work=work, name="copy")["file"]
    assert len(file.path.read_text().splitlines()) == 12_346


def test_a_stored_workbook_is_read_though_its_name_on_disk_has_no_ending(work: Work) -> None:
    workbook = write_xlsx({"columns": ["a"], "rows": [[1]]}, work=work)["workbook"]
    stored = File(work.scratch / "0f3c", workbook.media_type, workbook.name)
    workbook.path.rename(stored.path)
    assert read_xlsx(stored)["tables"][0]["rows"] == [[1]]
