"""Columns of a table: what kind they are, how people name them, and which one is meant when none is named."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tools.errors import BadArguments

ColumnKind = Literal["number", "category", "date"]

_NUMBERS = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|REAL|DECIMAL.*)")
#: Numbers that name things; nobody wants their sum.
_LABELS = re.compile(
    r"(^|_| )(id|ids|year|month|day|zip|postcode|code|number|no|nr|index|rank)$", re.IGNORECASE
)
#: What "most" and "total" mean when no column is named, the likelier first.
_MEASURES = (
    re.compile(r"units|quantity|qty|sold|sales|volume", re.IGNORECASE),
    re.compile(r"revenue|amount|turnover|total|value|income|profit|spend", re.IGNORECASE),
)
_GROUPS = re.compile(
    r"region|area|country|city|state|district|zone|territory|market|store|shop|branch|department"
    r"|category|segment|team|channel|continent|site|office",
    re.IGNORECASE,
)
_ITEMS = re.compile(
    r"product|item|article|sku|name|title|model|brand|customer|client|seller|person|employee|player|service",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, its kind, its SQL type, and about how many distinct values it has."""

    name: str
    kind: ColumnKind
    sql_type: str
    distinct: int

    @classmethod
    def of(cls, name: str, *, sql_type: str, distinct: int) -> Column:
        """The column of that SQL type."""
        if _NUMBERS.fullmatch(sql_type):
            return cls(name, "number", sql_type, distinct)
        is_date = sql_type.startswith(("DATE", "TIMESTAMP"))
        return cls(name, "date" if is_date else "category", sql_type, distinct)


def find(name: str, columns: Sequence[Column], *, field: str) -> Column:
    """The column called `name`; case, blanks, hyphens and underscores do not matter, nor does a plural.

    Raises `BadArguments` that lists the columns there are.
    """
    for simplify in (str, _simple, _singular):
        for column in columns:
            if simplify(column.name) == simplify(name):
                return column
    names = ", ".join(column.name for column in columns)
    raise BadArguments(f"there is no column {name!r}; the columns are: {names}", paths=(f"/{field}",))


def need_number(column: Column, columns: Sequence[Column], *, field: str) -> Column:
    """`column`, which must hold numbers. Raises `BadArguments` that lists those which do."""
    if column.kind == "number":
        return column
    names = ", ".join(one.name for one in columns if one.kind == "number") or "none"
    raise BadArguments(
        f"column {column.name!r} does not hold numbers; columns that do: {names}", paths=(f"/{field}",)
    )


def default_measure(columns: Sequence[Column], *, field: str) -> Column:
    """The column of numbers that "most" or "total" is about when none is named.

    Raises `BadArguments` when no column holds numbers.
    """
    numbers = [column for column in columns if column.kind == "number"]
    if not numbers:
        raise BadArguments(f"no column holds numbers: {_names(columns)}", paths=(f"/{field}",))
    measures = [column for column in numbers if not _LABELS.search(column.name)] or numbers
    for pattern in _MEASURES:
        for column in measures:
            if pattern.search(column.name):
                return column
    return measures[0]


def default_group(columns: Sequence[Column], *, other_than: Sequence[Column] = (), field: str) -> Column:
    """The column that rows are grouped by when none is named: by its name, else that with fewest values."""
    return _pick(columns, _GROUPS, fewest=True, other_than=other_than, field=field)


def default_item(columns: Sequence[Column], *, other_than: Sequence[Column] = (), field: str) -> Column:
    """The column that names what is ranked when none is named: by its name, else that with most values."""
    return _pick(columns, _ITEMS, fewest=False, other_than=other_than, field=field)


def _pick(
    columns: Sequence[Column],
    pattern: re.Pattern[str],
    *,
    fewest: bool,
    other_than: Sequence[Column],
    field: str,
) -> Column:
    names = [column for column in columns if column.kind == "category" and column not in other_than]
    if not names:
        raise BadArguments(f"no further column holds names: {_names(columns)}", paths=(f"/{field}",))
    fitting = [column for column in names if pattern.search(column.name)]
    return min(fitting or names, key=lambda column: column.distinct if fewest else -column.distinct)


def _names(columns: Sequence[Column]) -> str:
    return f"the columns are {', '.join(column.name for column in columns)}"


def _simple(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


def _singular(name: str) -> str:
    simple = _simple(name)
    return simple[:-3] + "y" if simple.endswith("ies") else simple.removesuffix("s")
