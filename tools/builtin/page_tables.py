"""Turns the <table> elements of a page into tables of columns and rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lxml.html import HtmlElement

Cell = str | int | float | None
_PLAIN_NUMBER = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?")
_FOOTNOTE = re.compile(r"\s*\[(?:\d{1,3}|[a-z]|note \d+)\]$")
_MAX_SPAN = 1_000
_MAX_CELLS = 500_000


def tables_of(tree: HtmlElement) -> list[dict[str, Any]]:
    """The data tables of a page in order, as `{"name", "columns", "rows"}`.

    A table that only arranges the page is left out: one that holds others, or has fewer than two
    rows or no second column and no header.
    """
    found: list[dict[str, Any]] = []
    for element in tree.iter("table"):
        table = None if element.xpath(".//table") else _table(element)
        if table:
            found.append({"name": _caption(element) or f"Table {len(found) + 1}", **table})
    return found


def number_or_text(text: str) -> Cell:
    """The number that `text` is (thousands may be marked by commas), else the text; None when empty.

    >>> number_or_text("1,234.5"), number_or_text("007"), number_or_text("12 %"), number_or_text("")
    (1234.5, '007', '12 %', None)
    """
    plain = text.replace("\N{MINUS SIGN}", "-")
    digits = plain.lstrip("+-")
    coded = len(digits) > 1 and digits[0] == "0" and digits[1].isdecimal()
    if coded or len(plain) > 30 or not _PLAIN_NUMBER.fullmatch(plain):
        return text or None
    value = float(plain.replace(",", ""))
    is_whole = value.is_integer() and abs(value) < 2**53 and not re.search(r"[.eE]", plain)
    return int(value) if is_whole else value


def _table(element: HtmlElement) -> dict[str, Any] | None:
    grid, header_rows = _grid(element)
    width = max((len(row) for row in grid), default=0)
    if width == 0 or len(grid) < 2 or (width < 2 and not header_rows):
        return None
    full = [row + [""] * (width - len(row)) for row in grid]
    columns = _columns(full[: header_rows or 1], width)
    rows = [[number_or_text(cell) for cell in row] for row in full[header_rows or 1 :]]
    rows = [row for row in rows if any(cell is not None for cell in row)]
    return {"columns": columns, "rows": rows} if rows else None


def _grid(element: HtmlElement) -> tuple[list[list[str]], int]:
    """Cells by row with spans filled in, and how many rows at the top are headings."""
    below: dict[int, tuple[int, str]] = {}
    grid: list[list[str]] = []
    header_rows, in_header, total = 0, True, 0
    for row in _rows(element):
        cells = row.xpath("./td | ./th")
        in_header = (
            in_header
            and bool(cells)
            and (row.getparent().tag == "thead" or all(c.tag == "th" for c in cells))
        )
        line = _line(cells, below)
        total += len(line)
        if total > _MAX_CELLS:
            break
        if line:
            grid.append(line)
            header_rows += in_header
    return grid, min(header_rows, max(len(grid) - 1, 0))


def _rows(element: HtmlElement) -> Iterator[HtmlElement]:
    """Rows with those of <thead> first, whatever their place, and those of <tfoot> last."""
    yield from element.xpath("./thead/tr")
    yield from element.xpath("./tr | ./tbody/tr")
    yield from element.xpath("./tfoot/tr")


def _line(cells: Sequence[HtmlElement], below: dict[int, tuple[int, str]]) -> list[str]:
    """One row; `below` holds by column how many rows a cell from above still covers, and its text."""
    line: list[str] = []
    for cell in cells:
        _fill_from_above(line, below)
        text = _FOOTNOTE.sub("", " ".join(" ".join(cell.itertext()).split()))
        down = _span(cell, "rowspan")
        for _ in range(_span(cell, "colspan")):
            if down > 1:
                below[len(line)] = (down - 1, text)
            line.append(text)
    _fill_from_above(line, below)
    return line


def _fill_from_above(line: list[str], below: dict[int, tuple[int, str]]) -> None:
    while len(line) in below:
        column = len(line)
        left, text = below.pop(column)
        if left > 1:
            below[column] = (left - 1, text)
        line.append(text)


def _span(cell: HtmlElement, name: str) -> int:
    stated = cell.get(name, "1").strip()
    return min(max(int(stated), 1), _MAX_SPAN) if stated.isdecimal() else 1


def _columns(header: Sequence[Sequence[str]], width: int) -> list[str]:
    """One distinct name a column; headings over several rows are joined."""
    names: list[str] = []
    times: Counter[str] = Counter()
    for column in range(width):
        parts = list(dict.fromkeys(row[column] for row in header if row[column]))
        base = name = " ".join(parts) or f"column {column + 1}"
        while times[name]:
            times[base] += 1
            name = f"{base} ({times[base]})"
        times[name] += 1
        names.append(name)
    return names


def _caption(element: HtmlElement) -> str:
    """The table's caption, or else the nearest heading before it."""
    texts = element.xpath("./caption") or element.xpath(
        "(preceding::*[self::h1 or self::h2 or self::h3 or self::h4][1])[last()]"
    )
    return " ".join("".join(texts[0].itertext()).split())[:80] if texts else ""
