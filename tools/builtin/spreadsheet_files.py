"""Reading and writing the sheets of XLSX workbooks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.builtin.archives import check_archive
from tools.builtin.table_values import MAX_ROWS_IN, checked, plain, table, unique
from tools.errors import BadInputFile
from tools.spec import File

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

_NAME_LENGTH = 31
_CELL_LENGTH = 32_767
_FORBIDDEN_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
#: What a spreadsheet takes for a formula or a link to another program.
_ACTIVE = ("=", "+", "-", "@")


def read_sheets(file: File) -> list[dict[str, Any]]:
    """One table a sheet that has data, the first row as names of columns; formulas by their last results.

    Raises `BadInputFile` when it is no workbook.
    """
    import openpyxl

    check_archive(file, "an XLSX workbook")
    try:
        # By its bytes: given a path, openpyxl wants its ending, which a stored file does not have.
        book = openpyxl.load_workbook(BytesIO(file.path.read_bytes()), read_only=True, data_only=True)
    except Exception as error:  # what a broken archive raises is not documented
        raise BadInputFile(f"{file.name} is no XLSX workbook that can be read") from error
    try:
        tables = [_read(sheet.title, sheet.iter_rows(values_only=True)) for sheet in book.worksheets]
    finally:
        book.close()
    return [one for one in tables if one is not None]


def _read(name: str, rows: Any) -> dict[str, Any] | None:
    filled: list[Sequence[Any]] = []
    for row in rows:
        if any(cell is not None for cell in row):
            filled.append(row)
        if len(filled) > MAX_ROWS_IN:
            raise BadInputFile(f"sheet {name!r} has more than {MAX_ROWS_IN:,} rows: save it as CSV")
    if not filled:
        return None
    width = max(_width(row) for row in filled)
    head = [*filled[0], *[None] * width][:width]
    names = unique(["" if cell is None else str(cell) for cell in head])
    return table(
        names, [[_day(cell) for cell in [*row, *[None] * width][:width]] for row in filled[1:]], name
    )


def _day(cell: Any) -> Any:
    """Workbooks keep days as midnights; a day is what was meant."""
    return cell.date() if isinstance(cell, datetime) and cell.time() == time.min else cell


def _width(row: Sequence[Any]) -> int:
    return max((place for place, cell in enumerate(row, start=1) if cell is not None), default=0)


def write_sheets(path: Path, tables: Sequence[Mapping[str, Any]]) -> list[str]:
    """Write one sheet a table, with a bold first row that stays in sight; answers the sheets' names."""
    from openpyxl import Workbook

    book = Workbook()
    assert book.active is not None
    book.remove(book.active)
    names = sheet_names([str(one.get("name") or "") for one in tables])
    for name, one in zip(names, tables, strict=True):
        columns, rows = checked(one, field="tables")
        _write(book.create_sheet(name), columns, rows)
    book.save(path)
    return names


def sheet_names(wanted: Sequence[str]) -> list[str]:
    """Names that every spreadsheet accepts: unique, at most 31 characters, none that is forbidden.

    >>> sheet_names(["Sales/2025", "Sales:2025", ""])
    ['Sales 2025', 'Sales 2025 (2)', 'Table 3']
    """
    taken: set[str] = set()
    made = []
    for place, name in enumerate(wanted, start=1):
        clean = " ".join(_FORBIDDEN_IN_NAMES.sub(" ", name).split()).strip("'")
        # "History" is the one name that Excel keeps for itself.
        base = clean if clean and clean.lower() != "history" else f"Table {place}"
        made.append(_untaken(base, taken))
    return made


def _untaken(base: str, taken: set[str]) -> str:
    name, number = base[:_NAME_LENGTH], 2
    while name.lower() in taken:
        ending = f" ({number})"
        name, number = base[: _NAME_LENGTH - len(ending)] + ending, number + 1
    taken.add(name.lower())
    return name


def _write(sheet: Worksheet, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    for row, values in enumerate([columns, *rows], start=1):
        for column, value in enumerate(values, start=1):
            _put(sheet.cell(row, column), value)
    for column, name in enumerate(columns, start=1):
        sheet.cell(1, column).font = Font(bold=True)
        longest = max([len(str(name)), *(len(str(row[column - 1])) for row in rows[:200])])
        sheet.column_dimensions[get_column_letter(column)].width = min(longest + 2, 60)
    sheet.freeze_panes = "A2"


def _put(cell: Any, value: Any) -> None:
    """Write one value; what looks like a formula stays the text it is, in the file and when edited."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if not isinstance(value, str):
        cell.value = plain(value)
        return
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)[:_CELL_LENGTH]
    if value.lstrip().startswith(_ACTIVE):
        cell.data_type = "s"
        cell.quotePrefix = True
