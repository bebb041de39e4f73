"""Where a page ended, as a word for clients."""

from __future__ import annotations

import base64
import binascii

from orchestrator.errors import FieldProblem, Invalid


def cursor_of(at: float, key: str) -> str:
    """Where a page ended, as a word for clients."""
    return base64.urlsafe_b64encode(f"{at!r}|{key}".encode()).decode().rstrip("=")


def parse_cursor(cursor: str) -> tuple[float, str]:
    """The time and the key of `cursor_of`. Raises `Invalid`."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        at, _, key = text.partition("|")
        return float(at), key
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        problem = FieldProblem("/cursor", "not a cursor that this service gave out")
        raise Invalid("the cursor is not valid; use next_cursor as it came", problems=[problem]) from error
