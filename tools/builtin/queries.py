"""Tools that answer questions in SQL and put tables side by side."""

from __future__ import annotations

from typing import Any

from tools.builtin.duck import Duck, holding, quoted
from tools.builtin.fields import schema, string
from tools.builtin.table_columns import Column
from tools.builtin.table_fields import DATA, DATA_TYPES, ERRORS, column
from tools.builtin.tables import OUT, answer, table_tool
from tools.errors import BadArguments
from tools.spec import Believed, Docs, Ports, Tool
from tools.work import Work

_QUERY_LENGTH = 20_000


def query_table(data: Any, *, query: str, work: Work, more: list[Any] | None = None) -> dict[str, Any]:
    """Answer one SQL query over the table `data` (and `data_2`, `data_3` … from `more`)."""
    if len(query) > _QUERY_LENGTH:
        raise BadArguments(f"the query has over {_QUERY_LENGTH:,} characters", paths=("/query",))
    others = {f"data_{number}": one for number, one in enumerate(more or (), start=2)}
    with holding(work.scratch, data=data, **others) as duck:
        return answer(duck, _one_question(duck, query))


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
        return answer(duck, f"SELECT {chosen} FROM data d {join} other o ON {mine} = {theirs}")  # noqa: S608 - quoted names


def _join_column(duck: Duck, on: str | None) -> Column:
    if on is not None:
        return duck.column(on, field="on")
    names = {one.name.lower() for one in duck.columns["other"]}
    shared = [one for one in duck.columns["data"] if one.name.lower() in names]
    if not shared:
        raise BadArguments("the tables share no column: say with `on` and `other_on` what joins them")
    return next((one for one in shared if one.kind == "category"), shared[0])


TOOLS: tuple[Tool, ...] = (
    table_tool(
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
        ports=Ports({"data": DATA_TYPES, "query": ("sql",), "more": ()}, OUT),
        believed=(Believed(seconds=0.03, quality=0.95, n=8),),
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
    table_tool(
        "join_tables",
        join_tables,
        summary="Combine two tables by a column they share.",
        does=("join_tables",),
        input_schema=schema(
            {
                "data": {**DATA, "x-columns": "kept"},
                "other": {**DATA, "x-columns": "kept"},
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
            OUT,
        ),
        believed=(Believed(seconds=0.03, quality=0.9, n=6),),
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
