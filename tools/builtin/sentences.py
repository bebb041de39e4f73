"""Splits text into sentences and words, for languages written with spaces and for those without."""

from __future__ import annotations

import re

_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s)|[。！？]+[」』”]*")
_CLOSED = re.compile(r"[.!?…:;。！？][\"'”’»)\]]*$")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[\"'“‘«])(?:[^\W\d_]|[^\W\d_](?:\.[^\W\d_])+|mrs?|ms|dr|prof|st|jr|sr|no|nos|vol|fig|figs|eq|approx|"
    r"vs|cf|al|inc|ltd|co|corp|dept|est|gen|col|sgt|rev|hon|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|"
    r"bzw|usw|ca|nr|str|sra?|srta|ud|uds|mme|mlle|av|pp?)\.$",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+(?:[’'-][^\W_]+)*")
_HARD_WRAP = 45


def words(text: str) -> list[str]:
    """The words of `text` in lower case, numbers included.

    >>> words("Don't stop: 3 well-known cats!")
    ["don't", 'stop', '3', 'well-known', 'cats']
    """
    return [match.group().replace("’", "'").lower() for match in _WORD.finditer(text)]


def sentences(text: str) -> list[str]:
    """The sentences of `text` in order, blanks collapsed; headings and list items count as one each."""
    return [sentence for line in lines(text) for sentence in _split(line)]


def prose(text: str) -> list[str]:
    """The sentences that end like one; all of them when too few do (a list, or text without full stops)."""
    every = sentences(text)
    closed = [sentence for sentence in every if _CLOSED.search(sentence) and len(sentence) > 1]
    return closed if 2 * len(closed) >= len(every) or len(closed) >= 3 else every


def lines(text: str) -> list[str]:
    """Paragraphs, headings and items of `text`; lines broken at a fixed width are mended."""
    joined: list[str] = []
    open_line = False
    for raw in text.splitlines():
        line = " ".join(raw.split())
        if line and open_line and (line[0].islower() or len(joined[-1]) >= _HARD_WRAP):
            joined[-1] += f" {line}"
        elif line:
            joined.append(line)
        open_line = bool(line) and not _CLOSED.search(line)
    return joined


def _split(line: str) -> list[str]:
    parts: list[str] = []
    start = 0
    for match in _END.finditer(line):
        rest = line[match.end() :].lstrip()
        if rest[:1].islower() or _ABBREVIATION.search(line[start : match.end()]):
            continue
        parts.append(line[start : match.end()].strip())
        start = match.end()
    parts.append(line[start:].strip())
    return [part for part in parts if part]
