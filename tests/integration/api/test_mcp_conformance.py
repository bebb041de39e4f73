"""The official conformance suite against `/mcp`: the scenarios that need no tools of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.settings import Settings
from tests.integration.api.conftest import Service, serving
from tests.integration.mcp_peers import NODE, PYTHON, peer

pytestmark = pytest.mark.peers

#: All others call tools, prompts or resources of fixed names, or capabilities that are not served.
SCENARIOS = ("server-initialize", "ping", "tools-list", "dns-rebinding-protection")
KEY = "tp_conformance"


def with_key(app):
    """The suite knows no keys, so its requests get one on their way."""

    async def keyed(scope, receive, send) -> None:
        if scope["type"] == "http":
            scope["headers"] = [*scope["headers"], (b"authorization", f"Bearer {KEY}".encode())]
        await app(scope, receive, send)

    return keyed


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    settings = Settings(data_dir=folder, port=0, processes=1, api_key=KEY)
    with serving(settings, with_key) as running:
        yield running


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_service_conforms(keyed: Service, scenario: str, tmp_path: Path) -> None:
    suite, node = peer(NODE, "conformance"), peer(PYTHON, "node")
    url = f"http://localhost:{keyed.url.rpartition(':')[2]}/mcp"
    done = subprocess.run(
        [node, suite, "server", "--url", url, "--scenario", scenario],
        cwd=tmp_path,
        env={"PATH": f"{PYTHON}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Passed: 0/" not in done.stdout
