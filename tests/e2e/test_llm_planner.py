"""The main jobs planned by a language model that answers from a script, and what becomes of its faults."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import materials, outcomes, scripts
from tests.e2e.background import in_background
from tests.e2e.conftest import Asking
from tests.e2e.requests import BY_NAME
from tests.e2e.service import Client, Service, serving
from tools.testing import Rule, ScriptedModel

SUMMARY = BY_NAME["summary"]


def rules(site: materials.Site) -> list[Rule]:
    good = scripts.of("summary", site.addresses)
    wrong = scripts.plan(scripts.subtask("page", "teleport_page", "Fetch", url=site.addresses["article"]))
    special = [
        Rule("(mended)", times=1, text="Surely! Here is the plan: {subtasks: ["),
        Rule("(mended)", json=good),
        Rule("(unknown)", times=1, json=wrong),
        Rule("(unknown)", json=good),
        Rule("(busy)", times=1, status=429, retry_after=0.7),
        Rule("(busy)", json=good),
        Rule("(gone)", drop=True),
        Rule("(hopeless)", text="I would rather talk about the weather."),
        Rule("(asking)", regex=r'(?s)The answers:.*"answer": 3', json=good),
        Rule("(asking)", json=_question()),
    ]
    return special + [
        Rule(job.request.split(" {")[0][:40], regex=_telling(name), json=scripts.of(name, site.addresses))
        for name, job in BY_NAME.items()
    ]


def _telling(name: str) -> str:
    return {
        "summary": "save it as DOCX",
        "chart": "Show it as a bar chart",
        "speech": "speak it as WAV",
        "workbook": "with a profile of each",
        "join": "find the keywords of",
    }[name]


def _question() -> dict:
    asked = {"id": "sentences", "text": "How many sentences?", "type": "integer"}
    return {"outcome": "questions", "questions": [asked]}


@pytest.fixture(scope="module")
def model(site: materials.Site) -> Iterator[ScriptedModel]:
    model = ScriptedModel(rules(site))
    with in_background(model):
        yield model


@pytest.fixture(scope="module")
def service(
    tmp_path_factory: pytest.TempPathFactory, site: materials.Site, model: ScriptedModel
) -> Iterator[Service]:
    folder: Path = tmp_path_factory.mktemp("llm")
    with serving(
        folder / "data",
        net_allow=site.allow,
        llm_base_url=model.base_url,
        llm_model="scripted",
        llm_price_in="0.001",
        llm_price_out="0.002",
    ) as service:
        yield service


def test_a_planner_behind_an_endpoint_goes_on_when_a_replica_is_gone(
    tmp_path: Path, asking: Asking, model: ScriptedModel
):
    words = asking.words(SUMMARY.request)
    with (
        serving(
            tmp_path / "data", net_allow="127.0.0.1", llm_endpoint="planners", llm_model="scripted"
        ) as service,
        service.client() as client,
    ):
        run = client.do(words, planner="llm", mode="plan")
        assert "no endpoint 'planners'" in run["error"]["message"]
        replicas = [{"base_url": "http://127.0.0.1:9/v1"}, {"base_url": model.base_url}]
        price = {"per_1k_tokens_in": "0.001", "per_1k_tokens_out": "0.002"}
        models = [{"name": "scripted", "price": price}]
        client.post("/v1/endpoints", {"name": "planners", "replicas": replicas, "models": models})
        for turn in range(3):
            run = client.do(f"({turn}) {words}", planner="llm", mode="plan")
            assert run["status"] == "planned", run["error"]
            assert float(run["spend"]["usd"]) > 0


@pytest.mark.parametrize("name", BY_NAME)
def test_a_plan_of_the_language_model_is_carried_out(
    name: str, client: Client, asking: Asking, model: ScriptedModel
):
    job = BY_NAME[name]
    before = len(model.prompts)
    run = client.do(asking.words(job.request), *asking.attached(job), planner="llm")
    outcomes.check(name, run, lambda output: client.bytes_of(output["artifact"]))
    assert len(model.prompts) == before + 1, "the model was asked once"
    assert {subtask["id"] for subtask in run["plan"]["subtasks"]} == {
        one["id"] for one in scripts.of(name, asking.site.addresses)["subtasks"]
    }
    assert float(run["spend"]["usd"]) > 0
    assert run["spend"]["tokens"] > 0


@pytest.mark.parametrize("fault", ["mended", "unknown"])
def test_a_faulty_reply_is_mended_once_the_model_is_told(
    fault: str, client: Client, asking: Asking, model: ScriptedModel
):
    run = client.do(f"({fault}) " + asking.words(SUMMARY.request), planner="llm")
    outcomes.check("summary", run, lambda output: client.bytes_of(output["artifact"]))
    told = [prompt["messages"][-1]["content"] for prompt in model.prompts if f"({fault})" in str(prompt)]
    assert len(told) == 2
    assert "does not pass its checks" in told[1]
    if fault == "unknown":
        assert "teleport_page" in told[1]


def test_a_busy_model_is_asked_again_when_it_said_so(client: Client, asking: Asking, model: ScriptedModel):
    began = time.monotonic()
    run = client.do("(busy) " + asking.words(SUMMARY.request), planner="llm", mode="plan")
    assert run["status"] == "planned", run["error"]
    assert time.monotonic() - began >= 0.7
    assert len([prompt for prompt in model.prompts if "(busy)" in str(prompt)]) == 2


def test_a_question_of_the_model_is_answered_and_the_plan_goes_on(client: Client, asking: Asking):
    run = client.do("(asking) " + asking.words(SUMMARY.request), planner="llm")
    assert run["status"] == "needs_input", run["error"]
    (question,) = run["questions"]
    assert question["text"] == "How many sentences?"
    inbox = client.get("/v1/inbox")["items"]
    assert run["id"] in [item["run"] for item in inbox]
    client.post(f"/v1/runs/{run['id']}/answers", {"answers": [{"id": question["id"], "value": 3}]})
    done = client.wait_past(run["id"], "needs_input")
    outcomes.check("summary", done, lambda output: client.bytes_of(output["artifact"]))


def test_a_model_that_never_plans_fails_the_run_in_plain_words(client: Client, asking: Asking):
    run = client.do("(hopeless) " + asking.words(SUMMARY.request), planner="llm")
    assert run["status"] == "failed"
    assert run["error"]["code"]
    assert "Traceback" not in str(run["error"])
    assert "language model" in run["error"]["message"]


def test_a_dead_server_leaves_the_work_to_the_offline_planner(
    client: Client, asking: Asking, model: ScriptedModel
):
    run = client.do("(gone) " + asking.words(SUMMARY.request), planner="auto")
    outcomes.check("summary", run, lambda output: client.bytes_of(output["artifact"]))
    assert len([prompt for prompt in model.prompts if "(gone)" in str(prompt)]) >= 1


def test_a_dead_server_fails_a_run_that_insists_on_the_model(client: Client, asking: Asking):
    run = client.do("(gone) Please. " + asking.words(SUMMARY.request), planner="llm")
    assert run["status"] == "failed"
    assert "language model" in run["error"]["message"]
    assert not run["steps"]
