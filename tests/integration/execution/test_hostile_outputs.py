"""Whatever a tool answers: a clear error of its step, nothing lost, and a service that goes on."""

from __future__ import annotations

import asyncio
import logging

import pytest

from orchestrator.domain.plan import Call
from orchestrator.domain.run import RunStatus
from orchestrator.domain.views import RunView
from orchestrator.store import migrate
from orchestrator.store.engine import open_engine
from tests.integration.execution import hostile_server, hostile_tools
from tests.integration.execution.conftest import Open
from tests.integration.execution.world import MODULES, World, subtask
from tools.spec import Kind, Limits, Tool

#: What the inside of a program looks like.
INSIDES = ("Traceback", 'File "', "site-packages", ".py", "Exception")
KEYS = {"api_key": "tp_" + "k" * 32, "secret_key": "s" * 32}

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Traces quote what the tools raised, lone surrogates too, which no report of a test can carry."""
    caplog.set_level(logging.CRITICAL + 1, logger="tools")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> dict[str, str]:
    if request.param == "sqlite":
        return {}
    url: str = request.getfixturevalue("postgres_url")
    engine = open_engine(url)
    migrate.upgrade(engine)
    engine.dispose()
    return {"database_url": url} | KEYS


def _http_tools(server: str) -> list[Tool]:
    return [
        Tool(
            name=f"http_{name}",
            summary="A hostile service for tests.",
            kind=Kind.HTTP,
            input_schema={"type": "object"},
            output_schema={"type": "object", "properties": {"value": {}}, "required": ["value"]},
            limits=Limits(timeout=0.5 if name == "slow" else 90),
            binding={"method": "GET", "url": f"http://{server}/{name}"},
        )
        for name in hostile_server.ANSWERS
    ]


async def test_a_hostile_answer_fails_its_step_in_plain_words(open_world: Open, database: dict[str, str]):
    modules = (*MODULES, "tests.integration.execution.hostile_tools")
    async with hostile_server.serving() as server:
        settings = {"python_modules": modules, "net_allow": (server,), "retry_tries": 2, **database}
        async with open_world(**settings) as world:
            tools = {tool.name: tool for tool in (*hostile_tools.TOOLS, *_http_tools(server))}
            await world.services.catalog.add_all([*tools.values()], replace=True)
            calls = {
                f"{tool}: {name}": (tools[tool], {"answer": name}, code, word)
                for tool in ("on_the_loop", "in_a_process")
                for name, (_, code, word) in hostile_tools.ANSWERS.items()
            }
            calls |= {
                f"http: {name}": (tools[f"http_{name}"], {}, code, word)
                for name, (_, code, word) in hostile_server.ANSWERS.items()
            }
            ended = await asyncio.gather(*(_run(world, tool, given) for tool, given, _, _ in calls.values()))
            wrong = {
                case: found
                for (case, (_, _, code, word)), view in zip(calls.items(), ended, strict=True)
                if (found := _fault(view, code, word))
            }
            assert not wrong, wrong
            after = await world.ended(await world.start(subtask("a", world.call("echo", value=1))))
            assert after.run.status is RunStatus.SUCCEEDED


async def _run(world: World, tool: Tool, arguments: dict[str, str]) -> RunView:
    call = Call(tool.name, 1, tool.hash, arguments)
    return await world.ended(await world.start(subtask("a", call)), within=150)


def _fault(view: RunView, code: str, word: str) -> object:
    """What is not as it should be."""
    (step,) = view.steps
    told = step.error or {}
    message = str(told.get("message"))
    good = (
        view.run.status is RunStatus.FAILED
        and told.get("code") == code
        and word in message
        and len(message) < 2_500
        and not any(inside in message for inside in INSIDES)
        and bool(view.attempts)
        and all(attempt.error for attempt in view.attempts)
    )
    return None if good else (view.run.status, told, view.run.error)
