"""The one suite runs over SQLite and over PostgreSQL; each test gets a migrated database of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from orchestrator.store import migrate
from orchestrator.store.engine import open_engine
from tests import servers
from tests.contract.truth import Truth, open_truth


def migrated(url: str) -> None:
    engine = open_engine(url)
    migrate.upgrade(engine)
    engine.dispose()


@pytest.fixture(autouse=True, scope="session")
def _plain_logs() -> None:
    """The default traces of a terminal, with all values in them, take seconds each."""
    structlog.configure(processors=[structlog.processors.KeyValueRenderer()])


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "toolpath.db"
    migrated(f"sqlite:///{file}")
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        file = tmp_path / "toolpath.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    server = request.getfixturevalue("postgres_server")
    template = request.getfixturevalue("test_session").template("store", migrated)
    with servers.fresh_database(server, template=template) as url:
        yield url


@pytest.fixture
def process(database_url: str) -> Iterator[Callable[[], Truth]]:
    """Makes what one more process on the same database would have."""
    with contextlib.ExitStack() as stack:

        def start() -> Truth:
            truth = open_truth(database_url)
            truth.database.start()
            stack.callback(truth.database.stop)
            return truth

        yield start


@pytest.fixture
def truth(process: Callable[[], Truth]) -> Truth:
    return process()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if not mounted or mounted.returncode:
        pytest.skip("needs to mount a tmpfs")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
