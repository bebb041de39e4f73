"""The embedded service killed in the middle of its work, and started again on the same folder."""

from __future__ import annotations

import contextlib
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests import servers
from tests.e2e import outcomes
from tests.e2e.conftest import Asking
from tests.e2e.requests import BY_NAME
from tests.e2e.service import Client, start
from tests.e2e.slow import register_slow_add, slow_chain


@pytest.mark.timeout(120)
def test_a_killed_service_goes_on_where_it_was_and_its_streams_do_too(tmp_path: Path, asking: Asking, site):
    """Finished steps stay finished, everything ends right, and no event is lost or told twice."""
    settings = {"net_allow": site.allow, "python_modules": "tools.testing_functions"}
    port = servers.free_port()
    service = start(tmp_path / "data", port=port, **settings)
    try:
        with service.client() as client:
            register_slow_add(client)
            chain = client.submit(plan=slow_chain(6, seconds=0.4))
            jobs = {
                client.submit(asking.words(job.request), *asking.attached(job)): name
                for name, job in BY_NAME.items()
            }
            heard = _listen_until(client, chain, finished=2)
            before = {run: _finished(client.get(f"/v1/runs/{run}")) for run in (chain, *jobs)}
    finally:
        service.program.kill()

    service = start(tmp_path / "data", port=port, **settings)
    try:
        with service.client() as client:
            heard += list(client.events(chain, after=heard[-1]["id"]))
            run = client.wait(chain)
            assert run["status"] == "succeeded", run["error"]
            assert run["result"]["outputs"][0]["value"] == 6
            for run_id, name in jobs.items():
                done = client.wait(run_id)
                outcomes.check(name, done, lambda output: client.bytes_of(output["artifact"]))

            assert len(before[chain]) >= 2
            for run_id, finished in before.items():
                _nothing_ran_twice(client.get(f"/v1/runs/{run_id}"), finished)

            numbers = [event["id"] for event in heard]
            assert numbers == list(range(1, len(numbers) + 1)), "an event was lost or told twice"
            assert heard == list(client.events(chain)), "the story differs when it is told again"
            assert client.http.get(
                f"/v1/runs/{chain}/events", headers={"Last-Event-ID": str(numbers[-1])}
            ).status_code == 204  # fmt: skip
    finally:
        service.program.stop()


def test_a_second_start_is_up_soon(tmp_path: Path):
    start(tmp_path / "data").program.stop()
    began = time.monotonic()
    service = start(tmp_path / "data")
    took = time.monotonic() - began
    assert service.program.stop() in (0, -signal.SIGTERM)
    # Five seconds on a machine of its own; here other tests run beside it.
    assert took < 15


def _listen_until(client: Client, run_id: str, *, finished: int) -> list[dict[str, Any]]:
    """Events of the run up to that many finished steps."""
    heard: list[dict[str, Any]] = []
    count = 0
    with contextlib.closing(client.events(run_id)) as events:
        for event in events:
            heard.append(event)
            count += event["type"] == "step.succeeded"
            if count >= finished:
                return heard
    raise AssertionError(f"the run ended first: {[event['type'] for event in heard]}")


def _finished(run: dict[str, Any]) -> dict[int, list[dict[str, Any]]]:
    return {step["idx"]: step["attempts"] for step in run["steps"] if step["status"] == "succeeded"}


def _nothing_ran_twice(run: dict[str, Any], finished: dict[int, list[dict[str, Any]]]) -> None:
    for step in run["steps"]:
        if step["idx"] in finished:
            assert step["attempts"] == finished[step["idx"]], "a finished step ran again"
        assert [attempt["ending"] for attempt in step["attempts"]].count("succeeded") == 1
