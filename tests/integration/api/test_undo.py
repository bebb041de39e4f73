"""Undoing over REST: asked for with the run, followed in its stream, shown with its steps."""

from __future__ import annotations

from tests.integration.api.following import done, follow, submit

VALUE = {"value": {"type": "string"}}


def _tool(client, name: str, **more) -> dict:
    record = {
        "name": name,
        "summary": f"The tool {name}, which echoes its value.",
        "kind": "python",
        "runs": "loop",
        "input_schema": {"type": "object", "properties": VALUE},
        "output_schema": {"type": "object", "properties": VALUE},
        "python": {"function": "tools.testing_functions:echo"},
    } | more
    reply = client.post("/v1/tools", json=record)
    assert reply.status_code == 201, reply.text
    return reply.json()


def _hints(registered: dict) -> list[str]:
    return [hint["hint"] for hint in registered["quality"] if hint["field"] == "undo"]


def test_a_run_that_fails_undoes_what_it_did_and_its_stream_ends_after_that(client):
    early = _tool(client, "book_room", effect="idempotent", undo="free_room")
    assert "no tool named 'free_room' yet" in _hints(early)[0]
    _tool(client, "free_room", effect="idempotent")
    subtasks = [
        {"id": "book", "tool": "book_room", "arguments": {"value": "room 7"}},
        {"id": "no", "tool": "refuse", "arguments": {"message": "never"}, "needs": ["book"]},
    ]
    run = submit(client, plan={"subtasks": subtasks}, on_failure="undo")
    assert (run["on_failure"], run["compensation"]) == ("undo", None)
    names = [event["name"] for event in follow(client, run["id"])]
    assert names[-3:] == ["undo.started", "undo.succeeded", "run.ended"]
    ended = done(client, run["id"])
    assert ended["status"] == "failed"
    assert ended["compensation"]["status"] == "done"
    (undo,) = ended["compensation"]["steps"]
    assert (undo["step"], undo["tool"], undo["status"]) == ("book", "free_room", "succeeded")
    assert (undo["arguments"], undo["output"]) == ({"value": "room 7"}, {"value": "room 7"})


def test_a_failed_undo_is_in_the_inbox_and_answered_there(client):
    refused = {"python": {"function": "tools.testing_functions:refuse"}}
    fields = {"input_schema": {"type": "object", "properties": {"message": {"type": "string"}}}}
    _tool(client, "cannot_free", effect="idempotent", **refused, **fields)
    _tool(client, "book_desk", effect="idempotent", undo="cannot_free")
    subtasks = [
        {"id": "book", "tool": "book_desk", "arguments": {"value": "desk"}},
        {"id": "no", "tool": "refuse", "arguments": {"message": "never"}, "needs": ["book"]},
    ]
    ended = done(client, submit(client, plan={"subtasks": subtasks}, on_failure="undo")["id"])
    assert (ended["status"], ended["compensation"]["status"]) == ("failed", "needs_input")
    assert ended["waiting_on"]["reason"] == "questions"
    (item,) = [i for i in client.get("/v1/inbox").json()["items"] if i["run"] == ended["id"]]
    assert item["question"]["kind"] == "undo_failed"
    answers = {"answers": [{"id": item["question"]["id"], "value": "done"}]}
    reply = client.post(f"/v1/runs/{ended['id']}/answers", json=answers)
    assert reply.status_code == 200, reply.text
    ended = done(client, ended["id"])
    assert ended["compensation"]["status"] == "done"
    assert ended["compensation"]["steps"][0]["status"] == "by_hand"


def test_an_undo_that_can_never_be_filled_is_said_at_registration(client):
    needs = {"type": "object", "properties": {"ticket": {"type": "string"}}, "required": ["ticket"]}
    _tool(client, "needs_ticket", input_schema=needs)
    hints = _hints(_tool(client, "no_ticket", effect="once", undo="needs_ticket"))
    assert "ticket" in hints[0]
    assert "nothing to undo" in _hints(_tool(client, "reads", undo="needs_ticket"))[0]
