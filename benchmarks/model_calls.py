"""A thousand model calls of one second at once, in one worker process.

    .venv/bin/python -m benchmarks.model_calls [--calls 1000]

A model server of our own answers each call after one second; the calls are the steps of runs with
100 side by side. The time runs from the first call to the last outcome. Memory is that of the worker
process without its children, resident in full (Rss) and with what is shared shared out (Pss).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from benchmarks.service import Installation, production, resident_mb, until
from tests import servers


@contextmanager
def model_server() -> Iterator[str]:
    """The address of a model that takes a second."""
    port = servers.free_port()
    with tempfile.NamedTemporaryFile("w", suffix=".json") as script:
        json.dump([{"text": "done", "delay": 1.0}], script)
        script.flush()
        command = [sys.executable, "-m", "tools.testing", "--script", script.name, "--port", str(port)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


def register_model(it: Installation, address: str) -> None:
    """A tool that asks the model."""
    record = {
        "name": "ask_model",
        "summary": "Asks a model.",
        "kind": "model",
        "model": {"base_url": f"{address}/v1", "model": "scripted", "prompt": "Say {word}"},
        "input_schema": {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]},
        "output_schema": {"type": "object", "properties": {"text": {"type": "string"}}},
    }
    with it.client() as client:
        client.post("/v1/tools", record)


def body(count: int, burst: int) -> dict[str, Any]:
    """A run of `count` calls side by side."""
    subtasks = [
        {"id": f"n{n}", "goal": "ask", "tool": "ask_model", "arguments": {"word": f"{burst}-{n}"}}
        for n in range(count)
    ]
    return {"plan": {"subtasks": subtasks}, "mode": "plan"}


def burst(it: Installation, calls: int, number: int) -> float:
    """Seconds from the first call's start to the last one's end."""
    with it.client() as client:
        ids = [client.post("/v1/runs", body(100, number), status=202)["id"] for _ in range(calls // 100)]
        for run_id in ids:
            client.wait(run_id)
        for run_id in ids:
            client.post(f"/v1/runs/{run_id}/resume")
        time.sleep(1.5)
        ended = [client.wait(run_id, within=120) for run_id in ids]
    steps = [step for run in ended for step in run["steps"]]
    if any(step["status"] != "succeeded" for step in steps):
        raise RuntimeError("a call failed")
    return max(_at(step["finished_at"]) for step in steps) - min(_at(step["started_at"]) for step in steps)


def told_memory(pid: int) -> str:
    """Both ways to count it."""
    return f"{resident_mb(pid, 'Rss'):.0f} MB (its share {resident_mb(pid):.0f} MB)"


def _at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def main() -> None:
    """Two bursts: the first opens connections."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1000)
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with model_server() as address:
        more = {"TOOLPATH_NET_ALLOW": "127.0.0.1", "TOOLPATH_MAX_LIVE": str(arguments.calls + 100)}
        with production(workers=1, more=more) as it:
            register_model(it, address)
            pid = it.programs["worker-0"].process.pid
            with it.client() as client:
                until(lambda: bool(client.get("/v1/workers")), within=30)
            before = told_memory(pid)
            seconds = [burst(it, arguments.calls, number) for number in range(3)]
            after = told_memory(pid)
    told = ", ".join(f"{value:.2f} s" for value in seconds)
    print(f"{arguments.calls} calls of 1 s: {told}; the worker: {before} before, {after} after")


if __name__ == "__main__":
    main()
