"""Connections to SQLite and PostgreSQL, set up alike, and the database's clock."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import (
    Connection,
    Engine,
    FromClause,
    Insert,
    Table,
    Text,
    bindparam,
    cast,
    column,
    create_engine,
    event,
    func,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.types import TypeEngine

#: Seconds SQLite waits for another connection's write to end.
BUSY_SECONDS = 15.0


def open_engine(url: str, *, pool: int = 5) -> Engine:
    """An engine whose connections keep foreign keys, WAL and bounded waits; no network is tried yet."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(url, parsed.database)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    return create_engine(
        parsed,
        pool_size=pool,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 5, "application_name": "toolpath"},
    )


def _open_sqlite(url: str, database: str | None) -> Engine:
    if not database or database == ":memory:":
        raise ValueError("TOOLPATH_DATABASE_URL must name a file; memory is lost with the process")
    Path(database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _record: Any) -> None:
        # The driver's own transaction handling opens late and breaks savepoints; we say BEGIN ourselves.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            "temp_store=MEMORY",
            "wal_autocheckpoint=4000",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


def is_sqlite(connection: Connection | Engine) -> bool:
    """Whether the database is SQLite (and not PostgreSQL)."""
    return connection.dialect.name == "sqlite"


class DatabaseClock:
    """The database's time without a query each: its offset to this process's monotonic clock.

    Leases of all processes are compared on one clock, and a jump of this machine's wall clock
    moves no lease.
    """

    #: Seconds after which the offset is measured again, against drift.
    RENEW = 60.0

    def __init__(self) -> None:
        self._offset: float | None = None
        self._measured = 0.0

    def now(self, connection: Connection) -> float:
        """Seconds since 1970 by the database's clock."""
        here = time.monotonic()
        if self._offset is None or here - self._measured > self.RENEW:
            there = time.time() if is_sqlite(connection) else _server_time(connection)
            # The reply was made somewhere between the two readings of our clock.
            self._offset = there - (here + time.monotonic()) / 2
            self._measured = here
        return self._offset + time.monotonic()


def _server_time(connection: Connection) -> float:
    return float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())


#: The databases that statements are written for.
DIALECTS = ("sqlite", "postgresql")

#: The parameter that carries the rows of `rows_from_json`.
ROWS = "rows_json"


def rows_from_json(
    dialect: str, columns: Sequence[tuple[str, TypeEngine[Any]]], *, name: str = "v"
) -> FromClause:
    """A table of the JSON array of objects in the parameter `rows_json`.

    One constant statement then handles any number of rows, so it is compiled and prepared once.
    """
    bind = bindparam(ROWS, type_=Text)
    if dialect == "sqlite":
        each = func.json_each(bind).table_valued("value")
        parts = [func.json_extract(each.c.value, f"$.{key}").label(key) for key, _ in columns]
        return select(*parts).select_from(each).subquery(name)
    from sqlalchemy.dialects.postgresql import JSON  # noqa: PLC0415 - one dialect only

    typed = [column(key, type_) for key, type_ in columns]
    recordset = func.json_to_recordset(cast(bind, JSON)).table_valued(*typed)
    return recordset.render_derived(name=name, with_types=True)


def insert_rows(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, skip_known: bool = False
) -> int:
    """Insert plain rows, all of the same columns, by one statement whatever their number.

    Answers how many were inserted: with `skip_known` those whose keys are taken are passed over.
    PostgreSQL's driver would send each row by itself; SQLite's binds them fastest one by one.
    """
    if not rows:
        return 0
    if is_sqlite(connection):
        text_, order = _insert_text(table, tuple(rows[0]), skip_known)
        values = [tuple(row[name] for name in order) for row in rows]
        return connection.exec_driver_sql(text_, values).rowcount
    statement, parameters = inserting(table, rows, skip_known=skip_known)
    return connection.execute(statement, parameters).rowcount


def inserting(
    table: Table, rows: Sequence[Mapping[str, Any]], *, skip_known: bool = False
) -> tuple[Insert, Mapping[str, str]]:
    """PostgreSQL's statement that inserts plain rows, all of the same columns, and its parameter."""
    statement = _insert_statement(table, tuple(rows[0]), skip_known)
    return statement, {ROWS: orjson.dumps(rows).decode()}


@cache
def _insert_text(table: Table, names: tuple[str, ...], skip_known: bool) -> tuple[str, Sequence[str]]:
    """The statement for SQLite's own driver, and the order of its parameters."""
    statement = sqlite.insert(table)
    if skip_known:
        statement = statement.on_conflict_do_nothing()
    compiled = statement.compile(dialect=sqlite.dialect(), column_keys=list(names))
    return str(compiled), compiled.positiontup or ()


@cache
def _insert_statement(table: Table, names: tuple[str, ...], skip_known: bool) -> Insert:
    rows = rows_from_json("postgresql", [(name, table.c[name].type) for name in names])
    chosen = select(*(rows.c[name] for name in names))
    statement = postgresql.insert(table).from_select(list(names), chosen)
    return statement.on_conflict_do_nothing() if skip_known else statement
