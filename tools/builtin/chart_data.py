"""Which rows of a table a chart shows: its columns, and values brought together where names repeat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tools.builtin.duck import Duck, quoted
from tools.builtin.table_columns import Column, default_measure, need_number
from tools.errors import BadArguments

#: More bars than these cannot be read; the largest are kept.
MAX_BARS = 50
MAX_LINES = 12
MAX_POINTS = 20_000


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars in order: the name under each, its height, and what is written on it (empty for nothing).

    `series` has one entry a bar where bars of the same name stand beside each other, else none.
    `left_out` counts the bars that had no room.
    """

    x: Column
    y: Column
    names: tuple[str, ...]
    heights: tuple[float, ...]
    labels: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """One line or cloud of points."""

    name: str
    xs: tuple[Any, ...]
    ys: tuple[float, ...]


def bars(duck: Duck, *, x: str | None, y: str | None, label: str | None, group: str | None = None) -> Bars:
    """The bars of `y` by `x`.

    A table whose rows are already one bar each, told apart by a second column of names (the best
    product of each region), keeps a bar a row, labelled by that column, unless `x` names a column
    whose values repeat. Otherwise the values of one name are added up.
    """
    across = name_column(duck, x)
    up = measure(duck, y, other_than=[across])
    beside = duck.column(group, field="group") if group else None
    writing = duck.column(label, field="label") if label else None
    if writing is None and beside is None and (x is None or _each_once(duck, across)):
        writing = _second_names(duck, across)
    if beside is not None:
        return _grouped(duck, across, up, beside)
    if writing is not None:
        rows = _rows(duck, [across, writing, up], f"{quoted(up.name)} IS NOT NULL")
        return _cut(across, up, [(name, height, str(text)) for name, text, height in rows])
    summed = _summed(duck, [across], up, by_value=across.kind == "category")
    return _cut(across, up, [(name, height, "") for name, height in summed])


def line_series(
    duck: Duck, *, x: str | None, y: str | None, group: str | None
) -> tuple[Column, Column, list[Line]]:
    """Lines of `y` along `x`, one for each value of `group`; values of the same place are added up."""
    across = duck.column(x, field="x") if x else _along(duck)
    up = measure(duck, y, other_than=[across])
    if group is None:
        return across, up, [_line(up.name, _summed(duck, [across], up))]
    beside = duck.column(group, field="group")
    found: dict[str, list[tuple[Any, float]]] = {}
    for place, series, height in _summed(duck, [across, beside], up):
        found.setdefault(str(series), []).append((place, height))
    if len(found) > MAX_LINES:
        raise BadArguments(f"{beside.name!r} has {len(found)} values, too many lines: filter the table first")
    return across, up, [_line(name, points) for name, points in found.items()]


def shares(
    duck: Duck, *, x: str | None, y: str | None, slices: int
) -> tuple[Column, list[tuple[str, float]]]:
    """The largest shares of the total of `y` by `x`, the rest as one share named "other"."""
    across = name_column(duck, x)
    up = measure(duck, y, other_than=[across])
    found = [(str(name), height) for name, height in _summed(duck, [across], up, by_value=True)]
    if any(height < 0 for _, height in found) or not any(height for _, height in found):
        raise BadArguments(
            f"the values of {up.name!r} are no shares of a whole: use a bar chart", paths=("/y",)
        )
    kept, rest = found[:slices], found[slices:]
    return up, [*kept, ("other", sum(height for _, height in rest))] if rest else kept


def numbers(duck: Duck, column: str | None, *, field: str) -> tuple[Column, list[float]]:
    """All values of a column of numbers."""
    found = measure(duck, column, other_than=[], field=field)
    return found, [float(row[0]) for row in _rows(duck, [found], f"{quoted(found.name)} IS NOT NULL")]


def points(
    duck: Duck, *, x: str | None, y: str | None, group: str | None
) -> tuple[Column, Column, list[Line]]:
    """Pairs of numbers, at most `MAX_POINTS`, as one cloud for each value of `group`."""
    numeric = [column for column in duck.columns["data"] if column.kind == "number"]
    across = measure(duck, x, other_than=[], field="x") if x else numeric[0] if len(numeric) > 1 else None
    if across is None:
        raise BadArguments("a scatter plot needs two columns of numbers", paths=("/x",))
    up = measure(duck, y, other_than=[across])
    beside = duck.column(group, field="group") if group else None
    chosen = [across, up, *([beside] if beside else [])]
    filled = f"{quoted(across.name)} IS NOT NULL AND {quoted(up.name)} IS NOT NULL"
    found: dict[str, list[tuple[Any, float]]] = {}
    for row in _rows(duck, chosen, filled)[:MAX_POINTS]:
        found.setdefault(str(row[2]) if beside else "", []).append((float(row[0]), float(row[1])))
    return across, up, [_line(name, pairs) for name, pairs in found.items()]


def name_column(duck: Duck, name: str | None) -> Column:
    """The column of names: the one given, else the first of its kind, else the first column."""
    if name is not None:
        return duck.column(name, field="x")
    known = duck.columns["data"]
    for kind in ("category", "date"):
        for column in known:
            if column.kind == kind:
                return column
    return known[0]


def measure(duck: Duck, name: str | None, *, other_than: Sequence[Column], field: str = "y") -> Column:
    """The column of numbers: the one given, else the one that looks like an amount."""
    known = [column for column in duck.columns["data"] if column not in other_than]
    if name is None:
        return default_measure(known, field=field)
    return need_number(duck.column(name, field=field), known, field=field)


def _second_names(duck: Duck, first: Column) -> Column | None:
    """A further column of names, if with it every row is one readable bar."""
    other = next((one for one in duck.columns["data"] if one.kind == "category" and one != first), None)
    if other is None:
        return None
    row = duck.connection.execute(
        f"SELECT count(*), count(DISTINCT ({quoted(first.name)}, {quoted(other.name)})) FROM data"  # noqa: S608 - quoted names
    ).fetchone()
    assert row is not None
    return other if row[0] == row[1] <= MAX_BARS else None


def _each_once(duck: Duck, column: Column) -> bool:
    """Whether no value of a column repeats."""
    row = duck.connection.execute(
        f"SELECT count(*) = count(DISTINCT {quoted(column.name)}) FROM data"  # noqa: S608 - quoted name
    ).fetchone()
    return bool(row and row[0])


def _along(duck: Duck) -> Column:
    """What a line runs along when nothing is said: time, else the first column."""
    known = duck.columns["data"]
    return next((column for column in known if column.kind == "date"), known[0])


def _grouped(duck: Duck, across: Column, up: Column, beside: Column) -> Bars:
    rows = _summed(duck, [across, beside], up)
    if len(rows) > MAX_BARS * 2 or len({row[1] for row in rows}) > MAX_LINES:
        raise BadArguments(
            f"{across.name!r} by {beside.name!r} makes {len(rows)} bars: filter the table first"
        )
    names, series, heights = zip(*rows, strict=True) if rows else ((), (), ())
    return Bars(
        across,
        up,
        tuple(map(str, names)),
        tuple(float(height) for height in heights),
        series=tuple(map(str, series)),
    )


def _cut(across: Column, up: Column, rows: Sequence[tuple[Any, Any, str]]) -> Bars:
    if not rows:
        raise BadArguments("the table has no rows to draw")
    kept = rows
    if len(rows) > MAX_BARS:
        kept = sorted(rows, key=lambda row: -float(row[1]))[:MAX_BARS]
    names, heights, labels = zip(*kept, strict=True)
    written = labels if any(labels) else ()
    return Bars(
        across,
        up,
        tuple("" if name is None else str(name) for name in names),
        tuple(float(height) for height in heights),
        labels=tuple(written),
        left_out=len(rows) - len(kept),
    )


def _line(name: str, pairs: Sequence[Sequence[Any]]) -> Line:
    return Line(name, tuple(pair[0] for pair in pairs), tuple(float(pair[1]) for pair in pairs))


def _rows(duck: Duck, columns: Sequence[Column], condition: str) -> list[tuple[Any, ...]]:
    chosen = ", ".join(quoted(column.name) for column in columns)
    found: list[tuple[Any, ...]] = duck.connection.execute(
        f"SELECT {chosen} FROM data WHERE {condition} LIMIT 200000"  # noqa: S608 - quoted names
    ).fetchall()
    return found


def _summed(
    duck: Duck, columns: Sequence[Column], up: Column, *, by_value: bool = False
) -> list[tuple[Any, ...]]:
    """Totals of `up` by `columns`, in the order of the names, or of the table where `by_value` is set."""
    chosen = ", ".join(quoted(column.name) for column in columns)
    total = f"sum({quoted(up.name)})"
    order = f"{total} DESC, {chosen}" if by_value else chosen
    found: list[tuple[Any, ...]] = duck.connection.execute(
        f"SELECT {chosen}, {total} FROM data WHERE {quoted(columns[0].name)} IS NOT NULL "  # noqa: S608 - quoted names
        f"GROUP BY {chosen} HAVING {total} IS NOT NULL ORDER BY {order} LIMIT 200000"
    ).fetchall()
    return found
