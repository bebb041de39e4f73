"""The built-in tools that block, run where the service runs them."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tools.builtin import TOOLS
from tools.errors import BadArguments, TimedOut, TooLarge
from tools.processes import Processes
from tools.spec import File

BY_NAME = {tool.name: tool for tool in TOOLS}


@pytest.fixture
async def pool() -> AsyncIterator[Processes]:
    async with Processes(size=1) as processes:
        yield processes


@pytest.fixture
def sales(tmp_path: Path) -> File:
    path = tmp_path / "sales.csv"
    path.write_text(
        "region,product,units\nNorth,Tea,30\nNorth,Milk,12\nNorth,Tea,8\nSouth,Milk,25\nSouth,Tea,7\n"
        "West,Bread,19\nWest,Tea,18\n"
    )
    return File(path, "text/csv", "sales.csv")


async def call(pool: Processes, name: str, folder: Path, *, timeout: float = 50, **arguments: Any) -> Any:
    tool = BY_NAME[name]
    scratch = folder / f"scratch of {name}"
    scratch.mkdir(exist_ok=True)
    out = await pool.run(tool.binding["function"], arguments, scratch=scratch, timeout=timeout)
    assert set(out) == set(tool.output_schema["required"])
    return out


async def test_the_best_seller_of_every_region_becomes_two_charts(
    pool: Processes, tmp_path: Path, sales: File
) -> None:
    best = (await call(pool, "top_per_group", tmp_path, data=sales))["table"]
    assert best["rows"] == [["North", "Tea", 38], ["South", "Milk", 25], ["West", "Bread", 19]]
    plain = await call(pool, "plot_bar_simple", tmp_path, data=best, title="Best sellers")
    styled = await call(pool, "plot_bar_styled", tmp_path, data=best, title="Best sellers")
    with Image.open(plain["image"].path) as one, Image.open(styled["image"].path) as other:
        assert one.width < other.width
    if shutil.which("tesseract") is None:
        pytest.skip("the words in the chart are read by tesseract: apt-get install tesseract-ocr")
    read = (await call(pool, "ocr_careful", tmp_path, image=styled["image"]))["text"]
    # What a chart says is not laid out as a page is: the reader misses some words, not these.
    assert {"Tea", "Milk", "Bread", "Best", "sellers"} <= set(read.split())


async def test_tables_become_a_workbook_with_their_profiles(
    pool: Processes, tmp_path: Path, sales: File
) -> None:
    table = (await call(pool, "read_table_file", tmp_path, data=sales))["table"]
    profiles = (await call(pool, "profile_tables", tmp_path, tables=[table, table]))["profiles"]
    made = await call(pool, "write_xlsx", tmp_path, tables=[table, table], profiles=profiles)
    assert made["sheets"] == ["sales", "sales (2)", "sales profile", "sales profile (2)"]
    assert (await call(pool, "read_xlsx", tmp_path, workbook=made["workbook"]))["count"] == 4


async def test_a_query_that_never_ends_is_killed_and_one_that_eats_memory_is_refused(
    pool: Processes, tmp_path: Path, sales: File
) -> None:
    endless = "SELECT count(*) FROM range(100000000000) a, range(100000) b WHERE a.range % 7 = b.range % 5"
    with pytest.raises(TimedOut):
        await call(pool, "query_table", tmp_path, data=sales, query=endless, timeout=1.5)
    with pytest.raises(BadArguments, match="memory"):
        await call(
            pool, "query_table", tmp_path, data=sales, query="SELECT list(range) FROM range(2000000000)"
        )


async def test_a_query_reads_no_file_of_the_machine(pool: Processes, tmp_path: Path, sales: File) -> None:
    with pytest.raises(BadArguments, match="do not allow"):
        await call(pool, "query_table", tmp_path, data=sales, query="SELECT * FROM read_text('/etc/passwd')")


async def test_numbers_are_calculated_and_converted(pool: Processes, tmp_path: Path) -> None:
    assert (await call(pool, "calculate", tmp_path, expression="2 ** 100"))["text"].endswith("205376")
    out = await call(pool, "convert_units", tmp_path, value=5, from_unit="mile", to_unit="km")
    assert out == {"value": 8.04672, "text": "5 mile = 8.04672 km"}


@pytest.mark.parametrize("size", [5_000_000, 100_000_000])
async def test_a_query_does_not_give_back_a_huge_value(
    pool: Processes, tmp_path: Path, sales: File, size: int
) -> None:
    query = f"SELECT repeat('x', {size}) AS x FROM data LIMIT 1"
    with pytest.raises(TooLarge, match=r"over 4,000,000 bytes of JSON: ask for less"):
        await call(pool, "query_table", tmp_path, data=sales, query=query)
    told = await call(pool, "query_table", tmp_path, data=sales, query="SELECT count(*) AS n FROM data")
    assert told["table"]["rows"] == [[7]]
