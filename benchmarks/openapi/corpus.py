"""The documents that imports are tried on, from the folder that TOOLPATH_BENCH_DATA names."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.openapi.compiler import Compiled, Options, compiled
from tools.openapi.documents import GIVEN, Documents
from tools.openapi.loading import parsed

_OTHERS = ("INDEX.json", "README.md")


def documents(wanted: Sequence[str] = ()) -> list[Path]:
    """All documents whose names hold one of the words; ends the program where there are none."""
    data = os.environ.get("TOOLPATH_BENCH_DATA", "")
    folder = Path(data) / "data" / "openapi"
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in _OTHERS)
    chosen = [path for path in found if not wanted or any(word in path.name for word in wanted)]
    if not chosen:
        sys.exit("no documents: set TOOLPATH_BENCH_DATA to the folder of the benchmark data")
    return chosen


def imported(path: Path, *, server: str = "https://server.example", text: bytes | None = None) -> Compiled:
    """The tools of a document, compiled here and now."""
    contents = {f"{GIVEN}{path.name}": parsed(path.read_bytes() if text is None else text)}
    return compiled(Documents(contents), Options(server=server))
