"""Servers and suites of others, which `make mcp-peers` installs beside the checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

_HOME = Path(__file__).parents[2] / ".peers"
PYTHON, NODE = _HOME / "python" / "bin", _HOME / "node" / "node_modules" / ".bin"


def peer(folder: Path, name: str) -> str:
    """The path of a program; skips where it is not installed."""
    path = folder / name
    if not path.exists():
        pytest.skip(f"{name} is not installed: make mcp-peers")
    return str(path)
