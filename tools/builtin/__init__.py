"""The tools that ship: each module holds one field's functions and their records."""

from __future__ import annotations

from tools.builtin import (
    aggregates,
    codes,
    documents,
    images,
    languages,
    numbers,
    ocr,
    pages,
    patterns,
    plots,
    profiles,
    queries,
    readers,
    search,
    speech,
    spreadsheets,
    tables,
    text,
    web,
    wording,
)
from tools.spec import Tool

#: Every built-in tool.
TOOLS: tuple[Tool, ...] = (
    *web.TOOLS,
    *pages.TOOLS,
    *text.TOOLS,
    *wording.TOOLS,
    *patterns.TOOLS,
    *languages.TOOLS,
    *speech.TOOLS,
    *documents.TOOLS,
    *readers.TOOLS,
    *search.TOOLS,
    *tables.TOOLS,
    *queries.TOOLS,
    *aggregates.TOOLS,
    *profiles.TOOLS,
    *spreadsheets.TOOLS,
    *plots.TOOLS,
    *ocr.TOOLS,
    *images.TOOLS,
    *codes.TOOLS,
    *numbers.TOOLS,
)
