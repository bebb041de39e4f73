"""The tools that ship: each module holds one field's functions and their records."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from tools.spec import Tool

_MODULES = (
    "web", "pages", "text", "wording", "patterns", "languages", "speech", "documents", "readers", "search",
    "tables", "aggregates", "profiles", "spreadsheets", "plots", "images", "codes", "ocr", "numbers",
)  # fmt: skip

#: Every built-in tool.
TOOLS: tuple[Tool, ...] = tuple(
    tool
    for name in _MODULES
    if find_spec(f"tools.builtin.{name}")
    for tool in import_module(f"tools.builtin.{name}").TOOLS
)
