"""Tables as JSON values: checks, types of columns, and values made plain."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from tools.errors import BadArguments

Table = Mapping[str, Any]

#: Rows that a table value may have on its way in; larger data come as files.
MAX_ROWS_IN = 200_000
#: Rows that a tool puts into a table value; the rest is cut and said to be so.
MAX_ROWS_OUT = 10_000

_INTEGER = re.compile(r"[-+]?(0|[1-9]\d{0,14}|[1-9]\d{0,2}(,\d{3})+)")
_NUMBER = re.compile(r"[-+]?(0|[1-9]\d*|[1-9]\d{0,2}(,\d{3})+|(?=\.\d))(\.\d+)?([eE][-+]?\d{1,3})?")
_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], name: str | None = None) -> dict[str, Any]:
    """A table value; every cell is made a plain JSON scalar."""
    value = {"columns": list(columns), "rows": [[plain(cell) for cell in row] for row in rows]}
    return {**value, "name": name} if name else value


def checked(value: Any, *, field: str = "data") -> tuple[list[str], list[list[Any]]]:
    """Columns and rows of a table value, with unique names and rows of full width.

    Raises `BadArguments` when it is no table.
    """
    if not isinstance(value, Mapping) or not {"columns", "rows"} <= set(value):
        raise BadArguments(
            f'{field} is no table: give {{"columns": [names], "rows": [[values], …]}}', paths=(f"/{field}",)
        )
    columns, rows = unique([str(name) for name in value["columns"]]), value["rows"]
    if not columns:
        raise BadArguments(f"{field} is a table without columns", paths=(f"/{field}/columns",))
    if len(rows) > MAX_ROWS_IN:
        raise BadArguments(
            f"{field} has {len(rows):,} rows; pass more than {MAX_ROWS_IN:,} as a file", paths=(f"/{field}",)
        )
    width = len(columns)
    return columns, [[*row, *[None] * width][:width] for row in rows]


def unique(names: Sequence[str]) -> list[str]:
    """`names` with blanks filled and repetitions numbered; letter case does not tell two apart.

    >>> unique(["a", "A", "", "a"])
    ['a', 'A_2', 'column_3', 'a_3']
    """
    seen: set[str] = set()
    made = []
    for place, name in enumerate(names, start=1):
        base = candidate = name.strip() or f"column_{place}"
        number = 2
        while candidate.lower() in seen:
            candidate, number = f"{base}_{number}", number + 1
        seen.add(candidate.lower())
        made.append(candidate)
    return made


def typed(cells: Sequence[Any]) -> tuple[str, list[Any]]:
    """The SQL type of a column and its cells as values of that type.

    Text that holds numbers in every row (as tables of web pages do) becomes numbers, and ISO
    dates become dates; codes with leading zeros stay text.
    """
    filled = [cell for cell in cells if cell is not None and cell != ""]
    if not filled:
        return "VARCHAR", [None] * len(cells)
    for sql_type, fits, convert in _TYPES:
        if all(map(fits, filled)):
            return sql_type, [None if cell is None or cell == "" else convert(cell) for cell in cells]
    return "VARCHAR", [None if cell is None else _text(cell) for cell in cells]


def plain(value: Any) -> Any:
    """`value` as a JSON scalar: dates in ISO form, decimals as numbers, no NaN, bytes as text."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float, Decimal)):
        return _plain_number(value)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode(errors="replace")
    if isinstance(value, (list, tuple, dict)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _plain_number(value: float | Decimal) -> int | float | str | None:
    if isinstance(value, int):
        return value if abs(value) < 2**63 else str(value)
    if not math.isfinite(value):
        return None
    if isinstance(value, float):
        return value
    return int(value) if value == value.to_integral_value() and abs(value) < 2**53 else float(value)


def _text(cell: Any) -> str:
    return cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)


def _is_integer(cell: Any) -> bool:
    if isinstance(cell, str):
        return bool(_INTEGER.fullmatch(cell.strip()))
    return isinstance(cell, int) and not isinstance(cell, bool) and abs(cell) < 2**63


def _is_number(cell: Any) -> bool:
    if isinstance(cell, str):
        return bool(_NUMBER.fullmatch(cell.strip()))
    return isinstance(cell, (int, float)) and not isinstance(cell, bool)


def _is_date(cell: Any) -> bool:
    if not isinstance(cell, str) or not _DATE.fullmatch(cell):
        return False
    try:
        date.fromisoformat(cell)
    except ValueError:
        return False
    return True


def _without_separators(cell: Any) -> Any:
    return cell.replace(",", "") if isinstance(cell, str) else cell


_TYPES: tuple[tuple[str, Callable[[Any], bool], Callable[[Any], Any]], ...] = (
    ("BOOLEAN", lambda cell: isinstance(cell, bool), bool),
    ("BIGINT", _is_integer, lambda cell: int(_without_separators(cell))),
    ("DOUBLE", _is_number, lambda cell: float(_without_separators(cell))),
    ("DATE", _is_date, date.fromisoformat),
)
