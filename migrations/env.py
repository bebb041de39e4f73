"""Alembic's entry: run the revisions over the engine that the caller hands in."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, Engine, text

from orchestrator.settings import load
from orchestrator.store.engine import open_engine
from orchestrator.store.tables import metadata

#: PostgreSQL's advisory lock under which one process migrates at a time.
_LOCK = 4_150_021


def _engine() -> Engine:
    given = context.config.attributes.get("engine")
    return given if isinstance(given, Engine) else open_engine(load().database)


def _migrate(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


with _engine().connect().execution_options(writes=True) as _connection, _connection.begin():
    _migrate(_connection)
