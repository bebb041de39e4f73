"""OpenAPI documents over REST: imported, imported again, called, and refused where they must be."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from tools.testing_server import Answer, LoopbackServer, Received, json_answer

PET = {"type": "object", "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}


def pets(title: str, server: str = "https://pets.example", **operations: Any) -> dict[str, Any]:
    listing = {
        "operationId": "listPets",
        "summary": "Lists the pets of the shop.",
        "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer"}}],
        "responses": {"200": {"description": "ok", "content": {"application/json": {"schema": PET}}}},
    }
    given = operations or {"get": listing, "post": {"operationId": "addPet", "summary": "Adds a pet."}}
    return {
        "openapi": "3.0.3",
        "info": {"title": title, "version": "1"},
        "servers": [{"url": server}],
        "paths": {"/pets": given},
    }


def imported(client: httpx2.Client, **body: Any) -> dict[str, Any]:
    reply = client.post("/v1/tools/import/openapi", json=body)
    assert reply.status_code == 200, reply.text
    told: dict[str, Any] = reply.json()
    return told


@contextlib.contextmanager
def website(pages: Callable[[str], dict[str, Any]]) -> Iterator[LoopbackServer]:
    """A server in a thread of its own; its pages are told its address."""
    server: LoopbackServer
    ready, stop = threading.Event(), threading.Event()

    async def handler(got: Received) -> Answer:
        page = pages(server.url).get(got.path)
        return Answer(404) if page is None else json_answer(page)

    async def serve() -> None:
        nonlocal server
        async with LoopbackServer(handler) as server:
            ready.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    ready.wait(10)
    try:
        yield server
    finally:
        stop.set()
        thread.join(10)


def test_a_document_becomes_tools_and_a_second_import_changes_nothing(client: httpx2.Client) -> None:
    document = pets("first")
    told = imported(client, document=document, prefix="first")
    assert told["created"] == ["first_list_pets", "first_add_pet"]
    assert told["skipped"] == []
    again = imported(client, document=document, prefix="first")
    assert (again["created"], again["updated"]) == ([], [])
    assert again["unchanged"] == told["created"]
    tool = client.get("/v1/tools/first_list_pets").json()
    assert tool["http"]["url"] == "https://pets.example/pets"
    assert tool["ports"]["inputs"] == {"limit": ["integer"]}
    assert tool["ports"]["outputs"] == {"id": "integer", "name": "text"}
    assert (tool["effect"], tool["status"], tool["version"]) == ("read", "active", 1)


def test_a_change_makes_a_new_version_tells_the_difference_and_keeps_what_people_set(
    client: httpx2.Client,
) -> None:
    document = pets("second")
    imported(client, document=document, prefix="second")
    prior = {"beliefs": [{"subtask_type": "*", "usd": 0.5, "seconds": 3, "quality": 0.9, "n": 4}]}
    assert client.put("/v1/tools/second_add_pet/beliefs", json=prior).status_code == 200
    record = client.get("/v1/tools/second_list_pets").json()
    kept = ("name", "summary", "kind", "input_schema", "output_schema", "effect", "tags", "http")
    edited = {key: record[key] for key in kept} | {"price": {"per_call": "0.25"}}
    edited["http"] = record["http"] | {"hosts": ["cdn.example"]}
    assert client.put("/v1/tools/second_list_pets", json=edited).status_code == 200
    document["paths"]["/pets"]["get"]["parameters"].append(
        {"name": "kind", "in": "query", "required": True, "schema": {"type": "string"}}
    )
    del document["paths"]["/pets"]["post"]
    tried = imported(client, document=document, prefix="second", dry_run=True)
    told = imported(client, document=document, prefix="second")
    assert told == tried
    (updated,) = told["updated"]
    assert (updated["name"], updated["version"]) == ("second_list_pets", 3)
    changes = {one["what"]: one["change"] for one in updated["changes"]}
    assert changes["argument kind"] == "added"
    assert changes["required arguments"] == "changed"
    assert told["gone"] == ["second_add_pet"]
    tool = client.get("/v1/tools/second_list_pets").json()
    assert (tool["version"], tool["price"]["per_call"]) == (3, "0.25")
    assert tool["http"]["hosts"] == ["cdn.example"]
    (belief,) = client.get("/v1/tools/second_add_pet/beliefs").json()["beliefs"]
    assert (belief["usd"], belief["quality"]) == ("0.5", 0.9)


def test_a_dry_run_changes_nothing(client: httpx2.Client) -> None:
    told = imported(client, document=pets("dry"), prefix="dry", dry_run=True)
    assert told["created"] == ["dry_list_pets", "dry_add_pet"]
    assert client.get("/v1/tools/dry_list_pets").status_code == 404


def test_a_name_of_another_tool_is_given_way_to(client: httpx2.Client) -> None:
    shop = pets("shop", server="https://shop.example")
    assert imported(client, document=shop)["created"] == ["list_pets", "add_pet"]
    other = pets("zoo", server="https://zoo.example")
    assert imported(client, document=other)["created"] == ["zoo_list_pets", "zoo_add_pet"]
    assert imported(client, document=other)["unchanged"] == ["zoo_list_pets", "zoo_add_pet"]
    same = pets("copy of the shop", server="https://shop.example")
    told = imported(client, document=same)
    pairs = {one["tool"]: one["of"] for one in told["duplicates"]}
    assert pairs["copy_of_the_shop_list_pets"] == "list_pets"


def test_yaml_text_and_choices(client: httpx2.Client) -> None:
    text = """
    openapi: 3.1.0
    info: {title: yaml}
    servers: [{url: https://yaml.example}]
    paths:
      /a: {get: {tags: [x], operationId: getA}, post: {operationId: postA}}
      /b: {get: {operationId: getB}}
    """
    told = imported(client, document=text, include=["tag:x"], prefix="yaml")
    assert told["created"] == ["yaml_get_a"]
    told = imported(client, document=text, exclude={"paths": ["/b"], "methods": ["get"]}, prefix="yaml")
    assert told["created"] == ["yaml_post_a"]


def test_a_document_by_url_brings_those_it_refers_to_and_its_tools_can_be_called(
    client: httpx2.Client,
) -> None:
    def pages(url: str) -> dict[str, Any]:
        root = pets("by url", server="/api", get={
            "operationId": "getPet",
            "parameters": [{"$ref": "parts/parameters.json#/limit"}, {"$ref": "parts/gone.json#/x"}],
        }, put={
            "operationId": "putPet",
            "parameters": [{"$ref": "parts/parameters.json#/limit"}],
            "responses": {"200": {"description": "ok", "content": {"application/json": {"schema": PET}}}},
        })  # fmt: skip
        limit = {"name": "limit", "in": "query", "required": True, "schema": {"$ref": "types.json"}}
        return {
            "/docs/openapi.json": root,
            "/docs/parts/parameters.json": {"limit": limit},
            "/docs/parts/types.json": {"type": "integer", "maximum": 9},
            "/api/pets": {"id": 3, "name": "Rex"},
        }

    with website(pages) as server:
        told = imported(client, url=f"{server.url}/docs/openapi.json", prefix="byurl")
        assert told["created"] == ["byurl_put_pet"]
        (skipped,) = told["skipped"]
        assert skipped["operation"] == "GET /pets"
        assert "gone.json could not be fetched" in skipped["reason"]
        made = client.post("/v1/tools/byurl_put_pet/invoke", json={"arguments": {"limit": 2}})
        assert made.json()["output"] == {"id": 3, "name": "Rex"}
        bad = client.post("/v1/tools/byurl_put_pet/invoke", json={"arguments": {"limit": 10}})
        assert bad.status_code == 422
    assert server.requests[-1].query == "limit=2"


def test_files_that_come_along_are_read(client: httpx2.Client) -> None:
    root = pets("files", get={"operationId": "one", "parameters": [{"$ref": "../common/all.yaml#/p"}]})
    files = {"common/all.yaml": "p: {name: q, in: query, schema: {type: string}}"}
    told = imported(client, document=root, name="spec/root.json", files=files, prefix="files")
    assert told["created"] == ["files_one"]
    assert client.get("/v1/tools/files_one").json()["http"]["parameters"]["q"]["in"] == "query"


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("file:///etc/passwd", "is not read"),
        ("http://169.254.169.254/latest#/x", "could not be fetched"),
        ("http://[::1]:9/x.json", "could not be fetched"),
        ("../../etc/passwd", "was not given"),
        ("#/paths/~1pets/get/parameters/0", "circle"),
    ],
)
def test_references_that_lead_elsewhere_or_nowhere_skip_their_operation(
    client: httpx2.Client, reference: str, said: str
) -> None:
    root = pets("lost", get={"operationId": "lost", "parameters": [{"$ref": reference}]}, put={})
    told = imported(client, document=root, prefix="lost", dry_run=True)
    assert told["created"] == ["lost_put_pets"]
    assert said in told["skipped"][0]["reason"]


BOMB = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    + ["openapi: 3.0.0", "paths: {}"]
)


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"document": {"hello": 1}}, 422, "no OpenAPI document"),
        ({"document": "just words"}, 422, "no OpenAPI document"),
        ({"document": "{"}, 422, "neither JSON nor YAML"),
        ({"document": {"swaggerVersion": "1.2", "apis": []}}, 422, "before 2.0"),
        ({"document": BOMB}, 422, "more than 5,000,000 values"),
        ({"document": "[" * 5_000}, 422, "nested deeper"),
        ({"document": pets("x"), "url": "https://x.example"}, 422, "either url or document"),
        ({}, 422, "either url or document"),
        ({"document": pets("x"), "include": ["everything"]}, 422, "tag:NAME"),
        ({"document": pets("x"), "select": {"listPets": "a..b"}}, 422, "JMESPath"),
        ({"document": pets("x"), "server": "ftp://x.example"}, 403, ""),
        ({"document": pets("x"), "server": "http://10.0.0.1"}, 403, ""),
        ({"document": pets("x"), "surprise": 1}, 422, ""),
        ({"document": pets("x"), "prefix": "no spaces"}, 422, ""),
        ({"url": "http://10.0.0.1/openapi.json"}, 403, ""),
        ({"url": "file:///etc/passwd"}, 403, ""),
    ],
)
def test_what_is_no_document_or_may_not_be_fetched_is_refused(
    client: httpx2.Client, body: dict[str, Any], status: int, said: str
) -> None:
    reply = client.post("/v1/tools/import/openapi", json=body)
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert said in reply.json()["detail"]


def test_a_document_without_a_server_makes_tools_that_say_so(client: httpx2.Client) -> None:
    document = pets("homeless")
    del document["servers"]
    imported(client, document=document, prefix="homeless")
    tool = client.get("/v1/tools/homeless_list_pets").json()
    assert tool["status"] == "unavailable"
    assert "names no server" in tool["reason"]
    told = imported(client, document=document, prefix="homeless", server="https://home.example")
    assert [one["name"] for one in told["updated"]] == ["homeless_list_pets", "homeless_add_pet"]
    assert client.get("/v1/tools/homeless_list_pets").json()["status"] == "active"


def test_a_document_may_be_larger_than_other_bodies(client: httpx2.Client) -> None:
    document = pets("large") | {"x-more": ["words"] * 100_000}
    assert len(json.dumps(document)) > 200_000
    assert imported(client, document=document, prefix="large")["created"] != []


def test_a_record_with_every_way_of_a_binding_is_registered_by_hand_too(client: httpx2.Client) -> None:
    record = {
        "name": "by_hand",
        "summary": "Searches the shop by filter.",
        "kind": "http",
        "input_schema": {"type": "object", "properties": {"f": {"type": "object"}, "id": {}}},
        "http": {
            "method": "POST",
            "url": "https://shop.example/{number}",
            "parameters": {
                "f": {"in": "query", "name": "filter", "style": "deepObject"},
                "id": {"in": "path", "name": "number"},
            },
            "body": {"media_type": "multipart/form-data"},
            "select": "items[].id",
            "hosts": ["cdn.example"],
        },
    }
    assert client.post("/v1/tools", json=record).status_code == 201
    for field, value in (
        ("select", "a["),
        ("body", {"x": 1}),
        ("hosts", "cdn.example"),
        ("hosts", ["https://cdn.example"]),
        ("parameters", {"f": {"in": "query", "style": "x"}}),
    ):
        bad = record | {"name": "worse", "http": record["http"] | {field: value}}  # type: ignore[operator]
        reply = client.post("/v1/tools", json=bad)
        assert reply.status_code == 422
        assert any(one["path"].startswith(f"/http/{field}") for one in reply.json()["errors"])
