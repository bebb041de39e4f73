"""What a Python tool may ask for besides its arguments: a folder, the network, a way to say how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tools.spec import File

if TYPE_CHECKING:
    from tools.net import Net


def _nobody(_share: float, _message: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Work:
    """Handed to a Python tool whose signature has a parameter named `work`.

    `net` is there for tools that run on the loop, and None in a process: what runs in a
    process has no business on the network.
    """

    scratch: Path
    net: Net | None = None
    tell: Callable[[float, str], None] = field(default=_nobody, repr=False)

    def file(self, name: str, media_type: str) -> File:
        """A file to write in the scratch folder and to return in the output."""
        return File(self.scratch / name, media_type, name)

    def progress(self, share: float, message: str = "") -> None:
        """Say how far the call is, from 0 to 1, in a few words; as often as you like, from any thread."""
        self.tell(min(max(float(share), 0.0), 1.0), str(message))
