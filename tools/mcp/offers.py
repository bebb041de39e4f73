"""What a server offers, in words of ours alone: whoever keeps it needs nothing of the protocol."""

from __future__ import annotations

from dataclasses import dataclass, field

from tools.spec import Tool


@dataclass(slots=True)
class Offered:
    """The tools of a server, and what of its offer became none, with the reason."""

    tools: list[Tool] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
