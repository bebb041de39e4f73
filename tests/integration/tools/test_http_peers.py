"""HTTP servers of others, by `make test-peers`: httpbin for faults, datasette as an API with data."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.servers import free_port
from tools.adapter import CallContext
from tools.errors import BadArguments, BadOutput, NotAuthorised, RateLimited, ServerFault, TimedOut, ToolError
from tools.net import Net
from tools.openapi.compiler import Options
from tools.openapi.importing import Source, read_openapi
from tools.processes import Processes
from tools.spec import Kind, Tool
from tools.testing import MemoryFiles
from tools.toolbox import Toolbox

pytestmark = pytest.mark.peers
PROGRAMS = Path(__file__).parents[3] / ".bench" / "http" / "bin"
ANY = {"type": "object"}


@contextmanager
def serving(command: Sequence[str], *, cwd: Path) -> Iterator[None]:
    if not (PROGRAMS / command[0]).exists():
        pytest.skip(f"{command[0]} is not installed: make bench-peers")
    process = subprocess.Popen(
        [str(PROGRAMS / command[0]), *command[1:]],
        cwd=cwd,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def httpbin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    command = [
        "gunicorn",
        "--no-control-socket",
        "-b",
        f"127.0.0.1:{port}",
        "-k",
        "gthread",
        "--threads",
        "8",
    ]
    with serving([*command, "httpbin:app"], cwd=tmp_path_factory.mktemp("httpbin")):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def datasette(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder, port = tmp_path_factory.mktemp("datasette"), free_port()
    with sqlite3.connect(folder / "cities.db") as database:
        database.execute("create table city (name text primary key, country text, people integer)")
        rows = [("Basel", "CH", 180_000), ("Lyon", "FR", 520_000), ("Nîmes", "FR", 150_000)]
        database.executemany("insert into city values (?, ?, ?)", rows)
    database.close()
    with serving(["datasette", "serve", "cities.db", "-p", str(port)], cwd=folder):
        yield f"http://127.0.0.1:{port}"


class Caller:
    """Calls tools of one peer."""

    def __init__(self, toolbox: Toolbox, context: CallContext) -> None:
        self._toolbox, self.context = toolbox, context

    async def call(self, tool: Tool, **arguments: Any) -> Any:
        return (await self._toolbox.call(tool, arguments, self.context)).output


@pytest.fixture
async def net() -> AsyncIterator[Net]:
    net = Net(allow=["127.0.0.1", "localhost"])
    yield net
    await net.aclose()


@pytest.fixture
async def processes() -> AsyncIterator[Processes]:
    async with Processes(1, modules=("tools.openapi",)) as processes:
        yield processes


@pytest.fixture
async def caller(tmp_path: Path, net: Net, processes: Processes) -> AsyncIterator[Caller]:
    toolbox = Toolbox(net=net, processes=processes)
    (tmp_path / "scratch").mkdir()
    secrets = {"login": "ann:open/sesame", "token": "open/sesame+7"}
    kept = MemoryFiles(tmp_path / "kept")
    yield Caller(toolbox, CallContext("key-1", kept, tmp_path / "scratch", timeout=10, secrets=secrets))
    await toolbox.aclose()


async def up(net: Net, url: str) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                await net.request("GET", url)
            except ToolError:
                await asyncio.sleep(0.1)
            else:
                return


@pytest.fixture
async def tools(httpbin: str, net: Net, processes: Processes) -> dict[str, Tool]:
    """The operations of httpbin's own document by method and path."""
    await up(net, httpbin)
    source = Source(url=f"{httpbin}/spec.json")
    made = await read_openapi(source, Options(server=httpbin), net=net, processes=processes)
    assert {name.partition(" ")[0] for name, _ in made.skipped} == {"TRACE"}
    found = [
        (one.binding["method"], str(one.binding["url"]).removeprefix(httpbin), one) for one in made.tools
    ]
    return {f"{method} {path}": one for method, path, one in found}


async def test_its_whole_document_becomes_tools_that_can_be_called(
    tools: dict[str, Tool], caller: Caller
) -> None:
    assert len(tools) >= 70
    said = await caller.call(tools["GET /headers"])
    assert said["headers"]["Idempotency-Key"] == "key-1"
    assert (await caller.call(tools["GET /base64/{value}"], value="SGVsbG8="))["file"][
        "media_type"
    ] == "text/html"
    picture = (await caller.call(tools["GET /image/png"]))["file"]
    assert picture["media_type"] == "image/png"
    assert (await caller.context.files.load(picture["artifact"])).path.read_bytes()[:4] == b"\x89PNG"
    lump = (await caller.call(tools["GET /stream-bytes/{n}"], n=100_000))["file"]
    assert (await caller.context.files.load(lump["artifact"])).path.stat().st_size == 100_000
    for packed in ("gzip", "deflate"):
        assert (await caller.call(tools[f"GET /{packed}"]))["method"] == "GET"


@pytest.mark.parametrize(
    ("codes", "error"),
    [("429", RateLimited), ("503", ServerFault), ("401", NotAuthorised), ("404", BadArguments)],
)
async def test_each_status_is_its_error(
    tools: dict[str, Tool], caller: Caller, codes: str, error: type[ToolError]
) -> None:
    with pytest.raises(error):
        await caller.call(tools["GET /status/{codes}"], codes=codes)


async def test_redirects_end_and_slow_replies_are_given_up(tools: dict[str, Tool], caller: Caller) -> None:
    assert (await caller.call(tools["GET /redirect/{n}"], n=4))["url"].endswith("/get")
    with pytest.raises(BadOutput, match="more than 5 times"):
        await caller.call(tools["GET /redirect/{n}"], n=9)
    caller.context = replace(caller.context, timeout=0.5)
    with pytest.raises(TimedOut):
        await caller.call(tools["GET /delay/{delay}"], delay=3)


async def test_credentials_are_taken_and_stay_with_their_host(
    tools: dict[str, Tool], caller: Caller, httpbin: str
) -> None:
    login = replace(tools["GET /basic-auth/{user}/{passwd}"], auth={"basic": "login"})
    with pytest.raises(NotAuthorised):
        await caller.call(login, user="ann", passwd="other")
    token = replace(tools["GET /bearer"], auth={"bearer": "token"})
    said = await caller.call(token)
    assert said["authenticated"]
    assert "open/sesame" not in str(said)
    away = replace(tools["GET /redirect-to"], auth={"bearer": "token"})
    near = await caller.call(away, url=f"{httpbin}/headers", status_code=307)
    assert near["headers"]["Authorization"] == "Bearer •••"
    far = await caller.call(away, url=f"{httpbin.replace('127.0.0.1', 'localhost')}/headers", status_code=307)
    assert "Authorization" not in far["headers"]


def dataset(url: str, path: str, **parameters: str) -> Tool:
    binding = {"url": url + path, "parameters": parameters}
    return Tool("cities", "Cities.", Kind.HTTP, ANY, ANY, binding=binding)


async def test_rows_of_a_table_by_filter_page_and_query(caller: Caller, net: Net, datasette: str) -> None:
    await up(net, datasette)
    rows = dataset(datasette, "/cities/city.json?_shape=array")
    found = await caller.call(rows, country="FR", people__gt=200_000)
    assert found == {"result": [{"name": "Lyon", "country": "FR", "people": 520_000}]}
    page = dataset(datasette, "/cities/city.json")
    first = await caller.call(page, _size=2, _sort="name")
    assert [row[0] for row in first["rows"]] == ["Basel", "Lyon"]
    second = await caller.call(page, _size=2, _sort="name", _next=first["next"])
    assert [row[0] for row in second["rows"]] == ["Nîmes"]
    query = replace(
        dataset(datasette, "/cities.json"),
        binding={"url": f"{datasette}/cities.json", "select": "rows[0][0]"},
    )
    assert await caller.call(query, sql="select sum(people) from city") == {"result": 850_000}
    row = await caller.call(dataset(datasette, "/cities/city/{name}.json"), name="Basel")
    assert row["rows"] == [["Basel", "CH", 180_000]]
    assert (await caller.call(dataset(datasette, "/cities/city.csv")))["file"]["media_type"] == "text/plain"
    with pytest.raises(BadArguments):
        await caller.call(dataset(datasette, "/cities.json"), sql="select * from town")
