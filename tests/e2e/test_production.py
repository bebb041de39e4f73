"""PostgreSQL, Redis and the processes of the compose file: jobs, a killed worker, a choice of models."""

from __future__ import annotations

import itertools
import math
import secrets
import socket
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests import servers
from tests.e2e import materials, outcomes
from tests.e2e.background import in_background
from tests.e2e.conftest import Asking
from tests.e2e.requests import BY_NAME
from tests.e2e.service import Client, Program
from tests.e2e.slow import register_slow_add, slow_web
from tools.testing import Rule, ScriptedModel

pytestmark = pytest.mark.timeout(150)


@dataclass
class Installation:
    """What an operator runs."""

    url: str
    key: str
    environment: dict[str, str]
    folder: Path
    workers: list[Program] = field(default_factory=list)

    def client(self) -> Client:
        return Client(self.url, self.key)

    def start(self, *arguments: str, name: str) -> Program:
        return Program(arguments, self.environment, self.folder / f"{name}.log")

    def add_worker(self) -> Program:
        worker = self.start("worker", "--queues", "default", name=f"worker-{len(self.workers)}")
        self.workers.append(worker)
        return worker


@pytest.fixture(scope="module")
def models() -> Iterator[tuple[ScriptedModel, ScriptedModel]]:
    """Two model servers; which one answered shows in the text."""
    small = ScriptedModel([Rule(text="the small model's answer")], models=["small"])
    large = ScriptedModel([Rule(text="the large model's answer")], models=["large"])
    with in_background(small, large):
        yield small, large


@pytest.fixture(scope="module")
def installation(
    tmp_path_factory: pytest.TempPathFactory,
    test_session: servers.Session,
    postgres_server: str,
    worker_id: str,
    site: materials.Site,
    models: tuple[ScriptedModel, ScriptedModel],
) -> Iterator[Installation]:
    number = 40 + (int(worker_id.removeprefix("gw")) if worker_id != "master" else 0) % 20
    broker = f"{test_session.redis().rpartition('/')[0]}/{number}"
    folder, port = tmp_path_factory.mktemp("production"), servers.free_port()
    with servers.fresh_database(postgres_server) as database:
        environment = {
            "TOOLPATH_DATABASE_URL": database,
            "TOOLPATH_BROKER_URL": broker,
            "TOOLPATH_DATA_DIR": str(folder / "data"),
            "TOOLPATH_API_KEY": secrets.token_urlsafe(24),
            "TOOLPATH_SECRET_KEY": secrets.token_urlsafe(32),
            "TOOLPATH_NET_ALLOW": ",".join([site.allow, *(model.allow for model in models)]),
            "TOOLPATH_PYTHON_MODULES": "tools.testing_functions",
            "TOOLPATH_PROCESSES": "1",
        }
        it = Installation(f"http://127.0.0.1:{port}", environment["TOOLPATH_API_KEY"], environment, folder)
        migrated = it.start("migrate", name="migrate")
        assert migrated.process.wait(60) == 0, migrated.errors()
        migrated.stop()
        running = [it.start("beat", name="beat"), it.start("api", "--port", str(port), name="api")]
        it.add_worker()
        it.add_worker()
        try:
            running[1].said("Toolpath is up at")
            yield it
        finally:
            for program in (*it.workers, *running):
                program.ask_to_end()
            for program in (*it.workers, *running):
                program.stop()


@pytest.fixture
def client(installation: Installation) -> Iterator[Client]:
    with installation.client() as client:
        yield client


@pytest.mark.parametrize("name", BY_NAME)
def test_a_main_job_is_done_by_the_workers(name: str, client: Client, asking: Asking):
    job = BY_NAME[name]
    run = client.do(asking.words(job.request), *asking.attached(job))
    outcomes.check(name, run, lambda output: client.bytes_of(output["artifact"]))


def test_what_a_killed_worker_had_in_hand_is_done_by_another_and_nothing_is_done_twice(
    installation: Installation, client: Client, asking: Asking
):
    register_slow_add(client)
    slow = [client.submit(plan=slow_web(8)) for _ in range(3)]
    jobs = {
        client.submit(asking.words(job.request), *asking.attached(job)): name for name, job in BY_NAME.items()
    }
    victim = _wait_until_one_is_at_work(client, slow, installation.workers)
    done_before = {run: _done(client.get(f"/v1/runs/{run}")) for run in (*slow, *jobs)}
    victim.kill()
    installation.add_worker()

    for run_id in slow:
        run = client.wait(run_id)
        assert run["status"] == "succeeded", run["error"]
        sums = {step["subtask"]: step["output"]["sum"] for step in run["steps"] if step["output"]}
        assert sums["end"] == sum(range(1, 9)) + 8
    for run_id, name in jobs.items():
        run = client.wait(run_id)
        outcomes.check(name, run, lambda output: client.bytes_of(output["artifact"]))

    lost = 0
    for run_id, before in done_before.items():
        run = client.get(f"/v1/runs/{run_id}")
        for step in run["steps"]:
            good = [attempt for attempt in step["attempts"] if attempt["ending"] == "succeeded"]
            assert len(good) == 1, (step["key"], step["attempts"])
            lost += len(step["attempts"]) - 1
            if step["idx"] in before:
                assert len(step["attempts"]) == before[step["idx"]], "a finished step ran again"
    assert lost >= 1, "the worker was killed with nothing in hand"


@pytest.mark.parametrize("alpha", [0.0, 0.25, 0.5, 1.0, 1.5, 2.0])
def test_between_two_models_the_choice_is_that_of_enumeration(
    alpha: float, client: Client, models: tuple[ScriptedModel, ScriptedModel]
):
    for name, model, usd, seconds, quality in (
        ("answer_small", models[0], "0.001", 0.4, 0.6),
        ("answer_large", models[1], "0.006", 1.5, 0.97),
    ):
        _register(
            client,
            name,
            kind="model",
            does=["answer_question"],
            input_schema={
                "type": "object",
                "properties": {"question": {"type": "string"}},
                "required": ["question"],
            },
            output_schema={
                "type": "object",
                "properties": {"text": {"type": "string"}},
                "required": ["text"],
            },
            price={"per_call": usd},
            believed=[
                {
                    "subtask_type": "answer_question",
                    "usd": usd,
                    "seconds": seconds,
                    "quality": quality,
                    "n": 1e6,
                }
            ],
            model={"base_url": model.base_url, "model": "m", "prompt": "Answer: {{question}}"},
        )
    first = {"id": "first", "goal": "answer a question", "arguments": {"question": "What is told at sea?"}}
    then = {"id": "then", "goal": "answer a question", "arguments": {"question": {"ref": "first.text"}}}
    run = client.do(
        plan={"subtasks": [first, then]},
        preference={"alpha": alpha},
        tools={"include": ["answer_small", "answer_large"]},
    )
    assert run["status"] == "succeeded", run["error"]

    options = {
        subtask["id"]: {option["calls"][0]["tool"]: option["estimate"] for option in subtask["options"]}
        for subtask in run["plan"]["subtasks"]
    }
    assert all(set(tools) == {"answer_small", "answer_large"} for tools in options.values())
    scored = {choice: _objective(alpha, options, choice) for choice in _choices(options)}
    chosen = outcomes.tools_of(run)
    best = min(scored.values())
    assert scored[chosen["first"], chosen["then"]] == pytest.approx(best, rel=1e-9), scored
    ends = {0.0: "answer_large", 2.0: "answer_small"}
    if alpha in ends:
        assert set(chosen.values()) == {ends[alpha]}
    answered = {"answer_small": "the small model's answer", "answer_large": "the large model's answer"}
    for step in run["steps"]:
        assert step["output"] == {"text": answered[step["tool"]]}
    prices = {"answer_small": 0.001, "answer_large": 0.006}
    assert float(run["spend"]["usd"]) == pytest.approx(sum(prices[tool] for tool in chosen.values()))


def _choices(options: dict[str, dict[str, Any]]) -> list[tuple[str, ...]]:
    return list(itertools.product(*options.values()))


def _objective(alpha: float, options: dict[str, dict[str, Any]], choice: tuple[str, ...]) -> float:
    """(1 + C)^α (2 − Q)^(2 − α), the cost in units of the cheapest path."""

    def weight(estimate: dict[str, Any]) -> float:
        return float(estimate["usd"]) + 0.0005 * estimate["seconds"]

    taken = [options[id][tool] for id, tool in zip(options, choice, strict=True)]
    cheapest = sum(min(weight(one) for one in tools.values()) for tools in options.values())
    unit = max(cheapest, 0.001 * len(options))
    cost = sum(weight(one) for one in taken) / unit
    quality = math.prod(one["quality"] for one in taken)
    return (1 + cost) ** alpha * (2 - quality) ** (2 - alpha)


def _register(client: Client, name: str, **record: Any) -> None:
    """Once for all tests of this installation."""
    reply = client.http.post("/v1/tools", json={"name": name, "summary": f"Answers as {name}."} | record)
    assert reply.status_code in (201, 409), reply.text


def _done(run: dict[str, Any]) -> dict[int, int]:
    """For each finished step how many attempts it took."""
    return {s["idx"]: len(s["attempts"]) for s in run["steps"] if s["status"] == "succeeded"}


def _wait_until_one_is_at_work(client: Client, runs: list[str], workers: list[Program]) -> Program:
    """The worker that has finished most steps of the runs, once others of them are under way."""
    by_owner = {f"{socket.gethostname()}-{worker.process.pid}": worker for worker in workers}
    end = time.monotonic() + 20
    while time.monotonic() < end:
        steps = [step for run in runs for step in client.get(f"/v1/runs/{run}")["steps"]]
        owners = Counter(a["worker"].rpartition("-")[0] for step in steps for a in step["attempts"])
        if owners and any(step["status"] == "running" for step in steps):
            return by_owner[owners.most_common(1)[0][0]]
        time.sleep(0.05)
    raise AssertionError(f"nobody did anything: {steps}")
