"""Going on without paying twice, over REST: what is taken instead of calling, and what is called anew."""

from __future__ import annotations

import uuid

import httpx2
import pytest

from tests.integration.api.conftest import Service
from tests.integration.api.following import done, follow, graph, step_until, submit

NUMBER = {"type": "number"}
A = {"id": "a", "tool": "slow_add", "arguments": {"x": 1, "y": 2, "seconds": 0}}
B = {"id": "b", "tool": "count_calls", "arguments": {"key": "", "failures": 0}, "needs": ["a"]}


def _counting(name: str, **more) -> dict:
    """A tool that tells how often it has been called with its key."""
    return {
        "name": name,
        "summary": "Counts its calls.",
        "kind": "python",
        "python": {"function": "tools.testing_functions:flaky"},
        "runs": "loop",
        "input_schema": {
            "type": "object",
            "properties": {"key": {"type": "string"}, "failures": NUMBER, "about": {}},
            "required": ["key"],
        },
        "output_schema": {"type": "object", "properties": {"calls": {"type": "integer"}}},
        "price": {"per_call": "0.05"},
    } | more


@pytest.fixture(scope="module")
def client(service: Service):
    with service.client() as client:
        for name, more in (
            ("count_calls", {}),
            ("count_cached", {"cache": {"scope": "all", "max_age": 600}}),
            ("count_once", {"effect": "once"}),
        ):
            assert client.post("/v1/tools", json=_counting(name, **more)).status_code == 201
        yield client


def _chain(tool: str) -> dict:
    """ "b" is called with a key of its own and the sum of "a"."""
    key = {"id": "k", "tool": "echo", "arguments": {"value": uuid.uuid4().hex}}
    ending = {
        "id": "b",
        "tool": tool,
        "arguments": {"key": {"ref": "k.value"}, "failures": {"ref": "a.sum"}},
    }
    return graph(key, A | {"arguments": {"x": 0, "y": 0, "seconds": 0}}, ending)


def _steps(run: dict) -> dict:
    return {step["subtask"]: step for step in run["steps"]}


def _retry(client: httpx2.Client, run_id: str, **body) -> dict:
    client.post(f"/v1/runs/{run_id}/retry", json=body).raise_for_status()
    return done(client, run_id)


def test_a_step_that_would_make_the_same_call_takes_the_result_it_has(client):
    run_id = submit(client, plan=_chain("count_calls"), budget={"usd": "0.05"})["id"]
    assert done(client, run_id)["status"] == "succeeded"
    run = _retry(client, run_id, from_step="a", edits={"x": 3, "y": -3})
    assert run["status"] == "succeeded", run["error"]
    steps = _steps(run)
    assert steps["a"]["arguments"]["x"] == 3
    assert steps["a"]["reused_from"] is None
    assert steps["b"]["output"] == {"calls": 1}
    assert len(steps["b"]["attempts"]) == 2
    assert steps["b"]["attempts"][1]["usd"] == "0"
    source = steps["b"]["reused_from"]
    assert (source["run"], source["step"]) == (run_id, "b")
    assert run["spend"]["usd"] == "0.05"
    assert run["spend"]["reserved_usd"] == "0"
    last = [e["data"] for e in follow(client, run_id) if e["name"] == "step.succeeded"][-1]
    assert (last["usd"], last["reused_from"]["step"]) == ("0", "b")


def test_a_step_whose_call_has_changed_is_called(client):
    run_id = submit(client, plan=_chain("count_calls"))["id"]
    done(client, run_id)
    ended = _retry(client, run_id, from_step="a", edits={"x": -1})
    again = _steps(ended)["b"]
    assert (again["output"], again["reused_from"]) == ({"calls": 2}, None)
    assert ended["spend"]["usd"] == "0.1"


def test_the_step_that_is_named_is_called_in_any_case(client):
    run_id = submit(client, plan=_chain("count_calls"))["id"]
    done(client, run_id)
    assert _steps(_retry(client, run_id, from_step="b"))["b"]["output"] == {"calls": 2}


def test_a_call_that_is_made_once_waits_for_a_person_unless_it_is_the_same(client):
    run_id = submit(client, plan=_chain("count_once"))["id"]
    done(client, run_id)
    same = _steps(_retry(client, run_id, from_step="a"))["b"]
    assert (same["output"], same["reused_from"]["step"]) == ({"calls": 1}, "b")
    client.post(f"/v1/runs/{run_id}/retry", json={"from_step": "a", "edits": {"x": -1}}).raise_for_status()
    waiting = _steps(step_until(client, run_id, "b", "waiting"))["b"]["waiting_on"]
    assert waiting["reason"] == "person"
    (id,) = waiting["details"]["questions"]
    inbox = client.get("/v1/inbox").json()["items"]
    (asked,) = [item["question"] for item in inbox if item["run"] == run_id]
    assert asked["detail"]["arguments"]["failures"] == -1
    body = {"answers": [{"id": id, "value": "approve"}]}
    client.post(f"/v1/runs/{run_id}/answers", json=body).raise_for_status()
    assert _steps(done(client, run_id))["b"]["output"] == {"calls": 2}


@pytest.mark.parametrize(
    ("body", "path", "said"),
    [
        ({"from_step": "aa"}, "/from_step", "nearest: a"),
        ({"from_step": "a", "edits": {"secnds": 1}}, "/edits/secnds", "nearest: seconds"),
        ({"from_step": "a", "edits": {"x": {"ref": "c.sum"}}}, "/edits/x", "'c' has no result"),
        ({"from_step": "a", "edits": {"x": {"ref": "b.sum"}}}, "/edits/x", "'b' has no result that stays"),
        ({"from_step": "a", "edits": {"x": {"ref": "nothing"}}}, "/edits/x", "not of the form"),
        ({"from_step": "a", "edits": {"x": "many"}}, "/edits/x", ""),
    ],
)
def test_a_retry_of_what_is_not_there_names_what_is(client, body, path, said):
    then = {"id": "b", "tool": "echo", "arguments": {"value": {"ref": "a.sum"}}}
    run_id = submit(client, plan=graph(A, then))["id"]
    done(client, run_id)
    reply = client.post(f"/v1/runs/{run_id}/retry", json=body)
    assert reply.status_code == 422
    (error,) = reply.json()["errors"]
    assert error["path"] == path
    assert said in error["detail"]
    assert client.get(f"/v1/runs/{run_id}").json()["status"] == "succeeded", "nothing has begun"


def _count(client: httpx2.Client, key: str, tool: str = "count_cached", **request) -> dict:
    subtask = {"id": "c", "tool": tool, "arguments": {"key": key, "failures": 0}}
    run = done(client, submit(client, plan=graph(subtask), **request)["id"])
    assert run["status"] == "succeeded", run["error"]
    (step,) = run["steps"]
    return {"run": run["id"], **step}


def test_a_result_of_a_tool_with_a_cache_is_used_again_by_other_runs(client):
    key = uuid.uuid4().hex
    before = client.get("/v1/tools/count_cached/beliefs").json()
    first = _count(client, key)
    learned = client.get("/v1/tools/count_cached/beliefs").json()
    assert learned != before
    again = _count(client, key)
    assert again["output"] == {"calls": 1}
    assert (again["usd"], again["reused_from"]["run"], again["reused_from"]["step"]) == (
        "0",
        first["run"],
        "c",
    )
    assert client.get("/v1/tools/count_cached/beliefs").json() == learned
    fresh = _count(client, key, cache="refresh")
    assert (fresh["output"], fresh["reused_from"]) == ({"calls": 2}, None)
    assert _count(client, key)["output"] == {"calls": 2}, "what was fetched anew has taken its place"
    assert _count(client, key, cache="off")["output"] == {"calls": 3}
    assert _count(client, key)["output"] == {"calls": 2}, "what was fetched aside is not kept"
    assert _count(client, uuid.uuid4().hex)["reused_from"] is None


def test_a_tool_without_a_cache_is_called_each_time(client):
    key = uuid.uuid4().hex
    assert [_count(client, key, "count_calls")["output"]["calls"] for _ in range(2)] == [1, 2]


def test_only_tools_that_change_nothing_may_have_a_cache(client):
    record = _counting("no_cache", effect="idempotent", cache={"scope": "all", "max_age": 60})
    reply = client.post("/v1/tools", json=record)
    assert (reply.status_code, reply.json()["errors"][0]["path"]) == (422, "/cache")
    assert client.get("/v1/tools/count_cached").json()["cache"] == {"scope": "all", "max_age": 600.0}


def test_a_result_whose_file_is_gone_is_not_used(client, service):
    record = {
        "name": "shout_cached",
        "summary": "Shouts.",
        "kind": "python",
        "python": {"function": "tools.testing_functions:shout"},
        "input_schema": client.get("/v1/tools/shout").json()["input_schema"],
        "output_schema": client.get("/v1/tools/shout").json()["output_schema"],
        "cache": {"scope": "all", "max_age": 600},
    }
    assert client.post("/v1/tools", json=record).status_code == 201
    words = f"hello {uuid.uuid4().hex}".encode()
    file = client.post("/v1/artifacts", files={"file": ("x.txt", words, "text/plain")}).json()["id"]
    subtask = {"id": "s", "tool": "shout_cached", "arguments": {"document": {"artifact": file}}}

    def shout() -> dict:
        run = done(client, submit(client, plan=graph(subtask))["id"])
        assert run["status"] == "succeeded", run["error"]
        return run["steps"][0]

    made = shout()["output"]["document"]["artifact"]
    assert shout()["reused_from"] is not None
    service.services.artifacts.path(made).unlink()
    assert shout()["reused_from"] is None
