"""Servers that others wrote, of both eras of the protocol, as they come from their registries."""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.mcp_peers import NODE, PYTHON, peer
from tests.integration.tools.mcp.conftest import World
from tools.asking import Answers
from tools.errors import BadArguments, InputNeeded
from tools.mcp.servers import Address, StdioServer
from tools.net import Net
from tools.processes import Processes
from tools.spec import Effect
from tools.testing_server import Answer, LoopbackServer, Received
from tools.toolbox import Toolbox

pytestmark = pytest.mark.peers


@pytest.fixture
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    folder, name, *args = request.param
    args = [arg.format(folder=tmp_path) for arg in args]
    env = {"PATH": f"{PYTHON}:{os.environ['PATH']}", "MEMORY_FILE_PATH": str(tmp_path / "memory.jsonl")}
    subprocess.run(["git", "init", "-q", str(tmp_path / "repo")], check=True)
    (tmp_path / "notes.txt").write_text("what was noted")
    net, processes = Net(), Processes(1, modules=("tools.builtin",))
    server = StdioServer(peer(folder, name), tuple(args), env)
    box = Toolbox(net=net, processes=processes, servers={"peer": server})
    made = World(box, Address(server="peer"), tmp_path / "marker", tmp_path)
    await made.learn()
    yield made
    await box.aclose()
    await processes.aclose()
    await net.aclose()


def with_server(folder: Path, name: str, *args: str):
    return pytest.mark.parametrize("world", [(folder, name, *args)], indirect=True, ids=[name])


@with_server(PYTHON, "mcp-server-time")
async def test_time(world: World) -> None:
    there = await world.call(
        "convert_time", source_timezone="UTC", time="12:00", target_timezone="Asia/Tokyo"
    )
    assert "21:00" in str(there.output)
    with pytest.raises(BadArguments):
        await world.call("get_current_time", timezone="Nowhere/Land")


@with_server(PYTHON, "mcp-server-git")
async def test_git(world: World) -> None:
    assert len(world.tools) >= 10
    output = (await world.call("git_status", repo_path=str(world.folder / "repo"))).output
    assert "No commits yet" in str(output)


@with_server(PYTHON, "mcp-server-fetch", "--ignore-robots-txt", "--allow-private-ips")
async def test_fetch(world: World) -> None:
    async def page(_: Received) -> Answer:
        return Answer(200, {"content-type": "text/plain"}, b"They dance.")

    async with LoopbackServer(page) as site:
        told = (await world.call("fetch", url=f"{site.url}/bees")).output
        assert "They dance." in str(told)
        with pytest.raises(BadArguments):
            await world.call("fetch", url="no address")


@with_server(NODE, "mcp-server-filesystem", "{folder}")
async def test_files(world: World) -> None:
    assert world.tools["read_text_file"].effect is Effect.READ
    path = str(world.folder / "notes.txt")
    assert "what was noted" in str((await world.call("read_text_file", path=path)).output)
    with pytest.raises(BadArguments, match="denied"):
        await world.call("read_text_file", path="/etc/passwd")


@with_server(NODE, "mcp-server-memory")
async def test_memory(world: World) -> None:
    entity = {"name": "Ann", "entityType": "person", "observations": ["likes plots"]}
    await world.call("create_entities", entities=[entity])
    assert "likes plots" in str((await world.call("search_nodes", query="Ann")).output)


@with_server(NODE, "mcp-server-everything")
async def test_everything(world: World) -> None:
    assert (await world.call("echo", message="hi")).output["text"] == "Echo: hi"
    picture = (await world.call("get_tiny_image")).output
    assert [file["media_type"] for file in picture["files"]] == ["image/png"]


@with_server(NODE, "mcp-server-everything")
async def test_everything_asks_a_person(world: World) -> None:
    with pytest.raises(InputNeeded, match="asks in the middle") as asked:
        await world.call("trigger_elicitation_request")
    (ask,) = asked.value.asks
    assert ask.schema is not None
    assert "name" in ask.schema["required"]
    given = Answers({ask.key: {"name": "Ann", "integer": 7}})
    text = (await world.call("trigger_elicitation_request", answers=(given,))).output["text"]
    assert "User provided the requested information" in text
    assert "Name: Ann" in text
