"""What a Python tool may ask for besides its arguments: a scratch folder and the guarded network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.spec import File

if TYPE_CHECKING:
    from tools.net import Net


@dataclass(frozen=True, slots=True)
class Work:
    """Handed to a Python tool whose signature has a parameter named `work`.

    `net` is there for tools that run on the loop, and None in a process: what runs in a
    process has no business on the network.
    """

    scratch: Path
    net: Net | None = None

    def file(self, name: str, media_type: str) -> File:
        """A file to write in the scratch folder and to return in the output."""
        return File(self.scratch / name, media_type, name)
