"""Runs over REST, from acceptance to their end and back."""

from __future__ import annotations

import json
import uuid

import pytest

from tests.integration.api.following import done, follow, graph, step_until, submit, until

ADD = {"id": "a", "tool": "slow_add", "arguments": {"x": 1, "y": 2}}
THEN = {"id": "b", "tool": "slow_add", "arguments": {"x": {"ref": "a.sum"}, "y": 10}}


def test_a_graph_is_accepted_run_and_answered(client):
    accepted = submit(client, plan=graph(ADD, THEN), labels={"team": "red"})
    assert accepted["status"] == "planning"
    assert accepted["waiting_on"]["reason"] == "worker"
    run = done(client, accepted["id"])
    assert run["status"] == "succeeded"
    assert [step["status"] for step in run["steps"]] == ["succeeded", "succeeded"]
    assert [subtask["status"] for subtask in run["plan"]["subtasks"]] == ["succeeded", "succeeded"]
    assert run["result"]["text"] == "13"
    (output,) = run["result"]["outputs"]
    assert (output["name"], output["value"], output["subtask"]) == ("sum", 13, "b")
    assert run["steps"][0]["attempts"][0]["ending"] == "succeeded"
    assert run["quote"]["usd"] == "0"
    assert run["waiting_on"] is None
    assert run["created_at"].endswith("Z")
    assert client.get(run["links"]["plan"]).status_code == 200


def test_words_are_planned_offline_and_run(client):
    run = done(client, submit(client, request="Calculate 3*7")["id"])
    assert run["status"] == "succeeded"
    assert "21" in run["result"]["text"]
    assert run["plan"]["source"] == "offline"


def test_a_request_that_nothing_serves_fails_with_the_reason(client):
    run = done(client, submit(client, request="Paint my house green")["id"])
    assert run["status"] == "failed"
    assert run["error"]["code"] == "no_suitable_tool"
    assert run["result"] is None


def test_the_same_idempotency_key_makes_one_run(client):
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    body = {"plan": graph(ADD)}
    one = client.post("/v1/runs", json=body, headers=headers).json()
    two = client.post("/v1/runs", json=body, headers=headers).json()
    assert one["id"] == two["id"]
    other = client.post("/v1/runs", json={"plan": graph(ADD), "priority": 3}, headers=headers)
    assert other.status_code == 409
    assert other.json()["code"] == "idempotency_key_reused"


def test_a_failed_step_tells_its_error_and_what_was_skipped(client):
    refuse = {"id": "no", "tool": "refuse", "arguments": {"message": "never"}}
    run = done(
        client, submit(client, plan=graph(refuse, THEN | {"arguments": {"x": 1}, "needs": ["no"]}))["id"]
    )
    assert run["status"] == "failed"
    status = {step["subtask"]: step["status"] for step in run["steps"]}
    assert status == {"no": "failed", "b": "skipped"}
    assert "never" in str(run["error"])
    assert next(s for s in run["steps"] if s["subtask"] == "b")["cause"]


def test_cancelling_stops_the_call_in_flight(client):
    run_id = submit(client, plan=graph({"id": "h", "tool": "hang_in_process", "arguments": {}}))["id"]
    step_until(client, run_id, "h", "running")
    run = client.post(f"/v1/runs/{run_id}/cancel").raise_for_status().json()
    assert run["status"] == "cancelled"
    assert run["steps"][0]["status"] == "cancelled"
    assert follow(client, run_id)[-1]["name"] == "run.ended"
    assert client.post(f"/v1/runs/{run_id}/cancel").json()["status"] == "cancelled"


def test_an_ended_run_cannot_be_cancelled_paused_or_resumed(client):
    run_id = submit(client, plan=graph(ADD))["id"]
    done(client, run_id)
    for act in ("cancel", "pause", "resume"):
        reply = client.post(f"/v1/runs/{run_id}/{act}")
        assert reply.status_code == 409, act
        assert reply.json()["code"] == "conflict"


def test_a_paused_run_starts_nothing_and_goes_on_when_resumed(client):
    slow = {"id": "a", "tool": "slow_add", "arguments": {"x": 1, "y": 2, "seconds": 0.5}}
    run_id = submit(client, plan=graph(slow, THEN))["id"]
    step_until(client, run_id, "a", "running")
    paused = client.post(f"/v1/runs/{run_id}/pause").raise_for_status().json()
    assert paused["status"] == "paused"
    assert paused["waiting_on"]["reason"] == "paused"
    held = step_until(client, run_id, "a", "succeeded")
    assert held["status"] == "paused"
    assert next(s for s in held["steps"] if s["subtask"] == "b")["waiting_on"]["reason"] == "paused"
    client.post(f"/v1/runs/{run_id}/resume").raise_for_status()
    assert done(client, run_id)["result"]["text"] == "13"


def test_a_run_whose_last_call_ended_during_the_pause_ends_when_resumed(client):
    slow = {"id": "a", "tool": "slow_add", "arguments": {"x": 1, "seconds": 0.3}}
    run_id = submit(client, plan=graph(slow))["id"]
    step_until(client, run_id, "a", "running")
    client.post(f"/v1/runs/{run_id}/pause").raise_for_status()
    step_until(client, run_id, "a", "succeeded")
    assert client.post(f"/v1/runs/{run_id}/resume").json()["status"] == "succeeded"


def test_a_run_of_mode_plan_stops_and_starts_when_resumed(client):
    run_id = submit(client, plan=graph(ADD), mode="plan")["id"]
    planned = until(client, run_id, "planned")
    assert planned["waiting_on"]["reason"] == "start"
    assert planned["quote"] is not None
    assert planned["steps"] == []
    assert client.post(f"/v1/runs/{run_id}/resume").status_code == 200
    assert done(client, run_id)["result"]["text"] == "3"


def test_a_planned_run_starts_by_an_edited_plan_of_its_own_and_by_no_other(client):
    run_id = submit(client, plan=graph(ADD), mode="plan")["id"]
    own = until(client, run_id, "planned")["plan"]["id"]
    edits = [{"op": "arguments", "id": "a", "arguments": {"x": 40, "y": 2}}]
    edited = client.patch(f"/v1/plans/{own}", json={"edits": edits}).raise_for_status().json()["plan"]["id"]
    other = client.post("/v1/plans", json={"plan": graph(ADD)}).raise_for_status().json()["plan"]["id"]
    for strange in (other, "plan_none"):
        refused = client.post(f"/v1/runs/{run_id}/resume", json={"plan": strange})
        assert (refused.status_code, refused.json()["errors"][0]["path"]) == (422, "/plan")
    resumed = client.post(f"/v1/runs/{run_id}/resume", json={"plan": edited}).raise_for_status().json()
    assert resumed["plan"]["id"] == edited
    assert done(client, run_id)["result"]["text"] == "42"
    late = submit(client, plan=graph({**ADD, "arguments": {"x": 1, "seconds": 5}}))["id"]
    client.post(f"/v1/runs/{late}/pause").raise_for_status()
    assert client.post(f"/v1/runs/{late}/resume", json={"plan": edited}).status_code == 409


def test_retry_of_a_failed_run_keeps_what_is_done_and_makes_the_rest_anew(client):
    key = uuid.uuid4().hex
    flaky = {"id": "f", "tool": "flaky", "arguments": {"key": key, "failures": 4}, "needs": ["a"]}
    run_id = submit(client, plan=graph(ADD, flaky))["id"]
    failed = done(client, run_id)
    assert failed["status"] == "failed"
    seen = follow(client, run_id)[-1]["id"]
    client.post(f"/v1/runs/{run_id}/retry").raise_for_status()
    events = follow(client, run_id, last=str(seen - 1))
    assert "run.reopened" in {event["name"] for event in events}
    assert events[-1]["name"] == "run.ended"
    run = client.get(f"/v1/runs/{run_id}").json()
    assert run["status"] == "succeeded"
    add, again = run["steps"]
    assert (add["tries"], add["revision"]) == (1, 0)
    assert again["revision"] > 0
    assert again["output"] == {"calls": 5}


def test_retry_from_a_step_with_edits_runs_it_and_what_follows(client):
    free = {"id": "c", "tool": "echo", "arguments": {"value": "kept"}}
    run_id = submit(client, plan=graph(ADD, THEN, free))["id"]
    done(client, run_id)
    body = {"from_step": "a", "edits": {"y": 100}}
    reopened = client.post(f"/v1/runs/{run_id}/retry", json=body)
    assert reopened.status_code == 200, reopened.text
    run = done(client, run_id)
    steps = {step["subtask"]: step for step in run["steps"]}
    assert steps["b"]["output"] == {"sum": 111}
    assert steps["a"]["arguments"]["y"] == 100
    assert len(steps["a"]["attempts"]) == len(steps["b"]["attempts"]) == 2
    assert len(steps["c"]["attempts"]) == 1
    tried = client.get(f"/v1/runs/{run_id}/steps/b/exchanges").raise_for_status().json()["items"]
    told = [(json.loads(one["request"])["x"], json.loads(one["reply"])) for one in tried]
    assert told == [(3, {"sum": 13}), (101, {"sum": 111})]
    assert [one["attempt"] for one in tried] == [one["number"] for one in steps["b"]["attempts"]]
    assert client.get(f"/v1/runs/{run_id}/steps/z/exchanges").status_code == 404


def test_a_retry_that_cannot_be_is_refused(client):
    run_id = submit(client, plan=graph(ADD))["id"]
    done(client, run_id)
    retry = f"/v1/runs/{run_id}/retry"
    assert client.post(retry).status_code == 409
    for body, path in (
        ({"from_step": "zzz"}, "/from_step"),
        ({"edits": {"y": 1}}, "/from_step"),
        ({"from_step": "a", "edits": {"z": 1}}, "/edits/z"),
        ({"from_step": "a", "edits": {"y": "text"}}, "/edits/y"),
    ):
        reply = client.post(retry, json=body)
        assert reply.status_code == 422, body
        assert reply.json()["errors"][0]["path"] == path


def test_a_missing_value_is_asked_and_the_answer_lets_the_run_go_on(client):
    run_id = submit(client, request="Summarise the text in one sentence")["id"]
    asked = until(client, run_id, "needs_input", "failed", "succeeded")
    assert asked["status"] == "needs_input", asked["error"]
    (question,) = asked["questions"]
    assert asked["waiting_on"]["details"]["questions"] == [question["id"]]
    inbox = client.get("/v1/inbox", params={"limit": 200}).json()["items"]
    assert (run_id, question["id"]) in {(item["run"], item["question"]["id"]) for item in inbox}
    assert client.get("/v1/inbox/count").json() == {"waiting": len(inbox), "more": False}
    url = f"/v1/runs/{run_id}/answers"
    wrong = client.post(url, json={"answers": [{"id": question["id"], "value": 7}]})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["path"] == "/answers/0/value"
    unknown = client.post(url, json={"answers": [{"id": "q_none", "value": 7}]})
    assert unknown.json()["errors"][0]["path"] == "/answers/0/id"
    text = "The tide rises twice a day. Boats wait for it. Children build castles."
    good = client.post(url, json={"answers": [{"id": question["id"], "value": text}]})
    assert good.status_code == 200, good.text
    run = done(client, run_id)
    assert run["status"] == "succeeded", run["error"]
    assert run["result"]["text"].strip() in text
    assert client.post(url, json={"answers": [{"id": question["id"], "value": text}]}).status_code == 409


def test_a_plan_waits_for_its_approval(client):
    for approved, status in ((True, "succeeded"), (False, "cancelled")):
        run_id = submit(client, plan=graph(ADD), mode="approve")["id"]
        asked = until(client, run_id, "needs_input")
        (question,) = asked["questions"]
        assert question["kind"] == "plan_approval"
        answer = {"answers": [{"id": question["id"], "value": approved}]}
        client.post(f"/v1/runs/{run_id}/answers", json=answer).raise_for_status()
        assert done(client, run_id)["status"] == status


def test_a_plan_is_edited_before_it_is_approved(client):
    run_id = submit(client, plan=graph(ADD), mode="approve")["id"]
    asked = until(client, run_id, "needs_input")
    (question,) = asked["questions"]
    url = f"/v1/runs/{run_id}/answers"
    stranger = client.post("/v1/plans", json={"plan": graph(ADD)}).raise_for_status().json()["plan"]["id"]
    for unfit in (stranger, "plan_none"):
        refused = client.post(url, json={"answers": [{"id": question["id"], "value": {"plan": unfit}}]})
        assert refused.status_code == 422, refused.text
        assert [error["path"] for error in refused.json()["errors"]] == ["/answers/0/value/plan"]
    edit = {"edits": [{"op": "arguments", "id": ADD["id"], "arguments": {"x": 40, "y": 2}}]}
    first = client.patch(asked["links"]["plan"], json=edit).raise_for_status().json()["plan"]["id"]
    more = {"id": "more", "tool": "slow_add", "arguments": {"x": {"ref": f"{ADD['id']}.sum"}, "y": 1}}
    terms = {"budget": {"usd": "1.50", "seconds": 45}, "preference": {"alpha": 0.5}}
    body = {"edits": [{"op": "add", "subtask": more}]} | terms
    second = client.patch(f"/v1/plans/{first}", json=body).raise_for_status().json()["plan"]["id"]
    answer = {"answers": [{"id": question["id"], "value": {"plan": second}}]}
    client.post(url, json=answer).raise_for_status()
    run = done(client, run_id)
    assert (run["status"], run["result"]["text"]) == ("succeeded", "43"), run["error"]
    assert run["plan"]["id"] == second
    assert (run["budget"]["usd"], run["budget"]["seconds"]) == ("1.50", 45)
    assert run["preference"]["alpha"] == 0.5
    assert run["deadline_at"] is not None


def test_runs_are_listed_newest_first_in_pages_and_by_filter(client):
    label = uuid.uuid4().hex
    ids = [submit(client, plan=graph(ADD), labels={"batch": label, "n": str(n)})["id"] for n in range(5)]
    for run_id in ids:
        done(client, run_id)
    found, cursor = [], None
    while True:
        query = {"label": f"batch:{label}", "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/runs", params=query).raise_for_status().json()
        found += [run["id"] for run in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == ids[::-1]
    one = client.get("/v1/runs", params={"label": [f"batch:{label}", "n:3"]}).json()["items"]
    assert [run["id"] for run in one] == [ids[3]]
    assert one[0]["steps"] == {"succeeded": 1}
    none = client.get("/v1/runs", params={"label": f"batch:{label}", "status": "failed"}).json()
    assert none["items"] == []
    since = client.get("/v1/runs", params={"label": f"batch:{label}", "since": "2999-01-01T00:00:00Z"}).json()
    assert since["items"] == []


def test_many_runs_are_cancelled_at_once(client):
    label = uuid.uuid4().hex
    hang = graph({"id": "h", "tool": "hang", "arguments": {}})
    ids = [submit(client, plan=hang, labels={"batch": label})["id"] for _ in range(3)]
    finished = submit(client, plan=graph(ADD), labels={"batch": label})["id"]
    done(client, finished)
    body = {"action": "cancel", "filter": {"labels": {"batch": label}}}
    told = client.post("/v1/runs/bulk", json=body).raise_for_status().json()
    assert set(told["done"]) == set(ids)
    assert [one["id"] for one in told["refused"]] == [finished]
    assert all(client.get(f"/v1/runs/{run_id}").json()["status"] == "cancelled" for run_id in ids)


def test_named_runs_are_cancelled_and_to_do_it_again_does_no_harm(client):
    hang = graph({"id": "h", "tool": "hang", "arguments": {}})
    ids = [submit(client, plan=hang)["id"] for _ in range(2)]
    body = {"action": "cancel", "ids": [*ids, ids[0], "run_none"]}
    for _ in range(2):
        told = client.post("/v1/runs/bulk", json=body).raise_for_status().json()
        assert told["done"] == ids
        assert [one["id"] for one in told["refused"]] == ["run_none"]
        assert told["more"] is False


@pytest.mark.parametrize("body", [{}, {"ids": []}, {"ids": ["x"] * 1_001}, {"ids": ["x"], "filter": {}}])
def test_a_bulk_act_is_for_ids_or_for_a_filter(client, body):
    assert client.post("/v1/runs/bulk", json={"action": "cancel"} | body).status_code == 422


def test_runs_are_found_by_time_cost_and_stillness(client):
    label = uuid.uuid4().hex
    hang = graph({"id": "h", "tool": "hang", "arguments": {}})
    moving = submit(client, plan=hang, labels={"batch": label})["id"]
    ended = submit(client, plan=graph(ADD), labels={"batch": label})["id"]
    done(client, ended)

    def found(**asked) -> list[str]:
        page = client.get("/v1/runs", params={"label": f"batch:{label}", **asked}).raise_for_status().json()
        return [line["id"] for line in page["items"]]

    assert found() == [ended, moving]
    assert found(until="2999-01-01T00:00:00Z") == [ended, moving]
    assert found(until="2001-01-01T00:00:00Z") == []
    assert found(finished_since="2001-01-01T00:00:00Z") == [ended]
    assert found(quiet=0) == [moving]
    assert found(quiet=3600) == []
    assert found(retrying="true") == []
    assert found(usd_until="1") == [ended, moving]
    assert found(usd_from="1000000") == []
    client.post(f"/v1/runs/{moving}/cancel")


@pytest.mark.parametrize("asked", [{"usd_from": "much"}, {"quiet": "-1"}, {"unknown": "1"}, {"limit": "0"}])
def test_a_filter_that_cannot_be_is_refused_by_name(client, asked):
    reply = client.get("/v1/runs", params=asked)
    assert reply.status_code == 422
    assert next(iter(asked)) in reply.text


def test_two_runs_and_a_quote_are_compared(client):
    one = submit(client, plan=graph(ADD))["id"]
    other = submit(client, plan=graph(ADD | {"arguments": {"x": 5, "y": 5}}))["id"]
    done(client, one)
    done(client, other)
    told = client.get(f"/v1/runs/{one}/diff/{other}").raise_for_status().json()
    assert told["outputs"] == {"a.sum": {"one": 3, "other": 10}}
    assert told["plan"] == {"added": [], "removed": [], "changed": {}}
    (subtask,) = told["subtasks"]
    assert [subtask[side]["calls"][0]["arguments"]["y"] for side in ("one", "other")] == [2, 5]
    assert subtask["why"] == []
    quote = client.get(f"/v1/runs/{one}/diff/quote").raise_for_status().json()
    assert quote["wall_seconds"]["actual"] > 0
    (met,) = quote["subtasks"]
    assert met["quoted"]["tools"] == [call["tool"] for call in met["taken"]["calls"]] == ["slow_add"]
    assert met["taken"]["seconds"] > 0


def test_a_run_explains_its_path(client):
    run_id = submit(
        client, plan=graph({"id": "a", "goal": "add numbers", "tool": "slow_add", "arguments": {"x": 1}})
    )
    told = client.get(f"/v1/runs/{run_id['id']}/explain")
    if told.status_code == 422:  # the plan is not made yet
        done(client, run_id["id"])
        told = client.get(f"/v1/runs/{run_id['id']}/explain")
    body = told.raise_for_status().json()
    assert body["chosen"]["choices"].keys() == {"a"}
    assert {other["alpha"] for other in body["alternatives"]} == {0, 0.5, 1, 2}


def test_a_run_that_has_ended_is_judged_and_its_stream_ends_behind_that(client):
    run_id = submit(client, plan=graph(ADD))["id"]
    done(client, run_id)
    last = follow(client, run_id)[-1]
    said = {"verdict": "good", "steps": [{"step": "a", "quality": 0.25, "comment": "off by one"}]}
    run = client.post(f"/v1/runs/{run_id}/feedback", json=said).raise_for_status().json()
    whole, step = sorted(run["feedback"], key=lambda one: one["step"] or "")
    assert (whole["quality"], whole["by"], whole["attempt"]) == (1.0, None, None)
    assert (step["step"], step["comment"], step["attempt"]) == ("a", "off by one", 1)
    assert run["steps"][0]["verdict"] == {"quality": 0.25, "source": "person", "detail": "off by one"}
    names = [event["name"] for event in follow(client, run_id, last=str(last["id"]))]
    assert names == ["feedback.given", "feedback.given"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"comment": "words alone"},
        {"verdict": "good", "quality": 1},
        {"steps": [{"step": "a"}]},
        {"rating": 5},
    ],
)
def test_feedback_that_judges_nothing_is_refused(client, body):
    run_id = submit(client, plan=graph(ADD))["id"]
    assert client.post(f"/v1/runs/{run_id}/feedback", json=body).status_code == 422


def test_a_run_that_could_not_be_planned_is_planned_again_on_retry(client):
    run_id = submit(client, request="Paint my house green")["id"]
    done(client, run_id)
    assert client.post(f"/v1/runs/{run_id}/retry").json()["status"] == "planning"
    run = done(client, run_id)
    assert run["status"] == "failed"
    names = [event["name"] for event in follow(client, run_id)]
    assert names.count("run.ended") == 2
    assert "run.reopened" in names
