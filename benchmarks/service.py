"""The service as an operator runs it, for benchmarks: servers, processes, and what they take."""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import servers
from tests.e2e.service import Client, Program

_CLOCK = os.sysconf("SC_CLK_TCK")


@dataclass
class Installation:
    """Where it listens, its key, its database, and its processes by name."""

    url: str
    port: int
    key: str
    database: str
    programs: dict[str, Program] = field(default_factory=dict)

    def client(self) -> Client:
        """REST, one connection."""
        return Client(self.url, self.key)

    @property
    def headers(self) -> str:
        """The head of a request, but for its first line and its length."""
        return (
            f"Host: 127.0.0.1:{self.port}\r\nAuthorization: Bearer {self.key}\r\n"
            "Content-Type: application/json\r\n"
        )


@contextmanager
def production(*, workers: int, more: Mapping[str, str] | None = None) -> Iterator[Installation]:
    """PostgreSQL (with fsync), Redis, one API process, beat, and worker processes."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        postgres, redis = servers.start_postgres(durable=True), servers.start_redis()
        stack.callback(postgres.stop)
        stack.callback(redis.stop)
        port = servers.free_port()
        environment = {
            "TOOLPATH_DATABASE_URL": postgres.url,
            "TOOLPATH_BROKER_URL": redis.url,
            "TOOLPATH_DATA_DIR": str(folder / "data"),
            "TOOLPATH_API_KEY": secrets.token_urlsafe(24),
            "TOOLPATH_SECRET_KEY": secrets.token_urlsafe(32),
            "TOOLPATH_PYTHON_MODULES": "tools.testing_functions",
            "TOOLPATH_PROCESSES": "1",
            **(more or {}),
        }
        it = Installation(f"http://127.0.0.1:{port}", port, environment["TOOLPATH_API_KEY"], postgres.url)

        def start(name: str, *arguments: str) -> Program:
            program = it.programs[name] = Program(arguments, environment, folder / f"{name}.log")
            stack.callback(program.stop)
            return program

        migrated = start("migrate", "migrate")
        if migrated.process.wait(60):
            raise RuntimeError(migrated.errors())
        del it.programs["migrate"]
        api = start("api", "api", "--port", str(port))
        api.said("Toolpath is up at")
        start("beat", "beat")
        for number in range(workers):
            start(f"worker-{number}", "worker", "--queues", "default")
        yield it


@contextmanager
def embedded(*, more: Mapping[str, str] | None = None) -> Iterator[Installation]:
    """`toolpath serve`: one process on SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        port, key = servers.free_port(), secrets.token_urlsafe(24)
        environment = {
            "TOOLPATH_DATA_DIR": f"{folder}/data",
            "TOOLPATH_API_KEY": key,
            "TOOLPATH_PYTHON_MODULES": "tools.testing_functions",
            **(more or {}),
        }
        program = Program(["serve", "--port", str(port)], environment, Path(folder) / "serve.log")
        try:
            program.said("Toolpath is up at")
            database = f"sqlite:///{folder}/data/toolpath.db"
            yield Installation(f"http://127.0.0.1:{port}", port, key, database, {"serve": program})
        finally:
            program.stop()


# --- what a process takes -------------------------------------------------------------------------


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and of the children it has waited for."""
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(part) for part in parts[11:15]) / _CLOCK


def resident_mb(pid: int, kind: str = "Pss") -> float:
    """Memory of a process without its children, in megabytes.

    "Pss" shares out what several processes map, such as libraries; "Rss" counts it in full.
    """
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(f"{kind}:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no {kind} line")


def descriptors(pid: int) -> int:
    """Open file descriptors."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def children(pid: int) -> list[int]:
    """Its child processes, theirs included."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *children(int(child))]
    return found


# --- a small HTTP client --------------------------------------------------------------------------


async def post(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, head: str, body: bytes
) -> int:
    """One POST on a connection that is kept; the status. No library: it must cost next to nothing."""
    writer.write(f"POST {path} HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    answer = await reader.readuntil(b"\r\n\r\n")
    status = int(answer[9:12])
    length = int(answer.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    await reader.readexactly(length)
    return status


def quantile(values: list[float], share: float) -> float:
    """The value below which that share of them lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def quantiles(values: list[float]) -> str:
    """p50, p95 and p99 of seconds, in milliseconds."""
    return " ".join(f"p{int(s * 100)} {quantile(values, s) * 1000:.1f} ms" for s in (0.5, 0.95, 0.99))


def given_plan(count: int, milliseconds: float, *, chained: bool = True) -> dict[str, Any]:
    """A run's body: `count` waits, one after the other or side by side."""
    subtasks = [
        {
            "id": f"n{number}",
            "goal": "wait",
            "tool": "sleep_ms",
            "arguments": {"ms": milliseconds},
            "needs": [f"n{number - 1}"] if chained and number else [],
        }
        for number in range(count)
    ]
    return {"plan": {"subtasks": subtasks}}


def register_waiting(installation: Installation) -> None:
    """Register the tool that waits."""
    record = {
        "name": "sleep_ms",
        "summary": "Waits so many milliseconds.",
        "kind": "python",
        "python": {"function": "tools.testing_functions:sleep_ms"},
        "runs": "loop",
        "input_schema": {"type": "object", "properties": {"ms": {"type": "number"}}, "required": ["ms"]},
        "output_schema": {"type": "object", "properties": {"slept": {"type": "number"}}},
    }
    with installation.client() as client:
        client.post("/v1/tools", record)


def until(condition: Callable[[], bool], *, within: float) -> None:
    """Wait for it. Raises RuntimeError."""
    end = time.monotonic() + within
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError("it did not come about in time")
        time.sleep(0.05)
