"""Schemas, ports and hints that the tools over tables share.

Hints for a planner that reads requests without a model: `x-column` tells what a column must hold,
`x-names` how such columns are often called, `x-words` which words mean a value of an enumeration,
`x-unit` beside which words the number of a field stands.
"""

from __future__ import annotations

from typing import Any

from tools.builtin.duck import CSV, JSON, PARQUET, XLSX
from tools.builtin.fields import Field, array, integer, string
from tools.spec import file_schema

DATA_TYPES = ("table", CSV, PARQUET, JSON, XLSX)
FILE_TYPES = (CSV, PARQUET, JSON, XLSX)

#: A failure that every tool over tables may report.
ERRORS = (
    "BadArguments: a column does not exist (the message lists those that do) or is of the wrong kind",
    "BadInputFile: the file is empty or is no CSV, Parquet, JSON or XLSX table",
)

TABLE: Field = {
    "type": "object",
    "description": "a table: names of columns, rows of values, perhaps a name",
    "properties": {
        "columns": {"type": "array", "items": {"type": "string"}},
        "rows": {"type": "array", "items": {"type": "array"}},
        "name": {"type": "string"},
    },
    "required": ["columns", "rows"],
}
TABLES: Field = array(TABLE, "tables, each with a name")
TABLE_FILE: Field = file_schema(*FILE_TYPES, description="a CSV, Parquet, JSON or XLSX file")
DATA: Field = {"anyOf": [TABLE, TABLE_FILE], "description": "the table, or a CSV, Parquet, JSON or XLSX file"}
ROW_COUNT: Field = integer("rows of the whole result; the table holds the first 10,000 at most")

FUNCTION: Field = string(
    "how the values of a group become one number",
    enum=["sum", "mean", "count", "min", "max", "median"],
    default="sum",
    **{
        "x-words": {
            "sum": ["total", "sum", "altogether", "overall", "sold", "in total", "add up"],
            "mean": ["average", "mean", "avg", "typical", "on average"],
            "count": ["count", "how many", "number of", "how often", "frequency"],
            "min": ["minimum", "min", "lowest", "smallest", "least", "cheapest"],
            "max": ["maximum", "max", "highest", "largest", "biggest", "greatest", "peak"],
            "median": ["median", "middle"],
        }
    },
)


def column(description: str, kind: str = "any", *names: str) -> Field:
    """A field that names a column of that kind ("number", "category", "date" or "any")."""
    hints: dict[str, Any] = {"x-column": kind}
    return string(description, **hints, **({"x-names": list(names)} if names else {}))


def columns(description: str, kind: str = "any") -> Field:
    """A field that names several columns of that kind."""
    return array({"type": "string", "x-column": kind}, description, **{"x-column": kind})
