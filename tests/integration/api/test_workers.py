"""The workers that are alive, over REST, and what waits for one that is not there."""

from __future__ import annotations

from tests.integration.api.conftest import Service


def test_the_embedded_runner_is_a_worker(service: Service) -> None:
    with service.client() as client:
        (worker,) = client.get("/v1/workers").json()
    assert worker["queues"] == ["default"]
    assert worker["host"]


def test_a_step_of_a_queue_that_nobody_serves_says_so(service: Service) -> None:
    record = {
        "name": "on_a_gpu",
        "summary": "Waits.",
        "kind": "python",
        "python": {"function": "tools.testing_functions:sleep_ms"},
        "input_schema": {"type": "object", "properties": {"ms": {"type": "number"}}, "required": ["ms"]},
        "output_schema": {"type": "object", "properties": {"slept": {"type": "number"}}},
        "tags": ["queue:gpu"],
    }
    subtask = {"id": "a", "goal": "wait", "tool": "on_a_gpu", "arguments": {"ms": 1}}
    with service.client() as client:
        assert client.post("/v1/tools", json=record).status_code == 201
        run = client.post("/v1/runs", json={"plan": {"subtasks": [subtask]}}).json()
        for _ in range(400):
            shown = client.get(f"/v1/runs/{run['id']}").json()
            if shown["status"] == "running" and shown["steps"]:
                break
        waiting = shown["steps"][0]["waiting_on"]
        assert (waiting["reason"], waiting["details"]["queue"]) == ("no_worker", "gpu")
        assert shown["waiting_on"]["reason"] == "no_worker"
        client.post(f"/v1/runs/{run['id']}/cancel")
