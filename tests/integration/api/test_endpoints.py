"""Model endpoints over REST and from the command line, with real servers behind them."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
from typer.testing import CliRunner

from tests.integration.api.conftest import Service
from tools.testing import Rule, ScriptedModel
from workers.cli import app


@contextmanager
def served(model: ScriptedModel) -> Iterator[ScriptedModel]:
    """The server on a loop of its own thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(model.__aenter__(), loop).result(5)
    try:
        yield model
    finally:
        asyncio.run_coroutine_threadsafe(model.__aexit__(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


@pytest.fixture
def good() -> Iterator[ScriptedModel]:
    with served(ScriptedModel([Rule(text="from the good one")], models=("small", "large"))) as model:
        yield model


@pytest.fixture
def broken() -> Iterator[ScriptedModel]:
    with served(ScriptedModel([Rule(status=500)], models=("small",))) as model:
        yield model


@pytest.fixture(autouse=True)
def _clean(client: httpx2.Client) -> Iterator[None]:
    yield
    for endpoint in client.get("/v1/endpoints").json()["items"]:
        client.delete(f"/v1/endpoints/{endpoint['name']}")
    client.delete("/v1/tools/ask")


def tool(**model) -> dict:
    return {
        "name": "ask",
        "summary": "Asks a model.",
        "kind": "model",
        "input_schema": {"type": "object", "properties": {"what": {"type": "string"}}},
        "output_schema": {"type": "object", "properties": {"text": {"type": "string"}}},
        "model": {"endpoint": "chat", "model": "small", "prompt": "Say {{what}}", **model},
    }


def test_a_new_endpoint_is_looked_at_and_shown_with_what_it_serves(
    client: httpx2.Client, good: ScriptedModel, free_port: int
) -> None:
    dead = f"http://127.0.0.1:{free_port}/v1"
    body = {"name": "chat", "replicas": [{"base_url": good.base_url, "gpus": 2}, {"base_url": dead}]}
    made = client.post("/v1/endpoints", json=body)
    assert made.status_code == 201
    assert made.headers["location"] == "/v1/endpoints/chat"
    up, down = made.json()["replicas"]
    assert (up["health"], up["models"], up["breaker"], up["running"]) == (
        "up",
        ["small", "large"],
        "closed",
        0,
    )
    assert (down["health"], down["models"]) == ("down", [])
    assert "no connection" in down["reason"]
    assert made.json()["health"] == "up"
    shown = client.get("/v1/endpoints/chat").json()
    assert [one["name"] for one in client.get("/v1/endpoints").json()["items"]] == ["chat"]
    assert shown["replicas"][0]["gpus"] == 2
    assert client.post("/v1/endpoints", json=body).status_code == 409
    assert client.delete("/v1/endpoints/chat").status_code == 204
    assert client.get("/v1/endpoints/chat").status_code == 404


def test_a_tool_that_names_an_endpoint_is_served_by_a_replica_that_works(
    client: httpx2.Client, good: ScriptedModel, broken: ScriptedModel
) -> None:
    price = {"per_1k_tokens_in": "1", "per_1k_tokens_out": "2"}
    body = {
        "name": "chat",
        "replicas": [{"base_url": broken.base_url}, {"base_url": good.base_url, "gpus": 1}],
        "models": [{"name": "small", "price": price}],
    }
    assert client.post("/v1/endpoints", json=body).status_code == 201
    registered = client.post("/v1/tools", json=tool())
    assert registered.status_code == 201
    assert registered.json()["price"]["per_1k_tokens_out"] == "2"
    for _ in range(6):
        made = client.post("/v1/tools/ask/invoke", json={"arguments": {"what": "it"}})
        assert made.json()["output"] == {"text": "from the good one"}
    usage = made.json()["usage"]
    assert usage["usd"] == "0.01"
    assert usage["gpu_seconds"] > 0
    bad, well = client.get("/v1/endpoints/chat").json()["replicas"]
    assert well["calls"] == 6
    assert well["latency"] > 0
    assert well["tokens_per_second"] > 0
    assert bad["tokens_per_second"] is None
    assert bad["failures"] == bad["calls"]
    assert well["gpu_seconds"] > usage["gpu_seconds"]


def test_a_run_is_served_by_the_fallback_when_the_endpoint_fails(
    client: httpx2.Client, good: ScriptedModel, broken: ScriptedModel
) -> None:
    for body in (
        {"name": "spare", "replicas": [{"base_url": good.base_url, "gpus": 4}]},
        {"name": "chat", "base_url": broken.base_url, "fallbacks": [{"endpoint": "spare", "model": "large"}]},
    ):
        assert client.post("/v1/endpoints", json=body).status_code == 201
    assert client.post("/v1/tools", json=tool()).status_code == 201
    subtask = {"id": "a", "goal": "ask", "tool": "ask", "arguments": {"what": "it"}}
    run = client.post("/v1/runs", json={"plan": {"subtasks": [subtask]}}).json()
    with client.stream("GET", f"/v1/runs/{run['id']}/events") as events:
        events.read()
    ended = client.get(f"/v1/runs/{run['id']}").json()
    assert ended["status"] == "succeeded"
    assert good.prompts[-1]["model"] == "large"
    (step,) = ended["steps"]
    taken = step["attempts"][0]["gpu_seconds"]
    assert 0 < taken <= 4 * step["seconds"]
    assert step["gpu_seconds"] == ended["spend"]["gpu_seconds"] == taken


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"name": "No Name"}, "/name"),
        ({"base_url": "ftp://x"}, "/replicas/0/base_url"),
        ({"base_url": "http://10.0.0.9/v1"}, "/replicas/0/base_url"),
        ({"fallbacks": ["nowhere"]}, "/fallbacks/0/endpoint"),
        ({"fallbacks": ["chat"]}, "/fallbacks/0/endpoint"),
        ({"models": ["m", "m"]}, "/models"),
        ({"protocol": "grpc"}, "/protocol"),
        ({"max_concurrency": 0}, "/max_concurrency"),
        ({"auth": {"magic": "key"}}, "/auth/magic"),
        ({"auth": {"query:key": "key"}}, "/auth/query:key"),
        ({"speed": 1}, "/speed"),
        ({"base_url": None}, ""),
    ],
)
def test_a_record_that_cannot_serve_is_refused_by_field(client: httpx2.Client, change, path) -> None:
    body = {"name": "chat", "base_url": "http://127.0.0.1:1/v1", **change}
    refused = client.post("/v1/endpoints", json=body)
    assert refused.status_code == 422
    assert path in [error["path"] for error in refused.json()["errors"]]


def test_a_tool_must_name_an_endpoint_and_a_model_that_there_are(
    client: httpx2.Client, good: ScriptedModel
) -> None:
    assert client.post("/v1/tools", json=tool()).json()["errors"][0]["path"] == "/model/endpoint"
    client.post("/v1/endpoints", json={"name": "chat", "base_url": good.base_url, "models": ["large"]})
    assert client.post("/v1/tools", json=tool()).json()["errors"][0]["path"] == "/model/model"
    assert client.post("/v1/tools", json=tool(base_url=good.base_url)).status_code == 422


def test_calls_and_looks_carry_the_secret_that_the_endpoint_names(
    client: httpx2.Client, good: ScriptedModel
) -> None:
    body = {"name": "chat", "base_url": good.base_url, "auth": {"bearer": "chat_key"}}
    made = client.post("/v1/endpoints", json=body)
    assert made.json()["auth"] == {"bearer": "chat_key"}
    assert made.json()["replicas"][0]["health"] == "down"
    assert "toolpath secrets set chat_key" in made.json()["replicas"][0]["reason"]
    assert good.requests == []
    assert client.post("/v1/secrets", json={"name": "chat_key", "value": "hush-hush"}).status_code == 201
    assert client.put("/v1/endpoints/chat", json=body).json()["health"] == "up"
    assert client.post("/v1/tools", json=tool()).status_code == 201
    reply = client.post("/v1/tools/ask/invoke", json={"arguments": {"what": "it"}})
    assert reply.json()["output"] == {"text": "from the good one"}
    assert "hush-hush" not in reply.text
    for request in good.requests:
        if request.path != "/metrics":
            assert request.headers["authorization"] == "Bearer hush-hush"
    client.delete("/v1/secrets/chat_key")
    refused = client.post("/v1/tools/ask/invoke", json={"arguments": {"what": "it"}})
    assert "toolpath secrets set chat_key" in refused.text


def test_only_the_services_own_key_changes_endpoints(service: Service, client: httpx2.Client) -> None:
    key = client.post("/v1/keys", json={"name": "someone"}).json()["key"]
    with httpx2.Client(base_url=service.url, headers={"Authorization": f"Bearer {key}"}) as other:
        assert other.get("/v1/endpoints").status_code == 200
        body = {"name": "chat", "base_url": "http://127.0.0.1:1/v1"}
        assert other.post("/v1/endpoints", json=body).status_code == 403
        assert other.put("/v1/endpoints/chat", json=body).status_code == 403
        assert other.delete("/v1/endpoints/chat").status_code == 403
        assert other.post("/v1/endpoints/chat/pause").status_code == 403


def test_the_command_line_adds_shows_changes_and_removes(service: Service, good: ScriptedModel) -> None:
    there = ["--url", service.url, "--data-dir", str(service.data_dir)]
    runner = CliRunner()
    added = runner.invoke(app, ["endpoints", "add", "chat", "--base-url", good.base_url, "--json", *there])
    assert json.loads(added.output)["health"] == "up"
    table = runner.invoke(app, ["endpoints", "list", *there], env={"COLUMNS": "200"}).output
    assert good.base_url in table
    assert "small, large" in table
    more = ["--base-url", good.base_url, "--max-concurrency", "3", "--replace", "--json"]
    changed = runner.invoke(app, ["endpoints", "add", "chat", *more, *there])
    assert json.loads(changed.output)["max_concurrency"] == 3
    assert json.loads(runner.invoke(app, ["endpoints", "pause", "chat", "--json", *there]).output)["paused"]
    assert "chat (paused)" in runner.invoke(app, ["endpoints", "list", *there], env={"COLUMNS": "200"}).output
    resumed = runner.invoke(app, ["endpoints", "resume", "chat", "--json", *there])
    assert not json.loads(resumed.output)["paused"]
    assert runner.invoke(app, ["endpoints", "remove", "chat", *there]).exit_code == 0
    assert runner.invoke(app, ["endpoints", "show", "chat", *there]).exit_code != 0
