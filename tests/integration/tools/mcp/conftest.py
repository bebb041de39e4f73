"""A toolbox that knows one odd server, over each of the transports."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tools.adapter import CallContext
from tools.asking import Answers
from tools.mcp.servers import Address, StdioServer
from tools.net import Net
from tools.processes import Processes
from tools.spec import Tool, ToolResult
from tools.testing import MemoryFiles
from tools.toolbox import Toolbox

ODD = Path(__file__).with_name("odd_server.py")


@dataclass
class World:
    """The toolbox, the server's address, and what its calls leave behind."""

    box: Toolbox
    address: Address
    marker: Path
    folder: Path
    tools: dict[str, Tool] = field(default_factory=dict)
    progress: list[tuple[float, str]] = field(default_factory=list)

    async def learn(self) -> dict[str, Tool]:
        found = await self.box.mcp.offered(self.address, prefix="", auth={}, secrets={})
        self.tools = {tool.name: tool for tool in found.tools}
        return self.tools

    async def call(
        self, name: str, /, *, timeout: float = 20.0, answers: tuple[Answers, ...] = (), **arguments: Any
    ) -> ToolResult:
        context = CallContext(
            idempotency_key="key-1",
            files=MemoryFiles(self.folder / "files"),
            scratch=self.folder,
            timeout=timeout,
            answers=answers,
            progress=lambda share, message: self.progress.append((share, message)),
        )
        return await self.box.call(self.tools[name], arguments, context)

    async def noted(self, word: str) -> None:
        """Once the server has left that note."""
        async with asyncio.timeout(20):
            while word not in self.notes:  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.02)

    @property
    def notes(self) -> list[str]:
        log = Path(f"{self.marker}.log")
        return log.read_text().split() if log.is_file() else []


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Toolbox]:
    net = Net(allow=("127.0.0.1",), max_bytes=20_000_000)
    processes = Processes(1, modules=("tools.builtin",))
    env = {"ODD_SECRET": "hush-hush-secret"}
    odd = StdioServer(sys.executable, (str(ODD), str(tmp_path / "marker")), env)
    silent = StdioServer(sys.executable, ("-c", "import sys; sys.exit('no licence')"))
    talker = StdioServer(sys.executable, ("-c", "print('welcome to the server'); input()"))
    servers = {"odd": odd, "silent": silent, "talker": talker, "absent": StdioServer("no-such-program")}
    made = Toolbox(net=net, processes=processes, servers=servers)
    yield made
    await made.aclose()
    await processes.aclose()
    await net.aclose()


@pytest.fixture
async def odd(box: Toolbox, tmp_path: Path) -> World:
    """Over standard input and output."""
    world = World(box, Address(server="odd"), tmp_path / "marker", tmp_path)
    await world.learn()
    return world


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The address of an odd server of its own on the network."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, str(ODD), str(tmp_path / "marker"), "http", str(port)], stderr=subprocess.DEVNULL
    )
    try:
        while not _answers(port):
            assert process.poll() is None
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
async def far(box: Toolbox, served: str, tmp_path: Path) -> World:
    """Over streamable HTTP."""
    world = World(box, Address(url=served), tmp_path / "marker", tmp_path)
    await world.learn()
    return world


@pytest.fixture(params=["odd", "far"])
def either(request: pytest.FixtureRequest) -> World:
    world: World = request.getfixturevalue(request.param)
    return world
