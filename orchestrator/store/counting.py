"""The counter by which processes learn that a tool has changed."""

from __future__ import annotations

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from orchestrator.store.tables import counters

CATALOG = "catalog"


def tell_of_change(connection: Connection) -> int:
    """Have every process look at the tools again; answers the number of the change, for `tools.changed`.

    Who changes tools calls it first: from then on changes take turns, so that a process that has seen
    a number has seen all up to it.
    """
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(counters).values(name=CATALOG, value=1)
    raised = statement.on_conflict_do_update(
        index_elements=["name"], set_={"value": counters.c.value + statement.excluded.value}
    )
    number: int = connection.execute(raised.returning(counters.c.value)).scalar_one()
    return number
