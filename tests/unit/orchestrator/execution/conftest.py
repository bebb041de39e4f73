"""A real store on a scratch SQLite file, for the rules that write."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.store import migrate
from orchestrator.store.engine import open_engine
from tests.contract.truth import Truth, open_truth


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("empty") / "toolpath.db"
    engine = open_engine(f"sqlite:///{file}")
    migrate.upgrade(engine)
    engine.dispose()
    return file


@pytest.fixture
def truth(empty_database: Path, tmp_path: Path) -> Iterator[Truth]:
    file = tmp_path / "toolpath.db"
    shutil.copyfile(empty_database, file)
    opened = open_truth(f"sqlite:///{file}")
    opened.database.start()
    yield opened
    opened.database.stop()
