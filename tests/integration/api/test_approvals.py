"""Approval of calls by rule, over REST."""

from __future__ import annotations

import httpx2
import pytest

from tests.integration.api.following import graph, step_until, submit, until

ADD = {"id": "a", "goal": "add", "tool": "slow_add", "arguments": {"x": 1, "y": 2}}


def _asked(client: httpx2.Client, run_id: str) -> dict:
    step_until(client, run_id, "a", "waiting")
    items = client.get("/v1/inbox").json()["items"]
    (question,) = [item["question"] for item in items if item["run"] == run_id]
    return question


def _answer(client: httpx2.Client, run_id: str, question: dict, value: object) -> httpx2.Response:
    body = {"answers": [{"id": question["id"], "value": value}]}
    return client.post(f"/v1/runs/{run_id}/answers", json=body)


def test_a_call_is_made_once_it_is_approved(client):
    run = submit(client, plan=graph(ADD), approve=[{"tool": "slow_*"}])
    question = _asked(client, run["id"])
    assert question["kind"] == "step_approval"
    assert question["detail"]["arguments"] == {"x": 1, "y": 2}
    assert question["detail"]["rule"] == "tool is slow_*"
    waiting = client.get(f"/v1/runs/{run['id']}").json()["steps"][0]["waiting_on"]
    assert waiting["reason"] == "person"
    assert _answer(client, run["id"], question, "perhaps").status_code == 422
    assert _answer(client, run["id"], question, "approve").is_success
    ended = until(client, run["id"], "succeeded")
    assert ended["steps"][0]["output"]["sum"] == 3


def test_arguments_are_edited_with_the_approval(client):
    run = submit(client, plan=graph(ADD), approve=[{"effect": "read"}])
    question = _asked(client, run["id"])
    refused = _answer(client, run["id"], question, {"arguments": {"x": "many"}})
    assert refused.status_code == 422
    assert _answer(client, run["id"], question, {"arguments": {"x": 40}}).is_success
    assert until(client, run["id"], "succeeded")["steps"][0]["output"]["sum"] == 42


def test_a_call_that_is_rejected_is_not_made(client):
    run = submit(client, plan=graph(ADD), approve=[{}])
    question = _asked(client, run["id"])
    assert _answer(client, run["id"], question, "reject").is_success
    ended = until(client, run["id"], "failed")
    assert ended["steps"][0]["error"]["code"] == "not_approved"
    assert ended["steps"][0]["attempts"] == []


def test_a_rule_for_nothing_that_happens_holds_nothing_up(client):
    run = submit(
        client, plan=graph(ADD), approve=[{"effect": "once"}, {"usd_over": "0.50"}, {"tool": "send_*"}]
    )
    assert until(client, run["id"], "succeeded")["questions"] == []


def test_a_rule_that_is_none_is_refused_with_its_place(client):
    reply = client.post("/v1/runs", json={"plan": graph(ADD), "approve": [{"colour": "red"}]})
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["path"].startswith("/approve/0")


@pytest.mark.parametrize(("default", "end"), [("approve", "succeeded"), ("reject", "cancelled")])
def test_a_plan_that_nobody_approves_in_time_gets_the_default_answer(client, default, end):
    run = submit(client, plan=graph(ADD), mode="approve", approval_timeout=0.2, approval_default=default)
    ended = until(client, run["id"], end)
    (question,) = ended["questions"]
    assert question["answer"] is (default == "approve")
    assert question["expires_at"] is not None


def test_a_rule_without_a_time_takes_that_of_its_run(client):
    run = submit(client, plan=graph(ADD), approve=[{}], approval_timeout=0.2, approval_default="approve")
    ended = until(client, run["id"], "succeeded")
    assert [question["answer"] for question in ended["questions"]] == ["approve"]
    for wrong in ({"approval_timeout": 0}, {"approval_default": "perhaps"}):
        assert client.post("/v1/runs", json={"plan": graph(ADD)} | wrong).status_code == 422
