"""Tools that read, filter and sort tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.builtin.duck import Duck, holding, quoted
from tools.builtin.fields import integer, outputs, schema, string
from tools.builtin.table_columns import Column
from tools.builtin.table_fields import (
    DATA,
    DATA_TYPES,
    ERRORS,
    FILE_TYPES,
    ROW_COUNT,
    TABLE,
    TABLE_FILE,
    column,
)
from tools.errors import BadArguments
from tools.spec import Believed, Docs, File, Kind, Limits, Ports, Runs, Tool
from tools.work import Work

#: How a row is kept, by the name of the operator; `{}` is the quoted column, `?` the bound value.
_CONDITIONS: Mapping[str, str] = {
    "equals": "{} = ?",
    "not_equals": "{} IS DISTINCT FROM ?",
    "greater": "{} > ?",
    "at_least": "{} >= ?",
    "less": "{} < ?",
    "at_most": "{} <= ?",
    "contains": "contains(lower({}::VARCHAR), lower(?::VARCHAR))",
    "starts_with": "starts_with(lower({}::VARCHAR), lower(?::VARCHAR))",
    "is_empty": "({0} IS NULL OR {0}::VARCHAR = '')",
    "not_empty": "NOT ({0} IS NULL OR {0}::VARCHAR = '')",
}


def read_table_file(data: File, *, work: Work) -> dict[str, Any]:
    """Read a file into a table value."""
    with holding(work.scratch, data=data) as duck:
        return answer(duck, "SELECT * FROM data", name=data.name.rpartition(".")[0] or data.name)


def filter_table(
    data: Any, *, column: str, work: Work, operator: str = "equals", value: Any = None
) -> dict[str, Any]:
    """Keep the rows whose value in `column` meets the condition."""
    with holding(work.scratch, data=data) as duck:
        found = duck.column(column, field="column")
        if operator not in _CONDITIONS:
            raise BadArguments(f"unknown operator; known: {', '.join(_CONDITIONS)}", paths=("/operator",))
        condition = _CONDITIONS[operator]
        needed = "?" in condition
        if needed and value is None:
            raise BadArguments(f"operator {operator} needs a value to compare with", paths=("/value",))
        name = quoted(found.name)
        if "equals" in operator and found.kind == "category":
            name, value = f"lower({name}::VARCHAR)", str(value).lower()
        elif needed and not condition.startswith(("contains", "starts")):
            condition, value = _compared(found, condition, value)
        sql = f"SELECT * FROM data WHERE {condition.format(name)}"  # noqa: S608 - quoted name, bound value
        return answer(duck, sql, [value] if needed else [])


def _compared(column: Column, condition: str, value: Any) -> tuple[str, Any]:
    """The condition and the value as the column's own type, so that 10 is more than 9 and not less."""
    if column.kind == "number":
        try:
            return condition, float(str(value).replace(",", ""))
        except ValueError:
            message = f"column {column.name!r} holds numbers, and {value!r} is none"
            raise BadArguments(message, paths=("/value",)) from None
    if column.kind == "date":
        return condition.replace("?", "?::TIMESTAMP"), str(value)
    return condition, str(value)


def sort_table(
    data: Any, *, column: str, work: Work, order: str = "ascending", limit: int | None = None
) -> dict[str, Any]:
    """Order the rows by one column, empty values last, and perhaps keep the first `limit`."""
    with holding(work.scratch, data=data) as duck:
        name = quoted(duck.column(column, field="column").name)
        direction = "DESC" if order == "descending" else "ASC"
        sql = f"SELECT * FROM data ORDER BY {name} {direction} NULLS LAST LIMIT ?"  # noqa: S608 - quoted name
        return answer(duck, sql, [limit])


def answer(
    duck: Duck, sql: str, values: list[Any] | None = None, *, name: str | None = None
) -> dict[str, Any]:
    value, count = duck.table(sql, values or (), name=name)
    return {"table": value, "row_count": count}


_OUTPUT = outputs(table=TABLE, row_count=ROW_COUNT)
OUT = {"table": "table", "row_count": "integer"}
_ORDERS = {
    "ascending": [
        *("ascending", "smallest first", "lowest first", "alphabetically", "oldest first", "a to z"),
        *(
            "smallest",
            "lowest",
            "fewest",
            "from lowest",
            "low to high",
            "lowest to highest",
            "smallest to largest",
        ),
    ],
    "descending": [
        "descending",
        "largest first",
        "highest first",
        "biggest",
        "newest first",
        *(
            "largest",
            "highest",
            "most",
            "high to low",
            "highest to lowest",
            "largest to smallest",
            "biggest first",
        ),
        "z to a",
        "top",
    ],
}
_OPERATORS = {
    "equals": ["equal to", "equals", "is", "exactly", "only"],
    "not_equals": ["not equal to", "is not", "except", "other than", "without"],
    "greater": ["greater than", "more than", "over", "above", "larger than", "after", "exceeds"],
    "at_least": ["at least", "no less than", "from", "since"],
    "less": ["less than", "under", "below", "smaller than", "fewer than", "before"],
    "at_most": ["at most", "no more than", "up to", "until"],
    "contains": ["contains", "containing", "includes", "mentions"],
    "starts_with": ["starts with", "begins with", "starting with"],
    "is_empty": ["is empty", "is missing", "blank"],
    "not_empty": ["is not empty", "is present", "filled"],
}


def table_tool(name: str, function: Any, **more: Any) -> Tool:
    """A record with what all tools from table to table have in common."""
    return Tool(
        name=name,
        kind=Kind.PYTHON,
        output_schema=_OUTPUT,
        limits=Limits(timeout=60),
        runs=Runs.PROCESS,
        binding={"function": f"{function.__module__}:{function.__name__}"},
        **more,
    )


TOOLS: tuple[Tool, ...] = (
    table_tool(
        "read_table_file",
        read_table_file,
        summary="Read a CSV, Parquet, JSON or XLSX file into a table.",
        does=("read_table",),
        input_schema=schema({"data": TABLE_FILE}, ["data"]),
        ports=Ports({"data": FILE_TYPES}, OUT),
        believed=(Believed(seconds=0.03, quality=0.95, n=8),),
        tags=("tables", "files"),
        docs=Docs(
            when_to_use="Load, open, import, parse or show the rows of a data file, CSV, "
            "spreadsheet, parquet or "
            "JSON records as a table. Not needed before other table tools: they take files themselves.",
            examples=(
                {"request": "Open sales.csv and show its rows", "arguments": {"data": {"artifact": "art_…"}}},
            ),
            errors=ERRORS,
        ),
    ),
    table_tool(
        "filter_table",
        filter_table,
        summary="Keep the rows of a table that meet a condition.",
        does=("filter_table",),
        input_schema=schema(
            {
                "data": {**DATA, "x-columns": "kept"},
                "column": column("the column to look at"),
                "operator": string(
                    "the condition", enum=list(_OPERATORS), default="equals", **{"x-words": _OPERATORS}
                ),
                "value": {
                    "type": ["string", "number", "boolean", "null"],
                    "description": "what to compare with",
                },
            },
            ["data", "column"],
        ),
        ports=Ports(
            {
                "data": DATA_TYPES,
                "column": ("column",),
                "operator": ("string",),
                "value": ("number", "string"),
            },
            OUT,
        ),
        believed=(Believed(seconds=0.03, quality=0.9, n=8),),
        tags=("tables",),
        docs=Docs(
            when_to_use="Filter, select, keep, restrict to, show only or drop rows or records where "
            "a column is "
            "above, below, equal to, contains or misses a value.",
            examples=(
                {
                    "request": "Show only the orders with an amount over 100",
                    "arguments": {"column": "amount", "operator": "greater", "value": 100},
                },
            ),
            errors=ERRORS,
        ),
    ),
    table_tool(
        "sort_table",
        sort_table,
        summary="Order the rows of a table by a column.",
        does=("sort_table",),
        input_schema=schema(
            {
                "data": {**DATA, "x-columns": "kept"},
                "column": column("the column to order by"),
                "order": string(
                    "the direction", enum=list(_ORDERS), default="ascending", **{"x-words": _ORDERS}
                ),
                "limit": integer(
                    "keep only so many rows",
                    minimum=1,
                    **{"x-unit": ["row", "rows", "top", "first", "entries"]},
                ),
            },
            ["data", "column"],
        ),
        ports=Ports(
            {"data": DATA_TYPES, "column": ("column",), "order": ("string",), "limit": ("integer",)}, OUT
        ),
        believed=(Believed(seconds=0.03, quality=0.95, n=8),),
        tags=("tables",),
        docs=Docs(
            when_to_use="Sort, order, arrange or rank rows, from highest to lowest or "
            "alphabetically, and keep the "
            "first or top n rows.",
            examples=(
                {
                    "request": "Sort the table by price, highest first",
                    "arguments": {"column": "price", "order": "descending"},
                },
            ),
            errors=ERRORS,
        ),
    ),
)
