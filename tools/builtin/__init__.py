"""The tools that ship: each module holds one field's functions and their records.

The seconds that a record believes are those of a call in a process that has made one before, which is
the rule in a service that runs: medians of five on two cores, over three pages of text (16 kB, 1.5 kB
for speech and translation), a scanned page at 200 dpi, or a table of 24 rows. Fetching is believed to
take what the public internet takes. A first call adds the import of its library, 0.1 to 1 s.
"""

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
