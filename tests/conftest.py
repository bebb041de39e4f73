"""What every test may ask for: real servers, fresh databases, free ports; and the rules of a run."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from tests import servers

SESSION = pytest.StashKey[servers.Session]()
#: All other settings are dropped: a test must not reach a service that somebody runs.
OWN_SETTINGS = ("TOOLPATH_TEST_", "TOOLPATH_BENCH_DATA", "TOOLPATH_NO_SKIPS")
FOREIGN_SETTINGS = ("TOOLPATH_", "OPENAI_", "LANGCHAIN_", "LANGSMITH_")


def pytest_configure(config: pytest.Config) -> None:
    for name in list(os.environ):
        if name.startswith(FOREIGN_SETTINGS) and not name.startswith(OWN_SETTINGS):
            del os.environ[name]
    given = getattr(config, "workerinput", None)
    if given is None:
        signal.signal(signal.SIGTERM, _interrupt)
        folder = Path(tempfile.mkdtemp(prefix="toolpath-tests-"))
        config.stash[SESSION] = servers.Session(folder)
        # Whoever forgets to name a data folder must not find the one of the person at this machine.
        os.environ["XDG_DATA_HOME"] = str(folder / "data")
    else:
        config.stash[SESSION] = servers.Session(Path(given["toolpath_session"]))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    node.workerinput["toolpath_session"] = str(node.config.stash[SESSION].folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.stash[SESSION].stop()


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    report = yield
    return _no_skips(report) if not hasattr(report, "wasxfail") else report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector):
    return _no_skips((yield))


def _no_skips(report):
    """Where TOOLPATH_NO_SKIPS is set everything needed is at hand: a skip would hide a gap."""
    if report.skipped and os.environ.get("TOOLPATH_NO_SKIPS"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be skipped: {reason}"
    return report


def _or_skip(server: Callable[[], str]) -> str:
    try:
        return server()
    except servers.NotInstalled as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def test_session(pytestconfig: pytest.Config) -> servers.Session:
    """The servers that all tests of this run share."""
    return pytestconfig.stash[SESSION]


@pytest.fixture(scope="session")
def postgres_server(test_session: servers.Session) -> str:
    """The SQLAlchemy URL of a PostgreSQL server on which databases may be made."""
    return _or_skip(test_session.postgres)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database that belongs to this test."""
    with servers.fresh_database(postgres_server) as url:
        yield url


@pytest.fixture
def redis_url(test_session: servers.Session, worker_id: str) -> Iterator[str]:
    """The URL of an empty Redis database that belongs to this test; channels are shared by all databases."""
    number = 1 + (int(worker_id.removeprefix("gw")) if worker_id != "master" else 0) % 15
    url = f"{_or_skip(test_session.redis).rpartition('/')[0]}/{number}"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
        yield url
        client.flushdb()


@pytest.fixture
def free_port() -> int:
    """A TCP port of the loopback that nothing listens on."""
    return servers.free_port()


@pytest.fixture(scope="session")
def bench_data() -> Path:
    """The folder of the benchmark data; tests that need it skip where there is none."""
    folder = os.environ.get("TOOLPATH_BENCH_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("needs the benchmark data: set TOOLPATH_BENCH_DATA to its folder")
    return Path(folder)
