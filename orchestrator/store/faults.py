"""What a fault of the database means: try again, wait for it, make room, or mend the request."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError

from orchestrator.errors import Invalid, StorageFull

#: PostgreSQL: serialization failure, deadlock, lock timeout – the same transaction may pass later.
_TRANSIENT = frozenset({"40001", "40P01", "55P03"})
#: In the words of SQLite, of PostgreSQL, and of the operating system that PostgreSQL quotes.
_FULL = ("disk is full", "disk full", "no space left", "quota exceeded")


def is_transient(fault: DBAPIError) -> bool:
    """Whether only the moment was wrong."""
    if isinstance(fault.orig, sqlite3.OperationalError):
        return "locked" in str(fault.orig) or "busy" in str(fault.orig)
    return getattr(fault.orig, "sqlstate", None) in _TRANSIENT


def is_away(fault: DBAPIError) -> bool:
    """Whether the database could not be reached, so that the same transaction may pass later.

    A fault that the server itself names is one of the transaction, but for those of its own life:
    08 connection, 57P shutdown and start, 53300 too many connections.
    """
    state = getattr(fault.orig, "sqlstate", None)
    if state is not None:
        return bool(state.startswith(("08", "57P")) or state == "53300")
    if isinstance(fault.orig, sqlite3.Error):
        return False
    return fault.connection_invalidated or isinstance(fault, (OperationalError, InterfaceError))


def told(fault: DBAPIError) -> Exception:
    """The fault as whoever asked is told; as it is where it says nothing to them."""
    text = str(fault.orig).lower()
    if any(words in text for words in _FULL):
        return no_room()
    if isinstance(fault, DataError):
        return Invalid(f"the database cannot keep a value of this request: {first_line(fault.orig or fault)}")
    return fault


def no_room() -> StorageFull:
    """The database's disk is full."""
    return StorageFull("the database's disk is full; free some space and send the request again")


def first_line(fault: BaseException) -> str:
    """Its words without the statement that SQLAlchemy quotes below them."""
    return str(fault).splitlines()[0] if str(fault) else type(fault).__name__
