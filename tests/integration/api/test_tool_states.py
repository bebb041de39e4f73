"""What becomes of tools over REST: listed by their source, disabled and enabled, version by version."""

from __future__ import annotations

from tests.integration.api.following import done, graph, submit
from tests.integration.api.test_tools import record, register


def named(client, **query) -> set[str]:
    return {tool["name"] for tool in client.get("/v1/tools", params=query).json()["items"]}


def test_tools_are_listed_by_kind_source_state_and_words(client):
    name = register(client, summary="Peel the shiny oranges of the southern grove.")["name"]
    assert named(client, q="ORANGES peel") == {name}
    assert name in named(client, source="registered", kind="python", status="active")
    assert name not in named(client, source="built-in")
    assert named(client, q="oranges", kind=["http", "mcp"]) == set()
    shipped = client.get("/v1/tools", params={"source": "built-in", "limit": 1}).json()
    assert (len(shipped["items"]), shipped["items"][0]["source"]) == (1, "built-in")
    body = {"query": "oranges", "k": 3, "filter": {"sources": ["built-in"]}}
    found = client.post("/v1/tools/search", json=body).json()["items"]
    assert {tool["source"] for tool in found} == {"built-in"}
    for query in ({"kind": "magic"}, {"status": "gone"}, {"colour": "red"}):
        assert client.get("/v1/tools", params=query).status_code == 422
    sources = {one["name"]: one for one in client.get("/v1/sources").json()["items"]}
    assert sources["built-in"]["tools"] == sum(sources["built-in"]["counts"].values()) > 10
    assert sources["registered"]["importable"] is False


def test_a_disabled_tool_is_neither_found_nor_tried_until_it_is_enabled(client):
    name = register(client)["name"]
    told = client.post(f"/v1/tools/{name}/disable", json={"reason": "too dear"}).json()
    assert (told["status"], told["reason"]) == ("disabled", "too dear")
    found = client.post("/v1/tools/search", json={"query": name, "k": 1}).json()["items"]
    assert name not in {tool["name"] for tool in found}
    tried = client.post(f"/v1/tools/{name}/invoke", json={"arguments": {"value": "hi"}})
    assert (tried.status_code, "too dear" in tried.json()["detail"]) == (409, True)
    assert client.post(f"/v1/tools/{name}/enable").json()["status"] == "active"
    assert client.post(f"/v1/tools/{name}/invoke", json={"arguments": {"value": "hi"}}).status_code == 200
    for act in ("disable", "enable"):
        assert client.post(f"/v1/tools/never_made/{act}").status_code == 404


def test_what_the_latest_calls_came_to_is_told_newest_first(client):
    name = register(client)["name"]
    assert client.get(f"/v1/tools/{name}/evidence").json()["items"] == []
    runs = [
        submit(client, plan=graph({"id": "a", "tool": name, "arguments": {"value": value}}))["id"]
        for value in ("hi", "ho")
    ]
    for run in runs:
        done(client, run)
    told = client.get(f"/v1/tools/{name}/evidence", params={"limit": 1}).json()["items"]
    assert [(one["run"], one["step"], one["status"], one["usd"]) for one in told] == [
        (runs[1], "a", "succeeded", "0")
    ]
    assert client.get("/v1/tools/never_made/evidence").status_code == 404


def test_versions_tell_what_each_made_different(client):
    made = register(client)
    body = record(name=made["name"], summary="Weigh the luggage of the whole crew on a scale.")
    newer = client.put(f"/v1/tools/{made['name']}", json=body).json()
    assert newer["quality_score"] < 1
    new, old = client.get(f"/v1/tools/{made['name']}/versions").json()["items"]
    assert (new["version"], old["version"], old["changes"]) == (2, 1, [])
    (change,) = new["changes"]
    assert (change["what"], change["before"]) == ("summary", made["summary"])
    assert client.get("/v1/tools/never_made/versions").status_code == 404
