"""Tools that describe what is in each column of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tools.builtin.duck import Duck, holding, quoted
from tools.builtin.fields import outputs, schema
from tools.builtin.table_columns import Column
from tools.builtin.table_fields import DATA, DATA_TYPES, ERRORS, TABLE, TABLES
from tools.builtin.table_values import table
from tools.errors import BadArguments
from tools.spec import Believed, Docs, File, Kind, Limits, Ports, Runs, Tool
from tools.work import Work

_MEASURES = (
    *("column", "type", "rows", "filled", "missing", "distinct", "min", "max", "mean", "median"),
    *("deviation", "most_common", "times"),
)


def profile_table(data: Any, *, work: Work) -> dict[str, Any]:
    """One row a column: its type, filled and missing cells, distinct values, extremes, mean and the like."""
    name = data.name if isinstance(data, File) else str(data.get("name") or "table")
    return {"profile": _profile(data, name, work)}


def profile_tables(tables: Sequence[Any], *, work: Work) -> dict[str, Any]:
    """A profile of each table, named after it."""
    if not tables:
        raise BadArguments("there is no table to profile: the list is empty", paths=("/tables",))
    named = [(one, str(one.get("name") or f"table {place}")) for place, one in enumerate(tables, start=1)]
    return {"profiles": [_profile(one, name, work) for one, name in named]}


def _profile(data: Any, name: str, work: Work) -> dict[str, Any]:
    with holding(work.scratch, data=data) as duck:
        rows = [_row(duck, column) for column in duck.columns["data"]]
    return table(_MEASURES, rows, f"{name} profile")


def _row(duck: Duck, column: Column) -> list[Any]:
    name = quoted(column.name)
    is_number = column.kind == "number"
    figures = f"avg({name}), median({name}), stddev_samp({name})" if is_number else "NULL, NULL, NULL"
    counted = duck.connection.execute(
        f"SELECT count(*), count({name}), count(*) - count({name}), count(DISTINCT {name}), "  # noqa: S608 - quoted name
        f"min({name}), max({name}), {figures} FROM data"
    ).fetchone()
    common = duck.connection.execute(
        f"SELECT {name}, count(*) FROM data WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1"  # noqa: S608 - quoted name
    ).fetchone()
    assert counted is not None
    rounded = [round(one, 6) if isinstance(one, float) else one for one in counted]
    return [column.name, _type_word(column), *rounded, *(common or (None, None))]


def _type_word(column: Column) -> str:
    if column.kind == "category":
        return "yes/no" if column.sql_type == "BOOLEAN" else "text"
    return column.kind


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="profile_table",
        summary=(
            "Describe every column of a table: type, missing and distinct values, range, mean, "
            "commonest value."
        ),
        kind=Kind.PYTHON,
        does=("profile_table",),
        input_schema=schema({"data": DATA}, ["data"]),
        output_schema=outputs(profile=TABLE),
        ports=Ports({"data": DATA_TYPES}, {"profile": "table"}),
        limits=Limits(timeout=60),
        runs=Runs.PROCESS,
        believed=(Believed(seconds=0.045, quality=0.95, n=8),),
        tags=("tables", "statistics"),
        docs=Docs(
            when_to_use="Profile, describe, inspect, examine, survey or check the quality of a data "
            "set, table, CSV "
            "or spreadsheet: summary statistics, data types, gaps, ranges, an overview of the columns.",
            examples=(
                {
                    "request": "Give me a profile of customers.csv",
                    "arguments": {"data": {"artifact": "art_…"}},
                },
            ),
            errors=ERRORS,
        ),
        binding={"function": f"{__name__}:profile_table"},
    ),
    Tool(
        name="profile_tables",
        summary="Describe the columns of several tables at once: one profile for each table.",
        kind=Kind.PYTHON,
        does=("profile_tables",),
        input_schema=schema({"tables": {**TABLES, "minItems": 1}}, ["tables"]),
        output_schema=outputs(profiles=TABLES),
        ports=Ports({"tables": ("tables",)}, {"profiles": "tables"}),
        limits=Limits(timeout=120),
        runs=Runs.PROCESS,
        believed=(Believed(seconds=0.1, quality=0.95, n=8),),
        tags=("tables", "statistics"),
        docs=Docs(
            when_to_use="Profile, describe or summarise each of several tables, such as all tables "
            "found on a web "
            "page or all sheets of a workbook: statistics of each one, an overview of every table.",
            examples=(
                {"request": "Extract the tables of this page with a profile of each", "arguments": {}},
            ),
            errors=("BadArguments: the list is empty or holds something that is no table",),
            run_after=("extract_tables", "read_xlsx"),
        ),
        binding={"function": f"{__name__}:profile_tables"},
    ),
)
