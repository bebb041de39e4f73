"""Statements of which only a fault matters: they wait for the end of a group and are sent together.

On PostgreSQL that is one round trip for all of them (the driver's pipeline mode), which is most of
what a commit of a few outcomes costs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import psycopg
from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError

from orchestrator.store.engine import insert_rows, inserting, is_sqlite


class Outbox:
    """Keeps the order in which it was filled. What it holds is seen by no statement before `send`."""

    def __init__(self) -> None:
        self._inserts: list[tuple[Table, Sequence[Mapping[str, Any]]]] = []
        self._statements: list[tuple[Executable, Mapping[str, Any]]] = []

    def insert(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Plain rows, all of the same columns; they go before the statements."""
        if rows:
            self._inserts.append((table, rows))

    def add(self, statement: Executable, parameters: Mapping[str, Any]) -> None:
        """A statement made once, whose parameters are text and numbers: they pass SQLAlchemy's types by."""
        self._statements.append((statement, parameters))

    def send(self, connection: Connection) -> None:
        """Execute what it holds. Raises `DBAPIError`."""
        inserts, statements = self._inserts, self._statements
        self._inserts, self._statements = [], []
        if is_sqlite(connection):
            for table, rows in inserts:
                insert_rows(connection, table, rows)
            for statement, parameters in statements:
                connection.execute(statement, parameters)
        elif inserts or statements:
            _send_together(connection, [*(inserting(*insert) for insert in inserts), *statements])


def _send_together(
    connection: Connection, statements: Sequence[tuple[Executable, Mapping[str, Any]]]
) -> None:
    driver: Any = connection.connection.driver_connection
    try:
        with driver.pipeline():
            for statement, parameters in statements:
                compiled = _compiled(statement)
                driver.execute(compiled.string, compiled.construct_params(parameters))
    except psycopg.Error as fault:
        raise DBAPIError.instance("statements sent together", {}, fault, psycopg.Error) from fault


_DIALECT: Any = PGDialect_psycopg


@cache
def _compiled(statement: Any) -> Any:
    return statement.compile(dialect=_DIALECT())
