"""Tools that bring the rows of groups together: totals, averages, and the best of each group."""

from __future__ import annotations

from typing import Any

from tools.builtin.duck import Duck, holding, quoted
from tools.builtin.fields import integer, outputs, schema, string
from tools.builtin.table_columns import Column, default_group, default_item, default_measure, need_number
from tools.builtin.table_fields import DATA, DATA_TYPES, ERRORS, FUNCTION, ROW_COUNT, TABLE, column, columns
from tools.errors import BadArguments
from tools.spec import Believed, Docs, Kind, Limits, Ports, Runs, Tool
from tools.work import Work

_FUNCTIONS = {"sum": "sum", "mean": "avg", "count": "count", "min": "min", "max": "max", "median": "median"}


def aggregate_table(
    data: Any,
    *,
    work: Work,
    group_by: list[str] | None = None,
    value: str | None = None,
    function: str = "sum",
) -> dict[str, Any]:
    """One row a group: the sum, mean … of a column. The result's columns keep their names."""
    with holding(work.scratch, data=data) as duck:
        groups = [duck.column(name, field="group_by") for name in group_by or ()]
        measure = _measure(duck, value, function, taken=groups)
        names = ", ".join(quoted(one.name) for one in groups)
        result = _result_name(measure, groups, function)
        chosen = ", ".join([*([names] if names else []), f"{_call(function, measure)} AS {quoted(result)}"])
        grouping = f" GROUP BY {names} ORDER BY {names}" if names else ""
        table, count = duck.table(f"SELECT {chosen} FROM data{grouping}")  # noqa: S608 - quoted names, fixed functions
    words = f"{_FUNCTION_WORDS[function]} {measure.name if measure else 'rows'}"
    by = f" by {', '.join(one.name for one in groups)}" if groups else ""
    return {"table": {**table, "name": words + by}, "row_count": count}


def top_per_group(
    data: Any,
    *,
    work: Work,
    group: str | None = None,
    item: str | None = None,
    value: str | None = None,
    function: str = "sum",
    n: int = 1,
    order: str = "highest",
) -> dict[str, Any]:
    """The n items with the highest (or lowest) values in each group; ties are broken by name.

    Of all rows where an item is named and no group.
    """
    with holding(work.scratch, data=data) as duck:
        by, what = _group_and_item(duck, group, item)
        kept = [one for one in (by, what) if one is not None]
        measure = _measure(duck, value, function, taken=kept)
        result = quoted(_result_name(measure, kept, function))
        call = _call(function, measure)
        ranked = f"{call} {'DESC' if order == 'highest' else 'ASC'} NULLS LAST, {quoted(what.name)}"
        names = [quoted(one.name) for one in kept]
        parts = f"PARTITION BY {quoted(by.name)} " if by else ""
        table, count = duck.table(
            f"SELECT {', '.join(names)}, {call} AS {result} FROM data "  # noqa: S608 - quoted names
            f"WHERE {' AND '.join(f'{name} IS NOT NULL' for name in names)} GROUP BY {', '.join(names)} "
            f"QUALIFY row_number() OVER ({parts}ORDER BY {ranked}) <= ? "
            f"ORDER BY {f'{quoted(by.name)}, ' if by else ''}{ranked}",
            [n],
        )
    words = f"{_FUNCTION_WORDS[function]} {measure.name if measure else 'rows'}"
    name = f"{what.name} with the {order} {words}" + (f" per {by.name}" if by else "")
    return {"table": {**table, "name": name}, "row_count": count}


_FUNCTION_WORDS = {
    "sum": "total",
    "mean": "average",
    "count": "number of",
    "min": "lowest",
    "max": "highest",
    "median": "median",
}


def _group_and_item(duck: Duck, group: str | None, item: str | None) -> tuple[Column | None, Column]:
    """The columns of groups and items; no groups where only the item is named."""
    known = duck.columns["data"]
    by = duck.column(group, field="group") if group else None
    if item:
        what = duck.column(item, field="item")
    else:
        by = by or default_group(known, other_than=[], field="group")
        what = default_item(known, other_than=[by], field="item")
    if by == what:
        raise BadArguments(f"group and item are both {what.name!r}: name two columns", paths=("/item",))
    return by, what


def _measure(duck: Duck, value: str | None, function: str, *, taken: list[Column]) -> Column | None:
    """The column of values; None when rows are counted."""
    if function not in _FUNCTIONS:
        raise BadArguments(f"unknown function; known: {', '.join(_FUNCTIONS)}", paths=("/function",))
    known = [one for one in duck.columns["data"] if one not in taken]
    if function == "count":
        return duck.column(value, field="value") if value else None
    if value is None:
        return default_measure(known, field="value")
    return need_number(duck.column(value, field="value"), known, field="value")


def _call(function: str, measure: Column | None) -> str:
    return f"{_FUNCTIONS[function]}({quoted(measure.name) if measure else '*'})"


def _result_name(measure: Column | None, groups: list[Column], function: str) -> str:
    """The measure keeps its name, so that what a request says of it stays true of the result."""
    name = measure.name if measure else "count"
    return name if name not in {one.name for one in groups} else f"{function}_{name}"


_OUTPUT = outputs(table=TABLE, row_count=ROW_COUNT)
_OUT = {"table": "table", "row_count": "integer"}
_VALUE = column(
    "the column of numbers; by default the one that looks like an amount",
    "number",
    "units",
    "quantity",
    "sales",
    "revenue",
    "amount",
    "total",
    "price",
)

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="aggregate_table",
        summary="Total, average, count, minimum, maximum or median of a column, for each group of rows.",
        kind=Kind.PYTHON,
        does=("aggregate_table",),
        input_schema=schema(
            {
                "data": {**DATA, "x-columns": "named"},
                "group_by": columns(
                    "the columns that make the groups; none means the whole table", "category"
                ),
                "value": _VALUE,
                "function": FUNCTION,
            },
            ["data"],
        ),
        output_schema=_OUTPUT,
        ports=Ports(
            {"data": DATA_TYPES, "group_by": ("columns",), "value": ("column",), "function": ("string",)},
            _OUT,
        ),
        limits=Limits(timeout=60),
        runs=Runs.PROCESS,
        believed=(Believed(seconds=0.04, quality=0.93, n=8),),
        tags=("tables", "statistics"),
        docs=Docs(
            when_to_use="Group by, sum up, add up, total, subtotal, average, count or break down figures per "
            "category: total sales by region and product, average price for each brand, "
            "how many orders every month, "
            "a pivot or summary of numbers in a table, CSV or spreadsheet.",
            examples=(
                {
                    "request": "What are the total sales by region in this CSV?",
                    "arguments": {"group_by": ["region"], "value": "sales", "function": "sum"},
                },
                {
                    "request": "Average price of each brand",
                    "arguments": {"group_by": ["brand"], "value": "price", "function": "mean"},
                },
            ),
            errors=ERRORS,
        ),
        binding={"function": f"{__name__}:aggregate_table"},
    ),
    Tool(
        name="top_per_group",
        summary="Find the best item of each group, such as the product that sold most in every region.",
        kind=Kind.PYTHON,
        does=("top_per_group",),
        input_schema=schema(
            {
                "data": {**DATA, "x-columns": "named"},
                "group": column(
                    "the column that makes the groups; where no item is named, the one that looks like a "
                    "place or class",
                    "category",
                    *(
                        "region",
                        "area",
                        "country",
                        "city",
                        "market",
                        "store",
                        "department",
                        "category",
                        "territory",
                    ),
                ),
                "item": column(
                    "the column that names what is ranked; by default the one that looks like a "
                    "product or person",
                    "category",
                    *("product", "item", "article", "name", "model", "brand", "customer", "seller", "goods"),
                ),
                "value": _VALUE,
                "function": FUNCTION,
                "n": integer(
                    "how many of each group",
                    minimum=1,
                    maximum=100,
                    default=1,
                    **{"x-unit": ["top", "best", "first"]},
                ),
                "order": string(
                    "which end",
                    enum=["highest", "lowest"],
                    default="highest",
                    **{
                        "x-words": {
                            "highest": ["most", "best", "top", "highest", "largest", "leading", "favourite"],
                            "lowest": ["least", "worst", "lowest", "fewest", "smallest", "bottom", "weakest"],
                        }
                    },
                ),
            },
            ["data"],
        ),
        output_schema=_OUTPUT,
        ports=Ports(
            {
                "data": DATA_TYPES,
                "group": ("column",),
                "item": ("column",),
                "value": ("column",),
                "function": ("string",),
                "n": ("integer",),
                "order": ("string",),
            },
            _OUT,
        ),
        limits=Limits(timeout=60),
        runs=Runs.PROCESS,
        believed=(Believed(seconds=0.04, quality=0.92, n=8),),
        tags=("tables", "statistics"),
        docs=Docs(
            when_to_use="Which product sold most per region, the best seller in every area, top item "
            "for each "
            "category, the winner, leader, champion, favourite, most popular or biggest of every group, the "
            "highest-selling article by country, best-selling goods across territories, rank within groups.",
            examples=(
                {
                    "request": "Which product sold most per region in this CSV?",
                    "arguments": {"group": "region", "item": "product", "value": "units"},
                },
                {
                    "request": "Best two sellers of every store by revenue",
                    "arguments": {"group": "store", "item": "seller", "value": "revenue", "n": 2},
                },
            ),
            errors=ERRORS,
        ),
        binding={"function": f"{__name__}:top_per_group"},
    ),
)
