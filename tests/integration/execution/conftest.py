"""Whole services, embedded or beside worker processes, on scratch folders and databases."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest

from orchestrator import bootstrap
from orchestrator.settings import Settings
from tests.integration.execution import world as worlds
from tests.integration.execution.world import MODULES, World

Open = Callable[..., contextlib.AbstractAsyncContextManager[World]]


@pytest.fixture
def open_world(tmp_path: Path) -> Open:
    """Opens a service; several may be opened over one folder, one after the other."""
    marks = tmp_path / "marks"
    marks.mkdir()

    @contextlib.asynccontextmanager
    async def opened(*, runs_steps: bool = True, **more: Any) -> AsyncIterator[World]:
        plain: dict[str, Any] = {
            "data_dir": tmp_path / "data",
            "python_modules": MODULES,
            "processes": 1,
            "retry_first": 0.05,
            "drain_seconds": 0.2,
        }
        services = bootstrap.build(Settings(**(plain | more)), runs_steps=runs_steps)
        async with bootstrap.running(services):
            world = World(services, marks)
            await world.prepare()
            yield world

    return opened


@pytest.fixture
async def world(open_world: Open) -> AsyncIterator[World]:
    async with open_world() as opened:
        yield opened


@pytest.fixture
def start_process() -> Iterator[Callable[..., Popen[bytes]]]:
    """Starts worker processes, which end with the test."""
    started: list[Popen[bytes]] = []

    def start(**settings: str) -> Popen[bytes]:
        started.append(worlds.process(**settings))
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.wait()
