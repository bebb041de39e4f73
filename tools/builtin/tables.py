"""Tools that read, question, filter, sort and join tables."""

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

_QUERY_LENGTH = 20_000

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
        return _answer(duck, "SELECT * FROM data", name=data.name.rpartition(".")[0] or data.name)


def query_table(data: Any, *, query: str, work: Work, more: list[Any] | None = None) -> dict[str, Any]:
    """Answer one SQL query over the table `data` (and `data_2`, `data_3` … from `more`)."""
    if len(query) > _QUERY_LENGTH:
        raise BadArguments(f"the query has over {_QUERY_LENGTH:,} characters", paths=("/query",))
    others = {f"data_{number}": one for number, one in enumerate(more or (), start=2)}
    with holding(work.scratch, data=data, **others) as duck:
        return _answer(duck, _one_question(duck, query))


def _one_question(duck: Duck, query: str) -> str:
    """The query, if it is a single SELECT. The database is sealed anyway: this is for clear messages."""
    import duckdb

    try:
        statements = duck.connection.extract_statements(query)
    except duckdb.Error as error:
        first = str(error).partition("\n")[0]
        raise BadArguments(f"the query is not valid SQL: {first}", paths=("/query",)) from error
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise BadArguments("give one SELECT statement over the table named data", paths=("/query",))
    return statements[0].query


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
        return _answer(duck, sql, [value] if needed else [])


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
        return _answer(duck, sql, [limit])


def join_tables(
    data: Any,
    *,
    other: Any,
    work: Work,
    on: str | None = None,
    other_on: str | None = None,
    how: str = "inner",
) -> dict[str, Any]:
    """Put the columns of `other` beside those of `data` where both agree in a column."""
    with holding(work.scratch, data=data, other=other) as duck:
        left = _join_column(duck, on)
        right = duck.column(other_on or left.name, field="other_on", table="other")
        join = {"inner": "JOIN", "left": "LEFT JOIN", "full": "FULL JOIN"}[how]
        # As text where the types differ, so that a number written as text finds its partner.
        cast = "" if left.kind == right.kind == "number" else "::VARCHAR"
        mine, theirs = f"d.{quoted(left.name)}{cast}", f"o.{quoted(right.name)}{cast}"
        rest = [one.name for one in duck.columns["other"] if one != right]
        both = f"d.* REPLACE (coalesce({mine}, {theirs}) AS {quoted(left.name)})"
        first = both if how == "full" else "d.*"
        chosen = ", ".join([first, *(f"o.{quoted(name)}" for name in rest)])
        return _answer(duck, f"SELECT {chosen} FROM data d {join} other o ON {mine} = {theirs}")  # noqa: S608 - quoted names


def _join_column(duck: Duck, on: str | None) -> Column:
    if on is not None:
        return duck.column(on, field="on")
    names = {one.name.lower() for one in duck.columns["other"]}
    shared = [one for one in duck.columns["data"] if one.name.lower() in names]
    if not shared:
        raise BadArguments("the tables share no column: say with `on` and `other_on` what joins them")
    return next((one for one in shared if one.kind == "category"), shared[0])


def _answer(
    duck: Duck, sql: str, values: list[Any] | None = None, *, name: str | None = None
) -> dict[str, Any]:
    value, count = duck.table(sql, values or (), name=name)
    return {"table": value, "row_count": count}


_OUTPUT = outputs(table=TABLE, row_count=ROW_COUNT)
_OUT = {"table": "table", "row_count": "integer"}
_ORDERS = {
    "ascending": ["ascending", "smallest first", "lowest first", "alphabetically", "oldest first", "a to z"],
    "descending": [
        "descending",
        "largest first",
        "highest first",
        "biggest",
        "newest first",
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


def _tool(name: str, function: Any, **more: Any) -> Tool:
    """A record with what all tools of this module have in common."""
    return Tool(
        name=name,
        kind=Kind.PYTHON,
        output_schema=_OUTPUT,
        limits=Limits(timeout=60),
        runs=Runs.PROCESS,
        binding={"function": f"{__name__}:{function.__name__}"},
        **more,
    )


TOOLS: tuple[Tool, ...] = (
    _tool(
        "read_table_file",
        read_table_file,
        summary="Read a CSV, Parquet, JSON or XLSX file into a table.",
        does=("read_table",),
        input_schema=schema({"data": TABLE_FILE}, ["data"]),
        ports=Ports({"data": FILE_TYPES}, _OUT),
        believed=(Believed(seconds=0.12, quality=0.95, n=8),),
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
    _tool(
        "query_table",
        query_table,
        summary="Answer an SQL query over a table or data file.",
        description=(
            "Runs one SELECT (DuckDB dialect) over the table named data. It sees nothing but the given data."
        ),
        does=("query_table",),
        input_schema=schema(
            {
                "data": DATA,
                "query": string(
                    "one SELECT statement over the table data", minLength=1, **{"x-language": "sql"}
                ),
                "more": {"type": "array", "items": DATA, "description": "further tables: data_2, data_3, …"},
            },
            ["data", "query"],
        ),
        ports=Ports({"data": DATA_TYPES, "query": ("sql",), "more": ()}, _OUT),
        believed=(Believed(seconds=0.15, quality=0.95, n=8),),
        tags=("tables", "sql"),
        docs=Docs(
            when_to_use="When the request gives SQL, a query, a SELECT statement, or when the question needs "
            "conditions and calculations that no simpler table tool has.",
            examples=(
                {
                    "request": 'Run "SELECT region, sum(units) FROM data GROUP BY region" over sales.csv',
                    "arguments": {"query": "SELECT region, sum(units) FROM data GROUP BY region"},
                },
            ),
            errors=(
                *ERRORS,
                "BadArguments: the SQL is not valid, is not one SELECT, or reaches for anything else",
            ),
        ),
    ),
    _tool(
        "filter_table",
        filter_table,
        summary="Keep the rows of a table that meet a condition.",
        does=("filter_table",),
        input_schema=schema(
            {
                "data": DATA,
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
            _OUT,
        ),
        believed=(Believed(seconds=0.12, quality=0.9, n=8),),
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
    _tool(
        "sort_table",
        sort_table,
        summary="Order the rows of a table by a column.",
        does=("sort_table",),
        input_schema=schema(
            {
                "data": DATA,
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
            {"data": DATA_TYPES, "column": ("column",), "order": ("string",), "limit": ("integer",)}, _OUT
        ),
        believed=(Believed(seconds=0.12, quality=0.95, n=8),),
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
    _tool(
        "join_tables",
        join_tables,
        summary="Combine two tables by a column they share.",
        does=("join_tables",),
        input_schema=schema(
            {
                "data": DATA,
                "other": DATA,
                "on": column("the column of the first table; by default one that both have"),
                "other_on": column("the column of the second table, if it is called otherwise"),
                "how": string(
                    "which rows stay",
                    enum=["inner", "left", "full"],
                    default="inner",
                    **{"x-words": {"inner": ["matching"], "left": ["keep all"], "full": ["all of both"]}},
                ),
            },
            ["data", "other"],
        ),
        ports=Ports(
            {
                "data": DATA_TYPES,
                "other": DATA_TYPES,
                "on": ("column",),
                "other_on": ("column",),
                "how": ("string",),
            },
            _OUT,
        ),
        believed=(Believed(seconds=0.15, quality=0.9, n=6),),
        tags=("tables",),
        docs=Docs(
            when_to_use="Join, merge, combine, match or look up rows of two tables or files by a common key.",
            examples=(
                {
                    "request": "Join orders.csv and customers.csv on customer_id",
                    "arguments": {"on": "customer_id"},
                },
            ),
            errors=ERRORS,
        ),
    ),
)
