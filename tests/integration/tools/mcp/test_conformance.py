"""The official conformance suite's scenarios for clients, those that need no browser."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.mcp_peers import NODE, PYTHON, peer

pytestmark = pytest.mark.peers

#: All others but one log in by a browser. That one wants a question answered within the call, while ours
#: wait for a person.
SCENARIOS = (
    "initialize",
    "tools_call",
    "sse-retry",
    "auth/client-credentials-basic",
    "auth/client-credentials-jwt",
)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_client_conforms(scenario: str, tmp_path: Path) -> None:
    suite, node = peer(NODE, "conformance"), peer(PYTHON, "node")
    command = f"{sys.executable} -m tests.integration.tools.mcp.conformance_client"
    done = subprocess.run(
        [node, suite, "client", "--command", command, "--scenario", scenario, "--timeout", "50000"],
        cwd=tmp_path,
        env={"PATH": f"{PYTHON}:{os.environ['PATH']}", "PYTHONPATH": str(Path(__file__).parents[4])},
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-3_000:]
    assert "Passed: 0/" not in done.stdout
