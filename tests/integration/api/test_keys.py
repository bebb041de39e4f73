"""Several keys: made, listed, changed and revoked by the service's own one, and by no other."""

from __future__ import annotations

import re
import time

import httpx2
import pytest

from tests.integration.api.test_problems import problem_of

SLEEP = {"plan": {"subtasks": [{"id": "a", "tool": "calculate", "arguments": {"expression": "1+1"}}]}}


@pytest.fixture
def key(client):
    made = client.post("/v1/keys", json={"name": "ci"})
    assert made.status_code == 201, made.text
    yield made.json()
    client.delete(f"/v1/keys/{made.json()['id']}")


@pytest.fixture
def holder(service, key):
    headers = {"Authorization": f"Bearer {key['key']}"}
    with httpx2.Client(base_url=service.url, headers=headers, timeout=30) as client:
        yield client


def test_a_key_is_shown_once_and_kept_as_a_hash(service, client, key):
    assert re.fullmatch(r"tpk_[0-9a-z]{24}_[\w-]{43}", key["key"])
    secret = key["key"].rpartition("_")[2]
    for reply in (client.get("/v1/keys"), client.get(f"/v1/keys/{key['id']}")):
        assert reply.status_code == 200
        assert secret not in reply.text
    database = service.data_dir / "toolpath.db"
    kept = b"".join(file.read_bytes() for file in database.parent.glob("toolpath.db*"))
    assert key["id"].encode() in kept
    assert secret.encode() not in kept


def test_a_key_opens_the_api_until_it_is_revoked(client, holder, key):
    made = holder.post("/v1/runs", json=SLEEP)
    assert made.status_code == 202
    assert made.json()["key_id"] == key["id"]
    shown = client.get(f"/v1/keys/{key['id']}").json()
    assert shown["used_at"] is not None
    assert shown["revoked"] is False
    assert client.delete(f"/v1/keys/{key['id']}").status_code == 204
    assert holder.get("/v1/runs").status_code == 401
    assert client.get(f"/v1/keys/{key['id']}").json()["revoked"] is True
    run = made.json()["links"]["self"]
    end = time.monotonic() + 20
    while (status := client.get(run).json()["status"]) not in ("succeeded", "failed"):
        assert time.monotonic() < end, status
    assert status == "succeeded"


def test_the_run_of_the_own_key_names_none(client):
    assert client.post("/v1/runs", json=SLEEP).json()["key_id"] is None


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/keys"),
        ("POST", "/v1/keys"),
        ("GET", "/v1/keys/x"),
        ("PATCH", "/v1/keys/x"),
        ("DELETE", "/v1/keys/x"),
        ("GET", "/v1/limits"),
        ("GET", "/v1/limits/tool:calculate"),
        ("PUT", "/v1/limits/tool:calculate"),
        ("DELETE", "/v1/limits/tool:calculate"),
        ("POST", "/v1/login-codes"),
    ],
)
def test_another_key_may_not_manage_keys_and_limits_or_let_browsers_in(holder, method, path):
    told = problem_of(holder.request(method, path, json={"name": "x"} if method != "GET" else None), 403)
    assert told["code"] == "forbidden"


def test_a_key_nearly_right_opens_nothing(service, key):
    for wrong in (key["key"][:-1] + "_", key["key"] + "a", key["id"], key["key"].upper()):
        headers = {"Authorization": f"Bearer {wrong}"}
        assert httpx2.get(f"{service.url}/v1/runs", headers=headers).status_code == 401


def test_caps_and_limits_are_shown_and_changed(client):
    body = {
        "name": "team",
        "caps": [{"usd": "10.00", "per": "day"}, {"usd": "100"}],
        "limits": {"concurrency": 4, "rate": 2.5},
    }
    key = client.post("/v1/keys", json=body).json()
    assert key["caps"] == [
        {"usd": "10", "per": "day", "spent": "0", "reserved": "0"},
        {"usd": "100", "per": "total", "spent": "0", "reserved": "0"},
    ]
    assert key["limits"] == {"concurrency": 4, "rate": 2.5, "burst": None}
    path = f"/v1/keys/{key['id']}"
    assert client.patch(path, json={"name": "crew"}).json()["caps"] == key["caps"]
    changed = client.patch(path, json={"caps": [{"usd": "1"}]}).json()
    assert [cap["usd"] for cap in changed["caps"]] == ["1"]
    assert changed["limits"]["concurrency"] == 4
    assert client.get(f"/v1/limits/key:{key['id']}").json()["concurrency"] == 4
    bare = client.patch(path, json={"caps": [], "limits": {}}).json()
    assert (bare["caps"], bare["limits"]["concurrency"]) == ([], None)
    client.delete(path)
    assert client.patch(path, json={"name": "x"}).status_code == 409


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "x", "caps": [{"usd": "-1"}]},
        {"name": "x", "caps": [{"usd": "1", "per": "week"}]},
        {"name": "x", "caps": [{"usd": "1"}, {"usd": "2"}]},
        {"name": "x", "limits": {"concurrency": 0}},
        {"name": "x", "roles": ["admin"]},
    ],
)
def test_a_bad_key_is_refused_by_field(client, body):
    assert problem_of(client.post("/v1/keys", json=body), 422)["errors"]


def test_there_is_no_such_key(client):
    for method in ("GET", "PATCH", "DELETE"):
        json = {"name": "x"} if method == "PATCH" else None
        assert client.request(method, "/v1/keys/key_none", json=json).status_code == 404


def test_the_same_idempotency_key_of_two_callers_makes_two_runs(client, holder):
    headers = {"Idempotency-Key": "once"}
    mine = client.post("/v1/runs", json=SLEEP, headers=headers).json()
    theirs = holder.post("/v1/runs", json=SLEEP, headers=headers).json()
    assert mine["id"] != theirs["id"]
    assert holder.post("/v1/runs", json=SLEEP, headers=headers).json()["id"] == theirs["id"]


def test_limits_are_set_read_and_taken_away(client):
    assert client.get("/v1/limits/tool:calculate").status_code == 404
    body = {"concurrency": 2, "rate": 5, "caps": [{"usd": "3", "per": "month"}]}
    put = client.put("/v1/limits/tool:calculate", json=body)
    assert put.status_code == 200, put.text
    assert put.json() == client.get("/v1/limits/tool:calculate").json()
    assert put.json()["source"] == "operator"
    assert "tool:calculate" in [limit["name"] for limit in client.get("/v1/limits").json()["items"]]
    assert client.delete("/v1/limits/tool:calculate").status_code == 204
    assert client.delete("/v1/limits/tool:calculate").status_code == 404


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("tool:none", {"concurrency": 1}, 404),
        ("key:none", {"concurrency": 1}, 404),
        ("calculate", {"concurrency": 1}, 422),
        ("host:x", {"concurrency": 1}, 422),
        ("tool:", {"concurrency": 1}, 422),
        ("group:x", {}, 422),
        ("group:x", {"concurrency": 0}, 422),
        ("group:x", {"concurrency": 1, "by": "url"}, 422),
        ("group:x", {"burst": 2}, 422),
    ],
)
def test_a_bad_limit_is_refused(client, name, body, status):
    problem_of(client.put(f"/v1/limits/{name}", json=body), status)


def test_a_tool_tried_out_keeps_to_its_limit(client):
    client.put("/v1/limits/tool:calculate", json={"rate": 0.001, "burst": 1})
    try:
        body = {"arguments": {"expression": "1+1"}}
        assert client.post("/v1/tools/calculate/invoke", json=body).status_code == 200
        told = problem_of(client.post("/v1/tools/calculate/invoke", json=body), 429)
        assert told["code"] == "limit_reached"
    finally:
        client.delete("/v1/limits/tool:calculate")


def test_a_run_that_waits_for_a_limit_says_so(client):
    client.put("/v1/limits/tool:calculate", json={"rate": 0.001, "burst": 1})
    try:
        plan = {
            "subtasks": [{"id": i, "tool": "calculate", "arguments": {"expression": "1+1"}} for i in "ab"]
        }
        run = client.post("/v1/runs", json={"plan": plan}).json()["links"]["self"]
        end = time.monotonic() + 20
        while not (waiting := [s for s in client.get(run).json()["steps"] if s["status"] == "waiting"]):
            assert time.monotonic() < end
        asked = waiting[0]["waiting_on"]
        assert asked["reason"] == "limit"
        assert "tool:calculate" in asked["text"]
        assert asked["details"]["kind"] == "rate"
    finally:
        client.delete("/v1/limits/tool:calculate")
