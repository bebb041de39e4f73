"""Plans without a run: made, edited, quoted anew, and run as they stand."""

from __future__ import annotations

import pytest

from tests.integration.api.following import done, graph

TEXT = "The tide rises twice a day. Boats wait for it. Children build castles. Gulls follow the boats home."


@pytest.fixture(scope="module")
def made(service) -> dict:
    with service.client() as client:
        body = {"request": f'Summarise the text "{TEXT}" in two sentences'}
        reply = client.post("/v1/plans", json=body)
        assert reply.status_code == 201, reply.text
        return reply.json()


def test_a_plan_comes_with_checks_quote_path_and_explanation(made):
    assert made["plan"]["source"] == "offline"
    assert all(check["passed"] for check in made["plan"]["checks"])
    (subtask,) = made["plan"]["subtasks"]
    assert len(subtask["options"]) >= 2
    assert made["path"]["choices"].keys() == {subtask["id"]}
    assert 0 < made["quote"]["quality"] <= 1
    assert made["explain"]["front"]


def test_a_stored_plan_is_read_back(client, made):
    read = client.get(f"/v1/plans/{made['plan']['id']}").raise_for_status().json()
    assert read["plan"] == made["plan"]
    assert read["path"] == made["path"]
    assert read["request"].startswith("Summarise the text")
    assert read["inputs"] == {}


def test_another_preference_is_quoted_without_planning(client, made):
    url = f"/v1/plans/{made['plan']['id']}/quote"
    quality = client.post(url, json={"preference": {"alpha": 0}}).raise_for_status().json()
    cost = (
        client.post(url, json={"preference": {"alpha": 2, "cost": {"second": 1}}}).raise_for_status().json()
    )
    assert quality["quote"]["quality"] >= cost["quote"]["quality"]
    assert float(cost["quote"]["tool_seconds"]) <= float(quality["quote"]["tool_seconds"])
    assert quality["front"]
    tight = client.post(url, json={"budget": {"min_quality": 0.9999}})
    assert tight.status_code == 422
    assert tight.json()["code"] == "budget_too_small"
    assert tight.json()["cheapest"]


def test_a_quote_says_why_when_asked(client, made):
    url = f"/v1/plans/{made['plan']['id']}/quote"
    assert client.post(url, json={}).json()["explain"] is None
    told = client.post(url, json={"explain": True}).json()
    assert told["explain"]["chosen"]["choices"] == told["path"]["choices"]


def test_a_tool_is_left_out_of_the_quote_and_of_what_then_runs(client, made):
    url = f"/v1/plans/{made['plan']['id']}"
    ((subtask, chosen),) = made["path"]["choices"].items()
    terms = {"tools": {"exclude": [chosen]}, "preference": {"alpha": 0.2}}
    other = client.post(f"{url}/quote", json=terms).raise_for_status().json()
    assert other["path"]["choices"][subtask] != chosen
    assert chosen not in [option["id"] for option in other["subtasks"][0]["options"]]
    options = [option["id"] for option in made["plan"]["subtasks"][0]["options"]]
    nothing = client.post(f"{url}/quote", json={"tools": {"exclude": options}})
    assert (nothing.status_code, nothing.json()["code"]) == (422, "plan_rejected")
    assert [error["subtask"] for error in nothing.json()["errors"]] == [subtask]
    unknown = client.post(f"{url}/quote", json={"tools": {"include": ["no_such_tool"]}})
    assert [error["path"] for error in unknown.json()["errors"]] == ["/tools/include/0"]

    reply = client.post(f"{url}/runs", json=terms | {"labels": {"by": "terms"}}).raise_for_status().json()
    run = done(client, reply["id"])
    assert run["status"] == "succeeded", run["error"]
    assert run["path"]["choices"] == other["path"]["choices"]
    assert run["tools"]["exclude"] == [chosen]
    assert run["preference"]["alpha"] == 0.2
    version = client.get(run["links"]["plan"]).json()
    assert version["parent"] == made["plan"]["id"]
    assert version["tools"]["exclude"] == [chosen]
    explained = client.get(run["links"]["explain"]).json()
    assert explained["chosen"]["choices"] == run["path"]["choices"]


def test_terms_that_no_path_meets_start_no_run(client, made):
    url = f"/v1/plans/{made['plan']['id']}/runs"
    reply = client.post(url, json={"budget": {"min_quality": 0.9999}})
    assert (reply.status_code, reply.json()["code"]) == (422, "budget_too_small")


def test_exactly_the_plan_is_run(client, made):
    reply = client.post(f"/v1/plans/{made['plan']['id']}/runs", json={"labels": {"from": "plan"}})
    assert reply.status_code == 202
    run = done(client, reply.json()["id"])
    assert run["status"] == "succeeded", run["error"]
    assert run["plan"]["id"] == made["plan"]["id"]
    assert run["path"]["choices"] == made["path"]["choices"]
    assert run["labels"] == {"from": "plan"}


def test_an_edit_makes_a_new_plan_and_that_is_what_runs(client):
    add = {"id": "a", "goal": "add", "tool": "slow_add", "arguments": {"x": 1, "y": 2}}
    first = client.post("/v1/plans", json={"plan": graph(add)}).raise_for_status().json()
    url = f"/v1/plans/{first['plan']['id']}"
    edits = [
        {"op": "arguments", "id": "a", "arguments": {"y": 40}},
        {"op": "reword", "id": "a", "goal": "sum"},
    ]
    terms = {"budget": {"seconds": 50}, "tools": {"include": ["tag:scripted"]}}
    edited = client.patch(url, json={"edits": edits} | terms)
    assert edited.status_code == 200, edited.text
    new = edited.json()
    assert new["parent"] == first["plan"]["id"]
    assert new["plan"]["source"] == "edited"
    assert (new["budget"]["seconds"], new["tools"]["include"]) == (50, ["tag:scripted"])
    assert client.get(url).json()["plan"] == first["plan"]
    run = client.post(f"/v1/plans/{new['plan']['id']}/runs").json()
    assert done(client, run["id"])["result"]["text"] == "41"


def test_a_wrong_edit_is_refused_with_its_place(client, made):
    url = f"/v1/plans/{made['plan']['id']}"
    for edits, path in (
        ([{"op": "fly"}], "/edits/0/op"),
        ([{"op": "remove", "id": "none"}], "/edits/0/id"),
        ([], "/edits"),
    ):
        reply = client.patch(url, json={"edits": edits})
        assert reply.status_code == 422, reply.text
        assert any(error["path"] == path for error in reply.json()["errors"]), reply.text


def test_what_cannot_be_planned_says_why(client):
    nothing = client.post("/v1/plans", json={"request": "Paint my house green"})
    assert (nothing.status_code, nothing.json()["code"]) == (422, "no_suitable_tool")
    open_question = client.post("/v1/plans", json={"request": "Summarise the text in one sentence"})
    assert open_question.status_code == 422
    assert open_question.json()["errors"]
    given = graph({"id": "a", "goal": "x", "tool": "slow_add", "arguments": {"x": "word"}})
    wrong = client.post("/v1/plans", json={"plan": given})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "plan_rejected")
