"""Tools that write tables into files and read workbooks."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tools.builtin.duck import CSV, XLSX, holding
from tools.builtin.fields import array, integer, outputs, schema, string
from tools.builtin.spreadsheet_files import read_sheets, write_sheets
from tools.builtin.table_fields import DATA, DATA_TYPES, ERRORS, TABLE, TABLE_FILE, TABLES
from tools.builtin.table_values import MAX_ROWS_IN, checked, plain
from tools.errors import BadArguments
from tools.spec import Believed, Docs, File, Kind, Limits, Ports, Runs, Tool, file_schema
from tools.work import Work


def write_csv(data: Any, *, work: Work, name: str | None = None) -> dict[str, Any]:
    """Write a table as CSV (UTF-8, commas, one line of names)."""
    file = work.file(file_name(name or _name_of(data), ".csv"), CSV)
    with (
        holding(work.scratch, data=data) as duck,
        file.path.open("w", newline="", encoding="utf-8") as target,
    ):
        writer = csv.writer(target)
        found = duck.connection.execute("SELECT * FROM data")
        writer.writerow([column[0] for column in found.description])
        while rows := found.fetchmany(10_000):
            writer.writerows([plain(cell) for cell in row] for row in rows)
    return {"file": file}


def write_xlsx(
    tables: Any, *, work: Work, profiles: Sequence[Mapping[str, Any]] | None = None, name: str | None = None
) -> dict[str, Any]:
    """Write one table or several into a workbook, one sheet each; profiles become further sheets."""
    wanted = list(tables) if isinstance(tables, (list, tuple)) else [tables]
    if not wanted:
        raise BadArguments("there is no table to write: the list is empty", paths=("/tables",))
    sheets = [*(_as_table(one, work) for one in _named(wanted)), *(profiles or ())]
    file = work.file(file_name(name or _name_of(wanted[0]), ".xlsx"), XLSX)
    return {"workbook": file, "sheets": write_sheets(file.path, sheets)}


def read_xlsx(workbook: File) -> dict[str, Any]:
    """Read every sheet that has data as a table."""
    tables = read_sheets(workbook)
    return {"tables": tables, "count": len(tables)}


def file_name(wanted: str, ending: str) -> str:
    """A harmless file name with that ending.

    >>> file_name("../Sales 2026: North.csv", ".xlsx")
    'Sales 2026 North.xlsx'
    """
    stem = re.sub(r"\.(csv|tsv|xlsx|json|parquet|png)$", "", wanted.strip(), flags=re.IGNORECASE)
    clean = " ".join(re.sub(r"[^\w .()-]+", " ", stem).split()).strip(". ")
    return f"{clean[:80] or 'table'}{ending}"


def _named(tables: Sequence[Any]) -> list[Any]:
    """Tables without a name get a number, so that a profile and its table can be told apart."""
    if len(tables) == 1:
        return list(tables)
    return [
        {**one, "name": one.get("name") or f"table {place}"} if isinstance(one, Mapping) else one
        for place, one in enumerate(tables, start=1)
    ]


def _as_table(value: Any, work: Work) -> Mapping[str, Any]:
    """A table value as it is; a file read whole, as far as a sheet can hold it."""
    if not isinstance(value, File):
        checked(value, field="tables")
        return dict(value)
    with holding(work.scratch, data=value) as duck:
        read, count = duck.table("SELECT * FROM data", name=value.name, limit=MAX_ROWS_IN)
    if count > MAX_ROWS_IN:
        raise BadArguments(f"{value.name} has {count:,} rows, too many for a sheet: filter it or write CSV")
    return read


def _name_of(data: Any) -> str:
    return data.name if isinstance(data, File) else str(data.get("name") or "table")


_NAME = string("the name of the file, without ending", maxLength=120)

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="write_xlsx",
        summary="Save tables as an XLSX workbook, one sheet a table, with further sheets for their profiles.",
        kind=Kind.PYTHON,
        does=("write_xlsx",),
        input_schema=schema(
            {
                "tables": {
                    "anyOf": [TABLES, TABLE, TABLE_FILE],
                    "description": "the tables, one table, or a data file",
                },
                "profiles": {**TABLES, "description": "tables to add after them, such as a profile of each"},
                "name": _NAME,
            },
            ["tables"],
        ),
        output_schema=outputs(
            workbook=file_schema(XLSX, description="the workbook"),
            sheets=array({"type": "string"}, "the names of its sheets"),
        ),
        ports=Ports(
            {"tables": ("tables", *DATA_TYPES), "profiles": ("tables",), "name": ("string",)},
            {"workbook": XLSX, "sheets": "json"},
        ),
        limits=Limits(timeout=120),
        runs=Runs.PROCESS,
        believed=(Believed(seconds=0.25, quality=0.95, n=8),),
        tags=("tables", "files", "spreadsheets"),
        docs=Docs(
            when_to_use="Write, save, export, put or collect tables or results into an Excel file, "
            "XLSX, spreadsheet "
            "or workbook with sheets.",
            examples=(
                {
                    "request": "Extract the tables of this page into one XLSX with a profile of each",
                    "arguments": {},
                },
            ),
            errors=("BadArguments: the list is empty or holds something that is no table",),
            run_after=(
                *("extract_tables", "profile_tables", "query_table", "filter_table", "sort_table"),
                *("aggregate_table", "top_per_group", "join_tables"),
            ),
        ),
        binding={"function": f"{__name__}:write_xlsx"},
    ),
    Tool(
        name="read_xlsx",
        summary="Read all sheets of an XLSX workbook as tables.",
        kind=Kind.PYTHON,
        does=("read_xlsx",),
        input_schema=schema({"workbook": file_schema(XLSX, description="the workbook")}, ["workbook"]),
        output_schema=outputs(tables=TABLES, count=integer("how many sheets have data")),
        ports=Ports({"workbook": (XLSX,)}, {"tables": "tables", "count": "integer"}),
        limits=Limits(timeout=120),
        runs=Runs.PROCESS,
        believed=(Believed(seconds=0.25, quality=0.95, n=8),),
        tags=("tables", "files", "spreadsheets"),
        docs=Docs(
            when_to_use=(
                "Open, read, load or import every sheet of an Excel file, XLSX, spreadsheet or workbook."
            ),
            examples=(
                {
                    "request": "Read all sheets of budget.xlsx",
                    "arguments": {"workbook": {"artifact": "art_…"}},
                },
            ),
            errors=("BadInputFile: the file is no XLSX workbook, or a sheet has too many rows",),
        ),
        binding={"function": f"{__name__}:read_xlsx"},
    ),
    Tool(
        name="write_csv",
        summary="Save a table as a CSV file.",
        kind=Kind.PYTHON,
        does=("write_csv",),
        input_schema=schema({"data": DATA, "name": _NAME}, ["data"]),
        output_schema=outputs(file=file_schema(CSV, description="the CSV file")),
        ports=Ports({"data": DATA_TYPES, "name": ("string",)}, {"file": CSV}),
        limits=Limits(timeout=60),
        runs=Runs.PROCESS,
        believed=(Believed(seconds=0.2, quality=0.95, n=8),),
        tags=("tables", "files"),
        docs=Docs(
            when_to_use=(
                "Write, save, export or convert a table, result or data file as CSV, comma-separated values."
            ),
            examples=({"request": "Save the result as a CSV file", "arguments": {}},),
            errors=ERRORS,
        ),
        binding={"function": f"{__name__}:write_csv"},
    ),
)
