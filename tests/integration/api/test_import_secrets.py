"""Operations of an imported document that need credentials: the peer gets them, and nobody else does."""

from __future__ import annotations

import asyncio
import base64
import logging
import re
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, quote

import httpx2
import pytest

from tools.testing_server import Answer, LoopbackServer, Received, json_answer

VALUES = {
    "crm_head": "head/sesame+7&zq",
    "crm_asked": "asked/sesame+7&zq",
    "crm_baked": "baked-sesame-7-zq",
    "crm_login": "ann:login/sesame+7",
    "crm_token": "token/sesame+7&zq",
    "crm_machine_client_id": "machine-id-of-ours",
    "crm_machine_client_secret": "machine/sesame+7&zq",
}
ACCESS = "access-token-8f2c"
SCHEMES = {
    "head": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
    "asked": {"type": "apiKey", "in": "query", "name": "api_key"},
    "baked": {"type": "apiKey", "in": "cookie", "name": "sid"},
    "login": {"type": "http", "scheme": "basic"},
    "token": {"type": "http", "scheme": "bearer"},
}


async def repeat(got: Received) -> Answer:
    """The token server, and a peer that tells all it was told: as JSON, as a file, as a failure."""
    if got.path == "/grant":
        return json_answer({"access_token": ACCESS, "token_type": "bearer", "expires_in": 600})
    said = f"{got.query} {dict(got.headers)}"
    match parse_qs(got.query).get("as", ["json"])[0]:
        case "file":
            return Answer(200, {"content-type": "text/plain"}, said.encode())
        case "failure":
            return Answer(403, {}, said.encode())
    return json_answer({"said": said, "coded": base64.b64encode(said.encode()).decode()})


@pytest.fixture(scope="module")
def peer() -> Iterator[LoopbackServer]:
    started, server, loop = threading.Event(), LoopbackServer(repeat), asyncio.new_event_loop()
    stop = asyncio.Event()

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


def document(peer: LoopbackServer) -> dict[str, Any]:
    flow = {"tokenUrl": f"{peer.url}/grant", "scopes": {"read": "R."}}
    machine = {"type": "oauth2", "flows": {"clientCredentials": flow}}
    parameter = {"name": "as", "in": "query", "schema": {"type": "string"}}
    operation = {"parameters": [parameter], "responses": {"200": {"description": "Said."}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "CRM", "version": "1"},
        "servers": [{"url": peer.url}],
        "components": {"securitySchemes": SCHEMES | {"machine": machine}},
        "paths": {
            f"/{name}": {"get": operation | {"operationId": name, "security": [{name: ["read"]}]}}
            for name in (*SCHEMES, "machine")
        },
    }


def arrived(name: str, got: Received) -> bool:
    """Whether the credential stands where the document wants it."""
    headers = got.headers
    coded = base64.b64encode(VALUES["crm_login"].encode()).decode()
    return {
        "head": headers.get("x-api-key") == VALUES["crm_head"],
        "asked": parse_qs(got.query).get("api_key") == [VALUES["crm_asked"]],
        "baked": headers.get("cookie") == f"sid={VALUES['crm_baked']}",
        "login": headers.get("authorization") == f"Basic {coded}",
        "token": headers.get("authorization") == f"Bearer {VALUES['crm_token']}",
        "machine": headers.get("authorization") == f"Bearer {ACCESS}",
    }[name]


def test_credentials_reach_the_peer_in_their_places_and_show_nowhere(
    service: Any, client: httpx2.Client, peer: LoopbackServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    body = {"document": document(peer), "prefix": "crm"}
    made = client.post("/v1/tools/import/openapi", json=body).raise_for_status().json()
    assert made["missing_secrets"] == sorted(VALUES)
    assert made["secrets"]["machine.client_secret"] == "crm_machine_client_secret"
    for name in made["created"]:
        shown = client.get(f"/v1/tools/{name}").json()
        assert (shown["status"], "toolpath secrets set crm_" in shown["reason"]) == ("unavailable", True)
    for name, value in VALUES.items():
        client.put(f"/v1/secrets/{name}", json={"value": value}).raise_for_status()
    assert client.post("/v1/tools/import/openapi", json=body).json()["missing_secrets"] == []
    assert {client.get(f"/v1/tools/{name}").json()["status"] for name in made["created"]} == {"active"}

    said = [_run(client, name, way) for name in made["created"] for way in ("json", "file", "failure")]
    calls = [got for got in peer.requests if got.path != "/grant"]
    assert len(calls) == 3 * len(made["created"])
    assert [got.path for got in calls if not arrived(got.path[1:], got)] == []
    (asked,) = (got for got in peer.requests if got.path == "/grant")  # one token serves all three
    assert parse_qs(asked.body.decode()) == {"grant_type": ["client_credentials"], "scope": ["read"]}
    pair = f"{quote(VALUES['crm_machine_client_id'])}:{quote(VALUES['crm_machine_client_secret'], safe='')}"
    assert asked.headers["authorization"] == f"Basic {base64.b64encode(pair.encode()).decode()}"

    kept = [file.read_bytes() for file in service.data_dir.rglob("*") if file.is_file()]
    logged = "\n".join(line for line in caplog.text.splitlines() if "httpcore2" not in line)
    for value in (*VALUES.values(), "login/sesame+7", ACCESS):
        for form in (
            value,
            quote(value, safe=""),
            value.encode().hex(),
            base64.b64encode(value.encode()).decode(),
        ):
            assert form not in logged
            assert not any(form in text for text in said)
            assert not any(form.encode() in data for data in kept)


def _run(client: httpx2.Client, name: str, way: str) -> str:
    """All that is told of a run of one call, and its artifacts."""
    step = {"id": "a", "tool": name, "arguments": {"as": way}}
    run = (
        client.post("/v1/runs", json={"plan": {"subtasks": [step]}, "mode": "auto"}).raise_for_status().json()
    )
    until = time.monotonic() + 30
    while True:
        shown = client.get(f"/v1/runs/{run['id']}")
        status = shown.json()["status"]
        if status in ("succeeded", "failed") or time.monotonic() > until:
            break
    assert status == ("failed" if way == "failure" else "succeeded"), shown.text
    artifacts = sorted(set(re.findall(r"art_\w+", shown.text)))
    assert len(artifacts) == (way == "file")
    told = [shown.text, client.get(f"/v1/runs/{run['id']}/events").text]
    return "\n".join(told + [client.get(f"/v1/artifacts/{one}").text for one in artifacts])
