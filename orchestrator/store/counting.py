"""The counter by which processes learn that a tool has changed."""

from __future__ import annotations

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from orchestrator.store.tables import counters

CATALOG = "catalog"


def tell_of_change(connection: Connection) -> None:
    """Have every process look at the tools again."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(counters).values(name=CATALOG, value=1)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["name"], set_={"value": counters.c.value + statement.excluded.value}
        )
    )
