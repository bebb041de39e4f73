"""The service as a person starts it: `toolpath …` in processes of its own, and clients that talk to it."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx2

ROOT = Path(__file__).parents[2]
TOOLPATH = Path(sys.executable).with_name("toolpath")
#: Longest wait for a start and for a run; both are far from what is usual.
UP_WITHIN = 40.0
DONE_WITHIN = 50.0
ENDED = ("succeeded", "failed", "cancelled", "planned", "needs_input", "paused")


class Program:
    """A `toolpath` command in a process group of its own, with its output at hand."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        self._errors = log.open("ab")
        self.process = subprocess.Popen(
            [str(TOOLPATH), *arguments],
            env=os.environ | {"PYTHONPATH": str(ROOT)} | dict(environment),
            cwd=log.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,
            text=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def said(self, words: str, *, within: float = UP_WITHIN) -> str:
        """The first line of standard output that holds the words."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            with contextlib.suppress(queue.Empty):
                line = self._lines.get(timeout=0.2)
                if words in line:
                    return line
            assert self.process.poll() is None, f"ended early: {self.errors()}"
        raise AssertionError(f"never said {words!r}: {self.errors()}")

    def errors(self) -> str:
        """What it wrote on standard error."""
        return self.log.read_text(errors="replace")[-4000:]

    def kill(self) -> None:
        """End it as a power cut would: no process of the group gets to say anything."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self._close()

    def ask_to_end(self) -> None:
        """As an operator's service manager asks."""
        if self.process.poll() is None:
            self.process.terminate()

    def stop(self) -> int:
        """Ask it to end, and wait; the exit status."""
        self.ask_to_end()
        try:
            status = self.process.wait(20)
        finally:
            self.kill()
        return status

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def _close(self) -> None:
        self.process.wait(10)
        self._reader.join(10)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._errors.close()


@dataclass
class Service:
    """A running service: where it listens, its key, and its data folder."""

    url: str
    key: str
    data_dir: Path
    program: Program
    environment: dict[str, str]

    def client(self) -> Client:
        return Client(self.url, self.key)

    def toolpath(self, *arguments: str, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
        """A `toolpath` command of a person at this machine."""
        return subprocess.run(
            [str(TOOLPATH), *arguments, "--url", self.url, "--data-dir", str(self.data_dir)],
            env=dict(os.environ),
            cwd=self.data_dir,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )


class Client:
    """REST, as a program speaks it."""

    def __init__(self, url: str, key: str | None) -> None:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        self.http = httpx2.Client(base_url=url, headers=headers, timeout=30, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def get(self, path: str) -> Any:
        reply = self.http.get(path)
        assert reply.status_code == 200, (reply.status_code, reply.text)
        return reply.json()

    def post(self, path: str, body: Any = None, *, status: int | None = None) -> Any:
        reply = self.http.post(path, json=body)
        assert reply.status_code == status or (status is None and reply.is_success), (
            reply.status_code,
            reply.text,
        )
        return reply.json()

    def upload(self, file: Path) -> dict[str, str]:
        """A file as the value of a run's input."""
        with file.open("rb") as content:
            reply = self.http.post("/v1/artifacts", files={"file": (file.name, content)})
        assert reply.status_code == 201, reply.text
        return {"artifact": reply.json()["id"]}

    def submit(self, request: str | None = None, *files: Path, **more: Any) -> str:
        """A new run; files become inputs as the command line names them."""
        names = ["file", *(f"file{number}" for number in range(2, len(files) + 1))]
        inputs = {name: self.upload(file) for name, file in zip(names, files, strict=False)}
        body = {"inputs": inputs, "planner": "offline"} | more
        body |= {} if request is None else {"request": request}
        run: dict[str, str] = self.post("/v1/runs", body, status=202)
        return run["id"]

    def wait(self, run_id: str, *, within: float = DONE_WITHIN) -> dict[str, Any]:
        """The run once it has stopped moving."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            run: dict[str, Any] = self.get(f"/v1/runs/{run_id}")
            if run["status"] in ENDED:
                return run
            time.sleep(0.05)
        raise AssertionError(f"still {run['status']} after {within} s: {json.dumps(run)[:3000]}")

    def wait_past(self, run_id: str, status: str, *, within: float = DONE_WITHIN) -> dict[str, Any]:
        """The run once it has left that status and stopped again."""
        end = time.monotonic() + within
        while self.get(f"/v1/runs/{run_id}")["status"] == status:
            assert time.monotonic() < end, f"still {status} after {within} s"
            time.sleep(0.05)
        return self.wait(run_id, within=within)

    def do(self, request: str | None = None, *files: Path, **more: Any) -> dict[str, Any]:
        """Submit and wait."""
        return self.wait(self.submit(request, *files, **more))

    def bytes_of(self, artifact: str) -> bytes:
        """The content of an artifact."""
        reply = self.http.get(f"/v1/artifacts/{artifact}")
        assert reply.status_code == 200, reply.text
        return reply.content

    def events(self, run_id: str, *, after: int = 0) -> Generator[dict[str, Any], None, None]:
        """The stream of a run's events; each with the `id` that the stream gave it."""
        headers = {"Last-Event-ID": str(after)}
        with self.http.stream("GET", f"/v1/runs/{run_id}/events", headers=headers) as reply:
            assert reply.status_code in (200, 204), reply.status_code
            number = 0
            for line in reply.iter_lines():
                if line.startswith("id: "):
                    number = int(line.removeprefix("id: "))
                elif line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: ")) | {"id": number}


@contextlib.contextmanager
def serving(data_dir: Path, *, port: int = 0, **settings: str) -> Iterator[Service]:
    """`toolpath serve` until the block ends; settings are named as in the environment, in lower case."""
    service = start(data_dir, port=port, **settings)
    try:
        yield service
    finally:
        service.program.stop()


def start(data_dir: Path, *, port: int = 0, **settings: str) -> Service:
    """`toolpath serve`, up and ready; whoever starts it ends it."""
    data_dir.mkdir(parents=True, exist_ok=True)
    environment = {f"TOOLPATH_{name.upper()}": value for name, value in settings.items()}
    arguments = ["serve", "--port", str(port), "--data-dir", str(data_dir)]
    program = Program(arguments, environment, data_dir.parent / f"{data_dir.name}.log")
    try:
        url = program.said("Toolpath is up at").split()[-1]
    except AssertionError:
        program.kill()
        raise
    key = (data_dir / "local.key").read_text().strip()
    return Service(url, key, data_dir, program, environment)
