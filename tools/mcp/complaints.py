"""What a server wrote to its standard error last, for the message of a failure."""

from __future__ import annotations

from collections.abc import Iterable

from tools.mcp.sanitising import cleaned
from tools.redaction import redact

_CHARACTERS = 300


class Complaints:
    """Keeps the newest line, cut and without `secrets`."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = tuple(secrets)
        #: Empty when there is none.
        self.last = ""

    def add(self, line: bytes) -> None:
        """Keep that line in the place of the one before; blank ones are no news."""
        text = redact(line.decode(errors="replace"), self._secrets)
        self.last = cleaned(text, longest=_CHARACTERS) or self.last
