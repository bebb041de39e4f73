"""Tools over REST: registered, found, tried out, believed in, replaced and removed."""

from __future__ import annotations

import uuid

import pytest

from tests.integration.api.following import done, graph, submit

TEXT = {"type": "string", "description": "words"}


def record(**more) -> dict:
    name = f"tool_{uuid.uuid4().hex[:8]}"
    return {
        "name": name,
        "summary": f"Weigh the luggage called {name} on the airport scales.",
        "kind": "python",
        "input_schema": {
            "type": "object",
            "properties": {"value": {"type": "string"}},
            "required": ["value"],
            "additionalProperties": False,
        },
        "output_schema": {"type": "object", "properties": {"value": TEXT}},
        "python": {"function": "tools.testing_functions:echo"},
        "runs": "loop",
    } | more


def register(client, **more) -> dict:
    reply = client.post("/v1/tools", json=record(**more))
    assert reply.status_code == 201, reply.text
    return reply.json()


def test_a_registered_tool_is_searchable_at_once_with_what_its_document_lacks(client):
    made = register(client)
    name = made["name"]
    assert made["ports"] == {"inputs": {"value": ["text", "string"]}, "outputs": {"value": "text"}}
    assert {"docs.when_to_use", "believed"} <= {hint["field"] for hint in made["quality"]}
    found = client.post("/v1/tools/search", json={"query": f"luggage scales {name}", "k": 1}).json()["items"]
    assert [tool["name"] for tool in found] == [name]
    assert found[0]["why"]
    assert name in {tool["name"] for tool in client.get("/v1/tools").json()["items"]}
    assert client.get(f"/v1/tools/{name}").json()["hash"] == made["hash"]


def test_search_gives_exactly_k_of_what_the_filter_lets_through(client):
    for k in (1, 7, 20):
        items = client.post("/v1/tools/search", json={"query": "chart", "k": k}).json()["items"]
        assert len(items) == k
    body = {"query": "anything", "k": 50, "filter": {"outputs": ["image/png"]}}
    images = client.post("/v1/tools/search", json=body).json()["items"]
    assert images
    for tool in images:
        ports = client.get(f"/v1/tools/{tool['name']}").json()["ports"]
        assert "image/png" in ports["outputs"].values()


def test_a_name_is_taken_once_and_a_new_version_keeps_it(client):
    made = register(client)
    body = record(name=made["name"])
    assert client.post("/v1/tools", json=body).status_code == 409
    same = client.put(f"/v1/tools/{made['name']}", json=body | {"summary": made["summary"]}).json()
    assert same["version"] == 1
    newer = client.put(f"/v1/tools/{made['name']}", json=body | {"summary": "Now it does more than that."})
    assert newer.json()["version"] == 2
    assert client.put("/v1/tools/never_made", json=record(name="never_made")).status_code == 404
    assert client.put("/v1/tools/other", json=body).status_code == 422


def test_a_removed_tool_is_gone_but_runs_keep_what_they_did(client):
    name = register(client)["name"]
    run = submit(client, plan=graph({"id": "a", "tool": name, "arguments": {"value": "hi"}}))
    assert done(client, run["id"])["result"]["text"] == "hi"
    assert client.delete(f"/v1/tools/{name}").status_code == 204
    assert client.get(f"/v1/tools/{name}").status_code == 404
    assert client.delete(f"/v1/tools/{name}").status_code == 404
    again = client.post(f"/v1/runs/{run['id']}/retry", json={"from_step": "a", "edits": {"value": "ho"}})
    assert again.status_code == 200
    assert done(client, run["id"])["result"]["text"] == "ho"


def _headers(headers: object) -> dict:
    return {"kind": "http", "python": None, "http": {"url": "http://h/", "headers": headers}}


def _model(**binding: object) -> dict:
    return {"kind": "model", "python": None, "model": {"model": "m", "prompt": "p", **binding}}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"name": "Bad Name"}, "/name"),
        ({"summary": ""}, "/summary"),
        ({"kind": "magic"}, "/kind"),
        ({"colour": 1}, "/colour"),
        ({"kind": "mcp"}, "/kind"),
        ({"kind": "command"}, "/kind"),
        ({"auth": {"token": "secret_name"}}, "/auth"),
        ({"input_schema": {"type": "array"}}, "/input_schema/type"),
        ({"input_schema": {"type": "object", "properties": {"a": {"type": "wrong"}}}}, "/input_schema"),
        ({"output_schema": {"$ref": "https://example.com/schema"}}, "/output_schema"),
        ({"ports": {"inputs": {"none": ["text"]}}}, "/ports/inputs/none"),
        ({"python": {"function": "os:system"}}, "/python/function"),
        ({"python": {"function": "tools.testing_functionsx:echo"}}, "/python/function"),
        ({"python": {"function": "no colon"}}, "/python/function"),
        ({"kind": "http", "python": None, "http": {"url": "file:///etc/passwd"}}, "/http/url"),
        ({"kind": "http", "python": None, "http": {"url": "http://u:p@host/"}}, "/http/url"),
        ({"kind": "http", "python": None, "http": {"url": "http://h/{id}"}}, "/http/url"),
        ({"kind": "http", "python": None, "http": {"url": "http://h/", "method": "BREW"}}, "/http/method"),
        ({"kind": "http", "python": None}, "/http/url"),
        ({"kind": "http", "python": None, "http": {"url": "http://{a}.example.com/"}}, "/http/url"),
        ({"kind": "http", "python": None, "http": {"url": "http://h:{a}/"}}, "/http/url"),
        ({"kind": "http", "python": None, "http": {"url": "http://h/\r\nX: y"}}, "/http/url"),
        ({"kind": "http", "python": None, "http": {"url": "http://[h/"}}, "/http/url"),
        (_headers({"X-A": "b\r\nX-Admin: 1"}), "/http/headers/X-A"),
        (_headers({"X-A": "b\x7f"}), "/http/headers/X-A"),
        (_headers({"X-A": 7}), "/http/headers/X-A"),
        (_headers({"X-A\r\nX-B": "b"}), "/http/headers"),
        (_headers({"": "b"}), "/http/headers"),
        (_headers("X-A: b"), "/http/headers"),
        ({"http": {"url": "http://h/"}}, "/http"),
        ({"kind": "model"}, "/python"),
        (_model(endpoint="none"), "/model/endpoint"),
        (_model(endpoint=7), "/model/endpoint"),
        (_model(endpoint="x", base_url="http://h"), "/model/base_url"),
        ({"kind": "model", "python": None, "model": {"base_url": "http://h", "model": "m"}}, "/model/prompt"),
        ({"price": {"per_call": -1}}, "/price/per_call"),
        ({"limits": {"timeout": 0}}, "/limits/timeout"),
        ({"believed": [{"quality": 2}]}, "/believed/0/quality"),
    ],
)
def test_each_fault_of_a_record_is_named(client, change, path):
    reply = client.post("/v1/tools", json=record(**change))
    assert reply.status_code == 422, reply.text
    assert reply.json()["errors"][0]["path"].startswith(path), reply.text


def test_many_tools_are_judged_each_alone(client):
    good, bad, taken, twice = record(), record(kind="magic"), record(name="calculate"), record()
    given = [good, bad, taken, {"name": 7}, "no record", twice, twice | {"summary": "Another."}]
    told = client.post("/v1/tools/bulk", json={"tools": given}).json()
    assert told["created"] == [good["name"], twice["name"]]
    assert [one["number"] for one in told["refused"]] == [1, 2, 3, 4, 6]
    assert "already" in told["refused"][-1]["reason"]
    assert told["refused"][0]["errors"][0]["path"] == "/kind"
    assert good["name"] in told["quality"]


def test_trying_a_tool_checks_both_sides_and_shows_the_record(client):
    told = client.post("/v1/tools/calculate/invoke", json={"arguments": {"expression": "6*7"}})
    body = told.raise_for_status().json()
    assert body["output"]["result"] == 42
    assert "6*7" in body["record"][0]["request"]
    assert "42" in body["record"][0]["reply"]
    wrong = client.post("/v1/tools/calculate/invoke", json={"arguments": {"expr": "6*7"}})
    assert wrong.status_code == 422
    assert wrong.json()["code"] == "bad_arguments"
    assert wrong.json()["errors"][0]["path"].startswith("/arguments")
    assert client.post("/v1/tools/none/invoke", json={"arguments": {}}).status_code == 404


@pytest.mark.parametrize(
    ("tool", "arguments", "status", "code"),
    [
        ("wrong_output", {}, 502, "bad_output"),
        ("crash", {}, 502, "server_fault"),
        ("refuse", {"message": "no"}, 422, "bad_arguments"),
        ("fetch_page", {"url": "http://10.0.0.1/"}, 403, "address_forbidden"),
        ("fetch_page", {"url": "http://127.0.0.1:9/"}, 502, "unreachable"),
        ("fetch_page", {"url": "http://nowhere.invalid/"}, 502, "unreachable"),
    ],
)
def test_each_failure_of_a_tool_has_its_status(client, tool, arguments, status, code):
    reply = client.post(f"/v1/tools/{tool}/invoke", json={"arguments": arguments})
    assert (reply.status_code, reply.json()["code"]) == (status, code), reply.text
    assert "Traceback" not in reply.text


def test_a_tool_that_hangs_is_ended_at_its_limit(client):
    name = register(
        client,
        input_schema={"type": "object"},
        python={"function": "tools.testing_functions:hang"},
        limits={"timeout": 0.3},
    )["name"]
    reply = client.post(f"/v1/tools/{name}/invoke", json={"arguments": {}})
    assert (reply.status_code, reply.json()["code"]) == (504, "timed_out")


def test_files_that_a_tried_tool_makes_are_kept(client):
    kept = client.post("/v1/artifacts", files={"file": ("a.txt", b"hello", "text/plain")}).json()
    body = {"arguments": {"document": {"artifact": kept["id"]}}}
    made = client.post("/v1/tools/shout/invoke", json=body).raise_for_status().json()["output"]
    assert client.get(f"/v1/artifacts/{made['document']['artifact']}").content == b"HELLO"


def test_beliefs_are_read_and_set_and_change_what_is_chosen(client):
    name = register(client)["name"]
    url = f"/v1/tools/{name}/beliefs"
    body = {"beliefs": [{"subtask_type": "weigh", "usd": 0.25, "seconds": 3, "quality": 0.9, "n": 20}]}
    assert client.put(url, json=body).status_code == 200
    (told,) = [b for b in client.get(url).json()["beliefs"] if b["subtask_type"] == "weigh"]
    assert (told["usd"], told["seconds"], told["quality"], told["n"]) == ("0.25", 3, 0.9, 20)
    assert told["prior"] == {"usd": "0.25", "seconds": 3, "quality": 0.9, "n": 20}
    shown = client.get(f"/v1/tools/{name}").json()["believed"]
    weigh = {"subtask_type": "weigh", "usd": "0.25", "seconds": 3.0, "quality": 0.9, "n": 20.0}
    assert weigh in shown
    run = submit(client, plan=graph({"id": "a", "tool": "echo", "arguments": {"value": "x"}}))
    done(client, run["id"])
    seen = client.get("/v1/tools/echo/beliefs").json()["beliefs"]
    assert any(belief["observed"]["tries"] >= 1 for belief in seen)
    bad = client.put(url, json={"beliefs": [{"usd": -1, "seconds": 1, "quality": 0.5}]})
    assert bad.status_code == 422


def test_tools_are_listed_by_pages(client):
    every = [tool["name"] for tool in client.get("/v1/tools").json()["items"]]
    seen, query = [], {"limit": 7}
    while True:
        page = client.get("/v1/tools", params=query).json()
        seen += [tool["name"] for tool in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == sorted(every)
    assert client.get("/v1/tools", params={"cursor": "nonsense"}).json()["errors"][0]["path"] == "/cursor"


def test_a_record_names_the_function_in_the_field_of_its_kind(client):
    made = register(client)
    assert made["python"] == {"function": "tools.testing_functions:echo"}
    assert (made["http"], made["model"], made["auth"]) == (None, None, {})
