"""What servers of MCP ask of persons, from the inbox to the call that is made again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from orchestrator.settings import McpServerSetting, Settings
from tests.integration.api.conftest import serving
from tests.integration.api.following import done, follow, following, submit, until

HERE = Path(__file__).parents[1] / "tools" / "mcp"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx2.Client, Path]]:
    folder = tmp_path_factory.mktemp("asking")
    servers = {
        name: McpServerSetting(
            command=sys.executable, args=(str(HERE / f"{name}_server.py"), str(folder / name))
        )
        for name in ("odd", "old")
    }
    settings = Settings(data_dir=folder / "data", port=0, processes=1, mcp_servers=servers)
    with serving(settings) as running, running.client() as client:
        for name in servers:
            reply = client.post("/v1/tools/import/mcp", json={"server": name})
            assert reply.status_code == 200, reply.text
        yield client, folder


@pytest.fixture
def client(world: tuple[httpx2.Client, Path]) -> httpx2.Client:
    return world[0]


@pytest.fixture
def folder(world: tuple[httpx2.Client, Path]) -> Path:
    """Where the servers leave their notes; without those of other tests."""
    for notes in (world[1] / "old", world[1] / "old.visited", world[1] / "odd.log"):
        notes.unlink(missing_ok=True)
    return world[1]


def begun(client: httpx2.Client, tool: str, **more: Any) -> str:
    """A run of one call, once it waits for a person."""
    arguments = more.pop("arguments", {})
    plan = {"subtasks": [{"id": "a", "tool": tool, "arguments": arguments}]}
    run_id: str = submit(client, plan=plan, **more)["id"]
    return run_id


def asked(client: httpx2.Client, run_id: str) -> dict[str, Any]:
    """The run, and what it asks now, once it does."""
    run = until(client, run_id, "needs_input")
    run["open"] = [one for one in run["questions"] if one["answered_at"] is None]
    return run


def answer(client: httpx2.Client, run_id: str, *given: tuple[str, Any]) -> httpx2.Response:
    answers = [{"id": id, "value": value} for id, value in given]
    return client.post(f"/v1/runs/{run_id}/answers", json={"answers": answers})


def test_a_form_is_a_question_with_typed_fields(client: httpx2.Client, folder: Path) -> None:
    run_id = begun(client, "odd_paint", arguments={"wall": "north"})
    run = asked(client, run_id)
    (question,) = run["open"]
    assert (question["kind"], question["subtask"]) == ("tool_asks", "a")
    assert question["text"] == "a: odd_paint asks: Which colour for north?"
    form, refusals = question["schema"]["anyOf"]
    assert form["properties"]["colour"]["enum"] == ["red", "blue"]
    assert refusals == {"enum": ["decline", "cancel"]}
    assert question["detail"] == {
        "tool": "odd_paint",
        "arguments": {"wall": "north"},
        "mode": "form",
        "default": None,
    }
    assert run["waiting_on"]["reason"] == "questions"
    (step,) = run["steps"]
    assert (step["status"], step["waiting_on"]["reason"]) == ("waiting", "person")
    (item,) = client.get("/v1/inbox").json()["items"]
    assert (item["run"], item["question"]["id"]) == (run_id, question["id"])

    wrong = answer(client, run_id, (question["id"], {"colour": "green", "number": "no"}))
    assert wrong.status_code == 422
    assert {one["path"] for one in wrong.json()["errors"]} == {
        "/answers/0/value/colour",
        "/answers/0/value/number",
    }
    assert answer(client, run_id, (question["id"], {"colour": "red"})).status_code == 200
    events = follow(client, run_id)
    run = client.get(f"/v1/runs/{run_id}").json()
    assert run["status"] == "succeeded", run["error"]
    assert run["result"]["outputs"][0]["value"] == "painted north red"
    assert [one["ending"] for one in run["steps"][0]["attempts"]] == ["asked", "succeeded"]
    assert Path(f"{folder}/odd.log").read_text() == "wall north: red 7\n"
    names = [event["name"] for event in events]
    order = ["question.asked", "question.answered", "step.succeeded", "run.ended"]
    assert [name for name in names if name in order] == order
    assert answer(client, run_id, (question["id"], {"colour": "blue"})).status_code == 409


def test_an_older_server_asks_again_and_is_answered_at_once(client: httpx2.Client, folder: Path) -> None:
    run_id = begun(client, "old_names")
    (first,) = asked(client, run_id)["open"]
    assert first["text"].endswith("Who is it for?")
    assert answer(client, run_id, (first["id"], {"name": "A"})).status_code == 422
    assert answer(client, run_id, (first["id"], {"name": "Ann"})).status_code == 200
    (second,) = asked(client, run_id)["open"]
    assert second["text"].endswith("And who goes with Ann?")
    assert answer(client, run_id, (second["id"], {"name": "Bob"})).status_code == 200
    run = done(client, run_id)
    assert run["status"] == "succeeded", run["error"]
    assert (folder / "old").read_text() == "Ann and Bob\n"
    assert [one["ending"] for one in run["steps"][0]["attempts"]] == ["asked", "asked", "succeeded"]


@pytest.mark.parametrize("word", ["decline", "cancel"])
def test_who_gives_no_answer_fails_the_call(client: httpx2.Client, folder: Path, word: str) -> None:
    run_id = begun(client, "old_names")
    (question,) = asked(client, run_id)["open"]
    assert answer(client, run_id, (question["id"], word)).status_code == 200
    run = done(client, run_id)
    assert run["status"] == "failed"
    assert run["steps"][0]["error"]["code"] == "not_answered"
    assert not (folder / "old").exists()


def test_a_page_to_visit_is_a_link_that_waits_for_consent(client: httpx2.Client, folder: Path) -> None:
    for tool, last in (("old_consent", "the page: accept"), ("old_locked", "open")):
        run_id = begun(client, tool)
        (question,) = asked(client, run_id)["open"]
        assert question["schema"] == {"enum": ["accept", "decline", "cancel"]}
        assert question["detail"]["mode"] == "url"
        assert question["detail"]["url"] == "https://example.org/consent?id=7"
        if tool == "old_locked":
            (folder / "old.visited").touch()
        assert answer(client, run_id, (question["id"], "accept")).status_code == 200
        run = done(client, run_id)
        assert run["status"] == "succeeded", run["error"]
        assert run["result"]["outputs"][0]["value"] == last


def test_a_question_that_nobody_answers_in_time_is_cancelled(client: httpx2.Client) -> None:
    run_id = begun(client, "odd_paint", arguments={"wall": "south"}, approval_timeout=1.0)
    run = done(client, run_id)
    assert (run["status"], run["steps"][0]["error"]["code"]) == ("failed", "not_answered")
    (question,) = run["questions"]
    assert (question["answer"], question["detail"]["default"]) == ("cancel", "cancel")


def test_a_server_that_goes_on_without_an_answer_is_not_held_up(client: httpx2.Client) -> None:
    run = done(client, begun(client, "old_easy"))
    assert run["status"] == "succeeded"
    assert run["result"]["outputs"][0]["value"].startswith("no wishes: A person is being asked")


def test_one_that_may_be_called_twice_is_called_with_the_answer_all_the_same(client: httpx2.Client) -> None:
    run_id = begun(client, "old_easy_read")
    (question,) = asked(client, run_id)["open"]
    assert answer(client, run_id, (question["id"], {"name": "Ann"})).status_code == 200
    run = done(client, run_id)
    assert run["result"]["outputs"][0]["value"] == "Ann"


def test_how_far_a_call_is_reaches_followers_now_and_then(client: httpx2.Client) -> None:
    run_id = begun(client, "old_progress")
    events, seen = [], None
    for event in following(client, run_id):
        events.append(event)
        if event["name"] == "step.progress" and seen is None:
            (step,) = client.get(f"/v1/runs/{run_id}").json()["steps"]
            seen = step["progress"]
    told = [event["data"] for event in events if event["name"] == "step.progress"]
    assert 1 <= len(told) <= 4, "a hundred were sent in two and a half seconds"
    assert seen is not None
    assert 0.0 < seen["share"] < 1.0
    assert told[0]["message"] == f"part {round(told[0]['share'] * 100)}"
    run = client.get(f"/v1/runs/{run_id}").json()
    assert (run["status"], run["steps"][0]["progress"]) == ("succeeded", None)
