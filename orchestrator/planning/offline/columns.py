"""Which columns of an attached table the words of a request mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from orchestrator.planning.offline.peek import Column
from orchestrator.planning.offline.thesaurus import SYNONYMS
from orchestrator.retrieval.stem import stem, stems

_GROUPING = re.compile(
    r"\b(?:per|by|(?:for|in|of)\s+(?:each|every)|in\s+all|each|every|across|within|over)\s+(?:the\s+|all\s+)?$"
)
#: What stands between a column to group by and a further one.
_BESIDE = re.compile(r"\s*(?:,|,?\s+and|&)\s+(?:by\s+|per\s+|the\s+)?")

_IN_FULL = 3
#: Characters before and behind a word that are looked at: all of a long text for each takes minutes.
_NEAR = 300


@dataclass(frozen=True, slots=True)
class Named:
    """A column named in the text at `start`, and whether "per", "by" or "each" stands before it."""

    column: Column
    start: int
    grouping: bool
    #: 3 for its whole name, 2 for a word of it, 1 for a word that may stand for it.
    sure: int


def named_columns(text: str, columns: Sequence[Column], *, offset: int = 0) -> Sequence[Named]:
    """Columns that `text` names, in order: by name, plural or singular, or a near synonym."""
    return _named_columns(text, tuple(columns), offset)


@lru_cache(maxsize=64)  # each reading of a request asks for the same pieces of it
def _named_columns(text: str, columns: tuple[Column, ...], offset: int) -> Sequence[Named]:
    found: dict[str, Named] = {}
    last = -1
    for match in re.finditer(r"[^\W_]+(?:_[^\W_]+)*", text):
        word = stem(match[0].lower())
        beside = last >= 0 and _BESIDE.fullmatch(text[last : match.start()].lower())
        grouping = bool(
            _GROUPING.search(text[max(0, match.start() - _NEAR) : match.start()].lower()) or beside
        )
        for column in columns:
            sure = _sure(word, text[match.start() : match.start() + _NEAR], column)
            known = found.get(column.name)
            last = match.end() if sure and grouping else last
            if sure and (known is None or (sure, grouping) > (known.sure, known.grouping)):
                found[column.name] = Named(column, offset + match.start(), grouping, sure)
    best = {(one.start): one.sure for one in found.values()}
    for one in found.values():
        best[one.start] = max(best[one.start], one.sure)
    return sorted((one for one in found.values() if one.sure == best[one.start]), key=lambda one: one.start)


def _sure(word: str, rest: str, column: Column) -> int:
    parts = stems(column.name.replace("_", " "))
    if parts and stems(" ".join(rest.split()[: len(parts)]))[: len(parts)] == parts:
        return _IN_FULL
    if word in parts:
        return 2
    return 1 if any(word in SYNONYMS.get(part, frozenset()) for part in parts) else 0


def choose(
    schema: Mapping[str, Any],
    name: str,
    named: Sequence[Named],
    columns: Sequence[Column],
    taken: set[str],
    *,
    compared: bool = False,
) -> str | None:
    """The column for an argument of this schema, `compared` with a number or not; None leaves the default.

    `schema["x-column"]` says what the column must hold, `schema["x-names"]` how it is often called.
    """
    kind = schema.get("x-column", "any")
    fitting = [one for one in named if one.column.name not in taken and _holds(one.column, kind)]
    hints = {stem(str(word)) for word in (*name.split("_"), *schema.get("x-names", ()))}
    groups = bool({"group", "per", "categor"} & {stem(part) for part in name.split("_")})
    if kind == "number" or (compared and any(column.kind == "number" for column in columns)):
        fitting = [one for one in fitting if one.column.kind in ("number", "any")]
        return measure(fitting, columns, taken)
    if groups:
        per = [one for one in fitting if one.grouping]
        return per[0].column.name if per else None
    plain = [one for one in fitting if not one.grouping]
    called = [one for one in plain if hints & set(stems(one.column.name))]
    full = [one for one in fitting if one.sure == _IN_FULL]
    fit = called or (full if len(full) == 1 else ()) or plain or fitting
    return max(fit, key=lambda one: one.sure == _IN_FULL).column.name if fit else None


def measure(fitting: Sequence[Named], columns: Sequence[Column], taken: set[str]) -> str | None:
    """A column of amounts; a number that only tells things apart is one when it is named in full."""
    fitting = [one for one in fitting if one.sure == _IN_FULL or not _identifies(one.column)]
    columns = [column for column in columns if not _identifies(column)]
    if fitting:
        return max(fitting, key=lambda one: (one.sure, not one.grouping, -one.start)).column.name
    numbers = [column for column in columns if column.kind == "number" and column.name not in taken]
    if len(numbers) == 1:
        return numbers[0].name
    return None


def _identifies(column: Column) -> bool:
    return stems(column.name.replace("_", " "))[-1:] in (["id"], ["nr"], ["key"], ["cod"], ["code"])


def _holds(column: Column, kind: str) -> bool:
    return kind == "any" or column.kind in (kind, "any") or (kind == "category" and column.kind == "date")
