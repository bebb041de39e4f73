"""The stream of events: in order, without loss or repeats, and cheap to follow."""

from __future__ import annotations

import asyncio
import json

import httpx2

from tests.integration.api.following import done, follow, graph, step_until, submit

CHAIN = graph(
    {"id": "a", "tool": "slow_add", "arguments": {"x": 1}},
    {"id": "b", "tool": "slow_add", "arguments": {"x": {"ref": "a.sum"}}},
)


def test_numbers_rise_by_one_and_the_stream_ends_after_the_final_event(client):
    run_id = submit(client, plan=CHAIN)["id"]
    events = follow(client, run_id)
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    assert [event["number"] for event in events] == [event["id"] for event in events]
    names = [event["name"] for event in events]
    assert names[0] == "run.accepted"
    assert names[-1] == "run.ended"
    assert names.count("run.ended") == 1
    assert names.index("plan.made") < names.index("path.chosen") < names.index("step.started")
    assert all(event["at"].endswith("Z") and event["run"] == run_id for event in events)


def test_last_event_id_resumes_without_loss_or_repeats(client):
    run_id = submit(client, plan=CHAIN)["id"]
    all_of_them = follow(client, run_id)
    for cut in (1, 3, len(all_of_them) - 1):
        assert follow(client, run_id, last=str(cut)) == all_of_them[cut:]
    by_query = client.get(f"/v1/runs/{run_id}/events", params={"after": len(all_of_them) - 1})
    assert by_query.text.count("event:") == 1


def test_nothing_after_the_final_event_is_said_with_204(client):
    run_id = submit(client, plan=CHAIN)["id"]
    last = follow(client, run_id)[-1]["id"]
    reply = client.get(f"/v1/runs/{run_id}/events", headers={"Last-Event-ID": str(last)})
    assert reply.status_code == 204
    beyond = client.get(f"/v1/runs/{run_id}/events", headers={"Last-Event-ID": str(last + 1_000)})
    assert beyond.status_code == 204


def test_a_broken_stream_is_taken_up_while_the_run_goes_on(client):
    slow = graph({"id": "s", "tool": "slow_add", "arguments": {"x": 1, "seconds": 0.6}})
    run_id = submit(client, plan=slow)["id"]
    step_until(client, run_id, "s", "running")
    seen = []
    with client.stream("GET", f"/v1/runs/{run_id}/events") as reply:
        for line in reply.iter_lines():
            if line.startswith("id: "):
                seen.append(int(line[4:]))
            if line == "event: step.started":
                break
    rest = follow(client, run_id, last=str(seen[-1]))
    assert [*seen, *(event["id"] for event in rest)] == list(range(1, len(seen) + len(rest) + 1))
    assert rest[-1]["name"] == "run.ended"


def test_an_unknown_run_and_a_wrong_id_are_told(client):
    assert client.get("/v1/runs/run_none/events").status_code == 404
    run_id = submit(client, plan=CHAIN)["id"]
    for wrong in ("x", "-1", "1.5", "9" * 40):
        reply = client.get(f"/v1/runs/{run_id}/events", headers={"Last-Event-ID": wrong})
        assert reply.status_code == 422, wrong
    done(client, run_id)


async def test_many_followers_of_one_run_see_the_same(service):
    slow = {"id": "s", "tool": "slow_add", "arguments": {"x": 1, "seconds": 1.0}}
    headers = {"Authorization": f"Bearer {service.key}"}
    limits = httpx2.Limits(max_connections=None)
    async with httpx2.AsyncClient(base_url=service.url, headers=headers, timeout=30, limits=limits) as client:
        run_id = (await client.post("/v1/runs", json={"plan": graph(slow)})).json()["id"]
        texts = await asyncio.gather(*(_text(client, run_id) for _ in range(60)))
    assert len(set(texts)) == 1
    assert texts[0].count("event: run.ended") == 1


async def _text(client: httpx2.AsyncClient, run_id: str) -> str:
    return (await client.get(f"/v1/runs/{run_id}/events")).text


def test_the_stream_over_all_runs_names_those_that_change_and_is_taken_up_again(client):
    def message(lines) -> dict[str, str]:
        found: dict[str, str] = {}
        for line in lines:
            if not line and "event" in found:
                return found
            name, _, value = line.partition(": ")
            found[name] = value
        raise AssertionError("the stream has ended")

    with client.stream("GET", "/v1/runs/changes") as reply:
        lines = reply.iter_lines()
        first = message(lines)
        assert (reply.headers["content-type"], first["event"]) == (
            "text/event-stream; charset=utf-8",
            "reset",
        )
        run_id = submit(client, plan=CHAIN)["id"]
        told = message(lines)
        assert run_id in json.loads(told["data"])["runs"]
    done(client, run_id)
    with client.stream("GET", "/v1/runs/changes", headers={"Last-Event-ID": first["id"]}) as reply:
        again = message(reply.iter_lines())
        assert again["event"] == "changed"
        assert run_id in json.loads(again["data"])["runs"]
