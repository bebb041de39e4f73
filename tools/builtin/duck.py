"""An in-memory database that holds the given tables and can reach nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from tools.builtin import table_values
from tools.builtin.spreadsheet_files import read_sheets
from tools.builtin.table_columns import Column, find
from tools.errors import BadArguments, BadInputFile
from tools.spec import File

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Memory of one query; beyond it the engine writes to the call's scratch folder.
_MEMORY = "1GB"
_SPILL = "4GB"

CSV = "text/csv"
PARQUET = "application/vnd.apache.parquet"
JSON = "application/json"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_BY_ENDING = {
    ".csv": CSV,
    ".tsv": CSV,
    ".tab": CSV,
    ".txt": CSV,
    ".parquet": PARQUET,
    ".pq": PARQUET,
    ".json": JSON,
    ".jsonl": JSON,
    ".ndjson": JSON,
    ".xlsx": XLSX,
    ".xlsm": XLSX,
}


@dataclass(frozen=True, slots=True)
class Duck:
    """The database and the columns of its tables, by table name."""

    connection: DuckDBPyConnection
    columns: Mapping[str, tuple[Column, ...]]

    def column(self, name: str, *, field: str, table: str = "data") -> Column:
        """The column of that name. Raises `BadArguments` with the names there are."""
        return find(name, self.columns[table], field=field)

    def table(
        self,
        sql: str,
        values: Sequence[Any] = (),
        *,
        name: str | None = None,
        limit: int = table_values.MAX_ROWS_OUT,
    ) -> tuple[dict[str, Any], int]:
        """The rows of a query as a table value of at most `limit` rows, and how many there were."""
        found = self.connection.execute(sql, list(values))
        columns = table_values.unique([column[0] for column in found.description])
        rows = found.fetchmany(limit)
        count = len(rows)
        while more := found.fetchmany(100_000):
            count += len(more)
        return table_values.table(columns, rows, name), count


@contextmanager
def holding(scratch: Path, **tables: Any) -> Iterator[Duck]:
    """A database with one table for each keyword: a table value or a `File`.

    Everything is loaded first; then the engine is cut off from files, network, extensions and
    its own settings, so that no later statement can reach them. Raises `BadInputFile` or
    `BadArguments` when something cannot be loaded, and turns the engine's errors into these.
    """
    import duckdb

    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": _MEMORY,
            "threads": 2,
            "temp_directory": str(scratch / "spill"),
            "max_temp_directory_size": _SPILL,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            # Otherwise a query could name the Python variables around the call.
            "python_enable_replacements": False,
        },
    )
    try:
        for name, value in tables.items():
            _load(connection, name, value)
        connection.execute("SET enable_external_access=false")
        connection.execute("SET lock_configuration=true")
        yield Duck(connection, {name: _columns(connection, name) for name in tables})
    except duckdb.OutOfMemoryException as error:
        raise BadArguments(f"the data need more than {_MEMORY} of memory: {_first_line(error)}") from error
    except duckdb.Error as error:
        raise BadArguments(f"the data do not allow that: {_first_line(error)}") from error
    finally:
        connection.close()


def quoted(name: str) -> str:
    """`name` as an SQL identifier, whatever is in it.

    >>> quoted('a "b"; drop')
    '"a ""b""; drop"'
    """
    return '"' + name.replace('"', '""') + '"'


def _load(connection: DuckDBPyConnection, name: str, value: Any) -> None:
    import duckdb

    if not isinstance(value, File):
        _load_value(connection, name, value)
        return
    if not value.path.is_file() or not value.path.stat().st_size:
        raise BadInputFile(f"{value.name} is empty or missing: give a CSV, Parquet, JSON or XLSX file")
    try:
        _LOADERS[_kind(value)](connection, name, value)
    except (duckdb.Error, UnicodeDecodeError) as error:
        raise BadInputFile(f"{value.name} cannot be read as a table: {_first_line(error, value)}") from error


def _kind(file: File) -> str:
    """The media type to read a file as; the ending of its name decides where the media type is vague."""
    if file.media_type in _LOADERS:
        return file.media_type
    kind = _BY_ENDING.get(Path(file.name).suffix.lower())
    if kind is None:
        raise BadInputFile(f"{file.name} ({file.media_type}) is no table: give CSV, Parquet, JSON or XLSX")
    return kind


def _load_value(connection: DuckDBPyConnection, name: str, value: Any) -> None:
    columns, rows = table_values.checked(value, field=name)
    typed = [table_values.typed([row[place] for row in rows]) for place in range(len(columns))]
    fields = ", ".join(f"{quoted(column)} {kind}" for column, (kind, _) in zip(columns, typed, strict=True))
    connection.execute(f"CREATE TABLE {quoted(name)} ({fields})")
    if rows:
        # One bound list a column: a hundred times faster than one statement a row.
        lists = ", ".join(f"unnest(?::{kind}[])" for kind, _ in typed)
        connection.execute(f"INSERT INTO {quoted(name)} SELECT {lists}", [cells for _, cells in typed])


def _load_csv(connection: DuckDBPyConnection, name: str, file: File) -> None:
    import duckdb

    # Types are guessed from all rows: a late text in a column of numbers must not be an error.
    read = "read_csv(?, header = true, sample_size = -1, null_padding = true{})"
    try:
        _create(connection, name, read.format(""), file)
    except duckdb.InvalidInputException as error:
        if "utf-8" not in str(error).lower() and "unicode" not in str(error).lower():
            raise
        _create(connection, name, read.format(", encoding = 'latin-1'"), file)


def _load_parquet(connection: DuckDBPyConnection, name: str, file: File) -> None:
    _create(connection, name, "read_parquet(?)", file)


def _load_json(connection: DuckDBPyConnection, name: str, file: File) -> None:
    """Records, lines of records, a table value, or an object with a list of records in it."""
    try:
        value = orjson.loads(file.path.read_bytes())
    except orjson.JSONDecodeError:
        _create(connection, name, "read_json(?, sample_size = -1)", file)
        return
    if isinstance(value, dict) and not {"columns", "rows"} <= set(value):
        value = next((one for one in value.values() if _are_records(one)), [value])
    _load_value(connection, name, _from_records(value, file) if isinstance(value, list) else value)


def _are_records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _from_records(records: list[Any], file: File) -> dict[str, Any]:
    if not _are_records(records):
        raise BadInputFile(f"{file.name} holds no table: a list of objects with the same keys is expected")
    names = list(dict.fromkeys(key for record in records for key in record))
    return table_values.table(names, [[record.get(name) for name in names] for record in records])


def _load_xlsx(connection: DuckDBPyConnection, name: str, file: File) -> None:
    sheets = read_sheets(file)
    if not sheets:
        raise BadInputFile(f"{file.name} has no sheet with data in it")
    _load_value(connection, name, sheets[0])


def _create(connection: DuckDBPyConnection, name: str, reader: str, file: File) -> None:
    connection.execute(f"CREATE TABLE {quoted(name)} AS SELECT * FROM {reader}", [str(file.path)])  # noqa: S608 - reader is one of ours


_LOADERS = {
    CSV: _load_csv,
    "text/tab-separated-values": _load_csv,
    PARQUET: _load_parquet,
    "application/x-parquet": _load_parquet,
    JSON: _load_json,
    "application/x-ndjson": _load_json,
    XLSX: _load_xlsx,
}


def _columns(connection: DuckDBPyConnection, name: str) -> tuple[Column, ...]:
    found = connection.execute(f"DESCRIBE {quoted(name)}").fetchall()
    distinct = connection.execute(
        f"SELECT {', '.join(f'approx_count_distinct({quoted(row[0])})' for row in found)} FROM {quoted(name)}"  # noqa: S608 - quoted names
    ).fetchone()
    assert distinct is not None
    return tuple(
        Column.of(row[0], sql_type=row[1], distinct=count) for row, count in zip(found, distinct, strict=True)
    )


def _first_line(error: Exception, file: File | None = None) -> str:
    """What the engine says, without the paths of this machine."""
    words = str(error).partition("\n")[0]
    return words.replace(str(file.path), file.name) if file else words
