"""What is attached to a request: the types of the inputs, and the columns of the tables among them.

The libraries that read workbooks and Parquet are imported by whom they serve first: few requests
need them, and they are a sixth of the memory of a worker.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

from orchestrator.errors import NotFound
from orchestrator.planning.offline.lexicon import ENDINGS, XLSX
from orchestrator.ports import Artifacts

ColumnKind = Literal["number", "category", "date", "any"]

_HEAD_BYTES = 200_000
_ROWS = 200
_DATE_DIGITS = (6, 14)
PARQUET = ("application/vnd.apache.parquet", "application/x-parquet")
_TABULAR = (
    "text/csv",
    "text/tab-separated-values",
    "application/json",
    "application/x-ndjson",
    XLSX,
    *PARQUET,
)
_VAGUE = ("", "application/octet-stream", "text/plain")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an attached table and what its first rows hold."""

    name: str
    kind: ColumnKind = "any"
    #: Different values among the rows that were looked at.
    distinct: int = 0
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AttachedInput:
    """One entry of the request's `inputs`; `types` are its port types, best first."""

    name: str
    types: tuple[str, ...]
    #: The file's own name, where it is a file.
    file_name: str = ""
    columns: tuple[Column, ...] = ()
    value: Any = field(default=None, compare=False)


async def peek_inputs(inputs: Mapping[str, Any], artifacts: Artifacts | None) -> dict[str, AttachedInput]:
    """Each input with its types and columns; a file that cannot be read as a table has no columns.

    Raises `NotFound` for an unknown artifact.
    """
    return {name: await _peek(name, value, artifacts) for name, value in inputs.items()}


async def _peek(name: str, value: Any, artifacts: Artifacts | None) -> AttachedInput:
    if not (isinstance(value, Mapping) and "artifact" in value):
        return peek_value(name, value)
    if artifacts is None:
        media_type, file_name = str(value.get("media_type", "*/*")), str(value.get("name", ""))
        return AttachedInput(name, (_media_type(media_type, file_name),), file_name)
    try:
        record = await artifacts.get(str(value["artifact"]))
    except KeyError as error:
        raise NotFound(f"the input {name!r} names an artifact that does not exist") from error
    media_type = _media_type(record.media_type, record.name)
    if media_type not in _TABULAR:
        return AttachedInput(name, (media_type,), record.name)
    columns = await asyncio.to_thread(columns_of_file, artifacts.path(record.id), media_type)
    return AttachedInput(name, (media_type,), record.name, columns)


def peek_value(name: str, value: Any) -> AttachedInput:
    """An input that is given as plain JSON."""
    if isinstance(value, bool):
        return AttachedInput(name, ("boolean",), value=value)
    if isinstance(value, int):
        return AttachedInput(name, ("integer", "number"), value=value)
    if isinstance(value, float):
        return AttachedInput(name, ("number",), value=value)
    if isinstance(value, str):
        url = value.strip().lower().startswith(("http://", "https://"))
        types = ("url", "text", "string") if url else ("text", "string")
        return AttachedInput(name, types, value=value)
    if _is_table(value):
        return AttachedInput(name, ("table",), columns=_columns(value["columns"], value["rows"]), value=value)
    if isinstance(value, list) and value and all(_is_table(one) for one in value):
        return AttachedInput(name, ("tables",), value=value)
    return AttachedInput(name, ("json",), value=value)


def columns_of_file(path: Path, media_type: str) -> tuple[Column, ...]:
    """Columns of a table file; none when it cannot be read (the tool that uses it says why)."""
    try:
        if media_type in PARQUET:
            return _parquet(path)
        if media_type == XLSX:
            return _workbook(path)
        if media_type.startswith("text/"):
            return _csv(path)
        return _json(path)
    except Exception:  # noqa: BLE001 - openpyxl raises what its parsers raise for a broken file
        return ()


def _media_type(media_type: str, name: str) -> str:
    """The stated type, or what the name's ending says where that is vague."""
    stated = media_type.partition(";")[0].strip().lower()
    guess = ENDINGS.get(name.rpartition(".")[2].lower(), "")
    return guess if stated in _VAGUE and guess else stated or "*/*"


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("columns"), list) and "rows" in value


def _csv(path: Path) -> tuple[Column, ...]:
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    text = head.decode("utf-8-sig", errors="replace")
    try:
        dialect: Any = csv.Sniffer().sniff(text[:10_000], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    rows = list(csv.reader(io.StringIO(text), dialect))[: _ROWS + 1]
    return _columns(rows[0], rows[1:]) if rows else ()


def _json(path: Path) -> tuple[Column, ...]:
    text = path.read_text("utf-8-sig")
    try:
        value = json.loads(text)
    except ValueError:
        value = [json.loads(line) for line in text.splitlines()[:_ROWS] if line.strip()]
    if _is_table(value):
        return _columns(value["columns"], value["rows"][:_ROWS])
    if isinstance(value, Mapping):
        value = next((one for one in value.values() if isinstance(one, list)), [])
    records = [one for one in value[:_ROWS] if isinstance(one, Mapping)]
    names = list(dict.fromkeys(name for record in records for name in record))
    return _columns(names, [[record.get(name) for name in names] for record in records])


def _workbook(path: Path) -> tuple[Column, ...]:
    import openpyxl  # noqa: PLC0415

    # By its bytes: given a path, openpyxl wants its ending, which a stored file does not have.
    workbook = openpyxl.load_workbook(BytesIO(path.read_bytes()), read_only=True, data_only=True)
    try:
        rows = list(workbook.worksheets[0].iter_rows(max_row=_ROWS + 1, values_only=True))
    finally:
        workbook.close()
    return _columns(["" if name is None else name for name in rows[0]], rows[1:]) if rows else ()


def _parquet(path: Path) -> tuple[Column, ...]:
    import duckdb  # noqa: PLC0415

    with duckdb.connect(":memory:") as connection:
        found = connection.execute("SELECT * FROM read_parquet(?) LIMIT ?", [str(path), _ROWS])
        names = [column[0] for column in found.description or ()]
        return _columns(names, found.fetchall())


def _columns(names: Iterable[Any], rows: Iterable[Sequence[Any]]) -> tuple[Column, ...]:
    kept = [list(row) for row in rows if isinstance(row, (list, tuple))][:_ROWS]
    return tuple(
        _column(str(name).strip(), [row[place] for row in kept if place < len(row)])
        for place, name in enumerate(names)
        if str(name).strip()
    )


def _column(name: str, values: Sequence[Any]) -> Column:
    known = [str(value).strip() for value in values if value is not None and str(value).strip()]
    different = tuple(dict.fromkeys(known))
    return Column(name, _kind(known), len(different), different[:50])


def _kind(values: Sequence[str]) -> ColumnKind:
    if not values:
        return "any"
    if all(_is_number(value) for value in values):
        return "number"
    return "date" if all(_is_date(value) for value in values) else "category"


def _is_number(value: str) -> bool:
    try:
        float(value.replace(",", "").lstrip("$€£").rstrip("%"))
    except ValueError:
        return False
    return True


def _is_date(value: str) -> bool:
    digits = sum(sign.isdigit() for sign in value)
    return _DATE_DIGITS[0] <= digits <= _DATE_DIGITS[1] and any(sign in value for sign in "-/.:")
