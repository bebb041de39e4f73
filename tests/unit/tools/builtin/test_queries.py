"""Questions in SQL, and tables put side by side."""

from pathlib import Path
from typing import Any

import pytest

from tools.builtin.duck import holding
from tools.builtin.queries import join_tables, query_table
from tools.errors import BadArguments
from tools.spec import File
from tools.work import Work

SALES = {
    "columns": ["Region", "product", "units", "sold on"],
    "rows": [
        ["North", "Tea", 3, "2026-01-05"],
        ["North", "Milk", 12, "2026-02-01"],
        ["South", "tea", 9, None],
    ],
}


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path)


def a_file(work: Work, name: str, media_type: str, content: bytes | str) -> File:
    file = work.file(name, media_type)
    file.path.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def rows(answer: dict[str, Any]) -> list[list[Any]]:
    found: list[list[Any]] = answer["table"]["rows"]
    return found


def test_a_query_sees_the_table_and_further_ones(work: Work) -> None:
    more = [{"columns": ["product", "price"], "rows": [["Tea", 2.5]]}]
    sql = "WITH b AS (FROM data_2) SELECT units * price AS paid FROM data JOIN b USING (product);"
    assert query_table(SALES, query=sql, work=work, more=more) == {
        "table": {"columns": ["paid"], "rows": [[7.5]]},
        "row_count": 1,
    }


def test_results_of_every_type_become_json_scalars(work: Work) -> None:
    sql = (
        "SELECT 1.25::DECIMAL(9, 2), DATE '2026-01-02', TIMESTAMP '2026-01-02 03:04:05', 'nan'::DOUBLE, "
        "[1, 2], {'a': 1}, sum(units), true, 'x'::BLOB, INTERVAL 1 DAY FROM data"
    )
    (row,) = rows(query_table(SALES, query=sql, work=work))
    assert row == [
        *(1.25, "2026-01-02", "2026-01-02T03:04:05", None, "[1, 2]", '{"a": 1}', 24, True, "x"),
        "1 day, 0:00:00",
    ]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('{file}')",
        "SELECT * FROM '{file}'",
        "SELECT content FROM read_text('{file}')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM query('SELECT * FROM read_text(''{file}'')')",
        "SELECT * FROM sniff_csv('{file}')",
        "SELECT * FROM read_text('https://example.com/')",
        "ATTACH '{file}.db' AS other",
        "COPY data TO '{file}.out'",
        "COPY data FROM '{file}'",
        "EXPORT DATABASE '{file}.d'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "RESET lock_configuration",
        "PRAGMA enable_profiling",
        "CREATE TABLE t AS SELECT 1",
        "DROP TABLE data",
        "SELECT 1; SELECT 2",
        "SELECT * FROM work",
        "SELECT getenv('HOME')",
        "",
        "not sql",
    ],
)
def test_a_query_reaches_nothing_but_its_tables(work: Work, sql: str) -> None:
    secret = a_file(work, "secret.csv", "text/csv", "secret\nhush\n")
    before = sorted(work.scratch.iterdir())
    with pytest.raises(BadArguments):
        query_table(SALES, query=sql.format(file=secret.path), work=work)
    assert sorted(work.scratch.iterdir()) == before


def test_statements_behind_the_first_check_are_refused_by_the_engine_too(work: Work) -> None:
    """The lock itself, without the check for a single SELECT."""
    for sql in (
        "COPY data TO '/tmp/x.csv'",
        "SET memory_limit = '9GB'",
        "INSTALL httpfs",
        "ATTACH '/tmp/x.db'",
    ):
        with pytest.raises(BadArguments), holding(work.scratch, data=SALES) as duck:
            duck.connection.execute(sql)


def test_tables_are_joined_by_the_column_they_share(work: Work) -> None:
    other = {"columns": ["region", "units", "chief"], "rows": [["North", 1, "Ada"], ["East", 2, "Bo"]]}
    inner = join_tables(SALES, other=other, work=work)
    assert inner["table"]["columns"] == ["Region", "product", "units", "sold on", "units_2", "chief"]
    assert [[row[0], row[5]] for row in rows(inner)] == [["North", "Ada"], ["North", "Ada"]]
    assert len(rows(join_tables(SALES, other=other, work=work, how="left"))) == 3
    assert {row[0] for row in rows(join_tables(SALES, other=other, work=work, how="full"))} == {
        "North",
        "South",
        "East",
    }


def test_tables_that_share_no_column_need_to_be_told(work: Work) -> None:
    other = {"columns": ["area"], "rows": [["North"]]}
    with pytest.raises(BadArguments, match="share no column"):
        join_tables(SALES, other=other, work=work)
    assert len(rows(join_tables(SALES, other=other, work=work, on="region", other_on="area"))) == 2
