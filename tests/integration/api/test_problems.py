"""Whatever goes wrong is told as a problem document that names the field and the way out."""

from __future__ import annotations

import pytest


def problem_of(reply, status: int) -> dict:
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    told = reply.json()
    assert told["status"] == status
    assert told["title"]
    assert told["detail"]
    assert "Traceback" not in reply.text
    return told


def paths(told: dict) -> set[str]:
    return {error["path"] for error in told.get("errors", [])}


def test_an_unknown_address_and_a_wrong_method(client):
    problem_of(client.get("/v1/nothing"), 404)
    reply = client.delete("/v1/inbox")
    assert "DELETE" in problem_of(reply, 405)["detail"]
    assert reply.headers["allow"] == "GET"


def test_a_wrong_method_is_told_with_all_that_the_path_has(client):
    reply = client.patch("/v1/tools/x")
    problem_of(reply, 405)
    assert reply.headers["allow"] == "DELETE, GET, PUT"


def test_the_document_names_the_refusals_of_each_route(client):
    document = client.get("/openapi.json").json()
    refusals = {
        f"{method} {path}": {status for status in operation["responses"] if status >= "4"}
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    assert refusals["post /v1/runs"] == {"401", "409", "422"}
    assert refusals["get /v1/runs/{run_id}"] == {"401", "404", "422"}
    assert refusals["post /v1/tools"] == {"401", "409", "422"}
    assert refusals["get /healthz"] == set()
    told = document["paths"]["/v1/runs"]["post"]["responses"]["422"]["content"]
    assert told == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert "Problem" in document["components"]["schemas"]
    assert "HTTPValidationError" not in client.get("/openapi.json").text


@pytest.mark.parametrize("path", ["/v1/runs/run_x", "/v1/plans/plan_x", "/v1/tools/x", "/v1/artifacts/art_x"])
def test_what_is_not_there_is_404(client, path):
    assert problem_of(client.get(path), 404)["code"] == "not_found"


def test_a_malformed_body_is_told_with_its_place(client):
    headers = {"Content-Type": "application/json"}
    told = problem_of(client.post("/v1/runs", content=b'{"request": ', headers=headers), 400)
    assert told["code"] == "malformed_json"
    assert "character" in told["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"", "application/json"),
        (b"[]", "application/json"),
        (b"x=1", "text/plain"),
        (b"\xff\xfe", "application/json"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(client, content, media_type):
    reply = client.post("/v1/runs", content=content, headers={"Content-Type": media_type})
    assert reply.status_code in (400, 422)
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"request": "x", "colour": "red"}, "/colour"),
        ({"request": "x", "preference": {"alpha": 2.5}}, "/preference/alpha"),
        ({"request": "x", "preference": {"alpha": -0.1}}, "/preference/alpha"),
        ({"request": "x", "preference": {"cost": {"usd": -1}}}, "/preference/cost/usd"),
        ({"request": "x", "budget": {"usd": "-0.1"}}, "/budget/usd"),
        ({"request": "x", "budget": {"usd": "much"}}, "/budget/usd"),
        ({"request": "x", "budget": {"euro": 1}}, "/budget/euro"),
        ({"request": "x", "step_gate": 7}, "/step_gate"),
        ({"request": "x", "mode": "wild"}, "/mode"),
        ({"request": "x", "labels": {"a": 1}}, "/labels/a"),
        ({"request": "x", "webhook_url": "ftp://x"}, "/webhook_url"),
        ({"request": "x", "webhook_url": "http://user:secret@host/"}, "/webhook_url"),
        ({"request": "x", "tools": {"include": ["no_such_tool"]}}, "/tools/include/0"),
        ({"request": "x", "tools": {"include": ["tag:nothing"]}}, "/tools/include/0"),
        ({"request": "x", "inputs": {"a/b": {"artifact": "art_none"}}}, "/inputs/a~1b/artifact"),
        ({"request": "  "}, "/request"),
        ({}, "/request"),
        ({"request": "x", "plan": {"subtasks": [{"id": "a"}]}}, "/plan"),
        ({"plan": {"subtasks": []}}, "/plan/subtasks"),
        ({"plan": {"subtasks": [{"id": "1a"}]}}, "/plan/subtasks/0/id"),
        ({"plan": {"subtasks": [{"id": "a"}, {"id": "a"}]}}, "/plan/subtasks/1/id"),
        ({"plan": {"subtasks": [{"id": "a", "tool": "none"}]}}, "/plan/subtasks/0/tool"),
        ({"plan": {"subtasks": [{"id": "a", "needs": ["b"]}]}}, "/plan/subtasks/0/needs/0"),
        (
            {"plan": {"subtasks": [{"id": "a", "arguments": {"x": {"ref": "b.c"}}}]}},
            "/plan/subtasks/0/arguments",
        ),
        (
            {"plan": {"subtasks": [{"id": "a", "arguments": {"x": {"ref": "bc"}}}]}},
            "/plan/subtasks/0/arguments",
        ),
        (
            {"plan": {"subtasks": [{"id": "a", "arguments": {"x": {"ref": "inputs.c"}}}]}},
            "/plan/subtasks/0/arguments",
        ),
    ],
)
def test_each_bad_field_of_a_run_is_named(client, body, path):
    told = problem_of(client.post("/v1/runs", json=body), 422)
    assert path in paths(told), told
    problem_of(client.post("/v1/plans", json=body), 422)


def test_a_parameter_out_of_range_is_named(client):
    assert paths(problem_of(client.get("/v1/runs", params={"limit": 0}), 422)) == {"/limit"}
    assert paths(problem_of(client.get("/v1/runs", params={"status": "tired"}), 422)) == {"/status/0"}
    problem_of(client.get("/v1/runs", params={"cursor": "x"}), 422)
    problem_of(client.get("/v1/runs", params={"label": "x"}), 422)


def test_a_body_over_the_limit_is_refused_declared_or_not(client):
    big = {"request": "x" * 300_000}
    assert problem_of(client.post("/v1/runs", json=big), 413)["code"] == "body_too_large"

    def chunks():
        yield b'{"request": "'
        for _ in range(30):
            yield b"x" * 10_000
        yield b'"}'

    headers = {"Content-Type": "application/json"}
    problem_of(client.post("/v1/runs", content=chunks(), headers=headers), 413)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/workflows"),
        ("POST", "/v1/schedules"),
        ("GET", "/v1/audit"),
        ("GET", "/metrics"),
        ("POST", "/openai/v1/chat/completions"),
    ],
)
def test_known_but_unbuilt_routes_say_so(client, method, path):
    assert problem_of(client.request(method, path), 422)["code"] == "not_built"
