"""Secrets over REST: they go in, reach the peer, and are nowhere to be seen."""

from __future__ import annotations

import asyncio
import base64
import logging
import threading
import time
from collections.abc import Iterator
from urllib.parse import quote

import httpx2
import pytest

from tests.integration.api.test_problems import problem_of
from tools.testing_server import Answer, LoopbackServer, Received, json_answer

VALUE = "open/sesame+7&zq"


async def _echo(got: Received) -> Answer:
    said = f"{got.query} {dict(got.headers)}"
    coded = base64.b64encode(b"x" + said.encode()).decode()
    match got.path:
        case "/fail":
            return Answer(int(got.query.partition("status=")[2][:3] or 400), {}, f"{said} {coded}".encode())
        case "/drop":
            return Answer(200, {"content-length": "9999"}, said.encode(), drop=True)
        case "/file":
            return Answer(200, {"content-type": "text/plain"}, f"{said} {coded} {quote(said)}".encode())
        case "/liar":
            return Answer(200, {"content-type": "application/json"}, said.encode())
    return json_answer({"said": said, "coded": coded, "quoted": quote(said)})


@pytest.fixture(scope="module")
def peer() -> Iterator[LoopbackServer]:
    started, stop = threading.Event(), asyncio.Event()
    server = LoopbackServer(_echo)
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with server:
            started.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert started.wait(10)
    yield server
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()


@pytest.fixture
def secret(client: httpx2.Client) -> Iterator[str]:
    assert client.put("/v1/secrets/peer_key", json={"value": VALUE}).status_code == 201
    yield "peer_key"
    client.delete("/v1/secrets/peer_key")


def tool(peer: LoopbackServer, name: str, path: str, **more) -> dict:
    record = {
        "name": name,
        "summary": "Repeats what it is told.",
        "kind": "http",
        "input_schema": {"type": "object", "properties": {"status": {"type": "integer"}}},
        "auth": {"bearer": "peer_key"},
        "http": {"method": "GET", "url": f"{peer.url}{path}"},
    }
    return record | more


def test_a_value_goes_in_and_never_comes_out(client: httpx2.Client) -> None:
    made = client.post("/v1/secrets", json={"name": "crm.key", "value": VALUE})
    assert (made.status_code, made.headers["location"]) == (201, "/v1/secrets/crm.key")
    again = client.post("/v1/secrets", json={"name": "crm.key", "value": VALUE})
    assert problem_of(again, 409)["code"] == "conflict"
    replaced = client.put("/v1/secrets/crm.key", json={"value": "another-value"})
    assert replaced.status_code == 200
    listed = client.get("/v1/secrets")
    shown = next(one for one in listed.json()["items"] if one["name"] == "crm.key")
    assert set(shown) == {"name", "created_at", "updated_at", "tools", "endpoints", "readable"}
    for reply in (made, again, replaced, listed, client.get("/v1/secrets/crm.key")):
        assert VALUE not in reply.text
        assert "another-value" not in reply.text
    assert client.delete("/v1/secrets/crm.key").status_code == 204
    assert client.get("/v1/secrets/crm.key").status_code == 404
    assert client.delete("/v1/secrets/crm.key").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"value": "abc"},
        {"value": {"x": VALUE}},
        {"value": VALUE, "extra": VALUE},
        {"value": VALUE + "\0"},
        {"valeu": VALUE},
        [VALUE],
    ],
)
def test_a_refusal_does_not_repeat_the_value(client: httpx2.Client, body: object) -> None:
    reply = client.put("/v1/secrets/crm", json=body)
    problem_of(reply, 422)
    assert VALUE not in reply.text


def test_a_name_is_a_plain_word(client: httpx2.Client) -> None:
    assert client.put("/v1/secrets/Not%20Good", json={"value": VALUE}).status_code == 422


def test_other_keys_neither_manage_nor_name_secrets(
    service, client: httpx2.Client, peer: LoopbackServer, secret: str
) -> None:
    key = client.post("/v1/keys", json={"name": "other"}).json()
    with httpx2.Client(base_url=service.url, headers={"Authorization": f"Bearer {key['key']}"}) as other:
        assert other.get("/v1/secrets").status_code == 403
        assert other.put("/v1/secrets/peer_key", json={"value": "mine-now"}).status_code == 403
        assert other.delete("/v1/secrets/peer_key").status_code == 403
        refused = other.post("/v1/tools", json=tool(peer, "thief", "/x"))
        assert "secrets" in problem_of(refused, 403)["detail"]
        bulk = other.post("/v1/tools/bulk", json={"tools": [tool(peer, "thief", "/x")]}).json()
        assert bulk["created"] == []
        document = {
            "openapi": "3.1.0",
            "info": {"title": "T", "version": "1"},
            "servers": [{"url": peer.url}],
            "components": {"securitySchemes": {"k": {"type": "http", "scheme": "bearer"}}},
            "security": [{"k": []}],
            "paths": {"/x": {"get": {"operationId": "take", "responses": {"200": {"description": "."}}}}},
        }
        body = {"document": document, "auth": {"k": "peer_key"}}
        imported = other.post("/v1/tools/import/openapi", json=body).raise_for_status().json()
        assert imported["created"] == []
        assert "secret" in imported["skipped"][0]["reason"]
    client.delete(f"/v1/keys/{key['id']}")


def test_a_tool_without_its_secret_is_unavailable_until_it_is_there(
    client: httpx2.Client, peer: LoopbackServer
) -> None:
    made = client.post("/v1/tools", json=tool(peer, "lacking", "/x", auth={"bearer": "later"})).json()
    assert made["status"] == "unavailable"
    assert "toolpath secrets set later" in made["reason"]
    missing = {"name": "later", "tools": ["lacking"], "endpoints": []}
    assert missing in client.get("/v1/secrets").json()["missing"]
    client.put("/v1/secrets/later", json={"value": VALUE})
    assert client.get("/v1/tools/lacking").json()["status"] == "active"
    assert client.get("/v1/secrets/later").json()["tools"] == ["lacking"]
    assert missing not in client.get("/v1/secrets").json()["missing"]
    client.delete("/v1/secrets/later")
    assert client.get("/v1/tools/lacking").json()["status"] == "unavailable"
    refused = client.post("/v1/tools/lacking/invoke", json={"arguments": {}})
    assert problem_of(refused, 503)["code"] == "unavailable"
    client.delete("/v1/tools/lacking")


def test_bad_auth_is_named_with_its_field(client: httpx2.Client, peer: LoopbackServer) -> None:
    for auth, path in (
        ({"digest": "x"}, "/auth/digest"),
        ({"bearer": "Sk-Live/9"}, "/auth/bearer"),
        (
            {"oauth2": {"token_url": "gopher://x", "client_id": "a", "client_secret": "b"}},
            "/auth/oauth2/token_url",
        ),
    ):
        reply = client.post("/v1/tools", json=tool(peer, "bad_auth", "/x", auth=auth))
        assert path in [one["path"] for one in problem_of(reply, 422)["errors"]]


def forms() -> list[str]:
    plain = [VALUE, quote(VALUE), quote(VALUE, safe=""), quote(VALUE, safe="").lower(), VALUE.encode().hex()]
    coded = [base64.b64encode(b"x" * offset + VALUE.encode()).decode()[4:-4] for offset in range(3)]
    return [*plain, *coded]


def test_no_call_leaves_the_value_anywhere(
    service, client: httpx2.Client, peer: LoopbackServer, secret: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = []
    arguments = {"echo": {}, "drop": {}, "file": {}, "liar": {}, "fail": {"status": 400}}
    for name, given in arguments.items():
        for way in ("bearer", "query:k"):
            record = tool(peer, f"{name}_{way[:5]}", f"/{name}", auth={way: secret})
            assert client.post("/v1/tools", json=record).json()["status"] == "active"
            said.append(client.post(f"/v1/tools/{record['name']}/invoke", json={"arguments": given}).text)
            step = {"id": "a", "tool": record["name"], "arguments": given}
            run = client.post("/v1/runs", json={"plan": {"subtasks": [step]}}).json()["id"]
            said.append(_ended(client, run))
    said += [
        client.post("/v1/tools/fail_beare/invoke", json={"arguments": {"status": status}}).text
        for status in (401, 404, 429, 500)
    ]
    assert any(VALUE in got.headers.get("authorization", "") for got in peer.requests)
    assert any(quote(VALUE, safe="") in got.query for got in peer.requests)
    logged = "\n".join(line for line in caplog.text.splitlines() if "httpcore2" not in line)
    kept = [file.read_bytes() for file in service.data_dir.rglob("*") if file.is_file()]
    for form in forms():
        assert form not in logged
        assert not any(form in text for text in said)
        assert not any(form.encode() in data for data in kept)


def _ended(client: httpx2.Client, run: str) -> str:
    """All that is told of a run, once it has ended."""
    until = time.monotonic() + 30
    while True:
        shown = client.get(f"/v1/runs/{run}")
        if shown.json()["status"] in ("succeeded", "failed") or time.monotonic() > until:
            return shown.text + client.get(f"/v1/runs/{run}/events").text
        if any(step["attempts"] for step in shown.json().get("steps", [])):
            client.post(f"/v1/runs/{run}/cancel")
            return client.get(f"/v1/runs/{run}").text
