"""Reading a run's event stream as a client does."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

ENDED = ("succeeded", "failed", "cancelled")


def follow(client, run_id: str, *, last: str | None = None) -> list[dict]:
    """All events until the stream ends, each with the id and name the stream gave it."""
    return list(following(client, run_id, last=last))


def following(client, run_id: str, *, last: str | None = None) -> Iterator[dict]:
    """The events as they come."""
    headers = {} if last is None else {"Last-Event-ID": last}
    event = {}
    with client.stream("GET", f"/v1/runs/{run_id}/events", headers=headers) as reply:
        reply.raise_for_status()
        for line in reply.iter_lines():
            if line.startswith("id: "):
                event["id"] = int(line[4:])
            elif line.startswith("event: "):
                event["name"] = line[7:]
            elif line.startswith("data: "):
                event |= json.loads(line[6:])
            elif not line and event:
                yield event
                event = {}


def done(client, run_id: str) -> dict:
    """The run once its stream has ended."""
    follow(client, run_id)
    return client.get(f"/v1/runs/{run_id}").raise_for_status().json()


def submit(client, **body) -> dict:
    reply = client.post("/v1/runs", json=body)
    assert reply.status_code == 202, reply.text
    return reply.json()


def graph(*subtasks: dict) -> dict:
    return {"subtasks": list(subtasks)}


def until(client, run_id: str, *statuses: str, seconds: float = 20.0) -> dict:
    """The run once it has one of the statuses."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        run = client.get(f"/v1/runs/{run_id}").raise_for_status().json()
        if run["status"] in statuses:
            return run
        time.sleep(0.02)
    raise AssertionError(f"run is {run['status']}, not {statuses}: {run['error']} {run['waiting_on']}")


def step_until(client, run_id: str, subtask: str, status: str, *, seconds: float = 20.0) -> dict:
    """The run once the newest step of that sub-task has the status."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        run = client.get(f"/v1/runs/{run_id}").raise_for_status().json()
        steps = [step for step in run["steps"] if step["subtask"] == subtask]
        if steps and steps[-1]["status"] == status:
            return run
        time.sleep(0.02)
    raise AssertionError(f"step {subtask} is {steps and steps[-1]['status']}, not {status}")
