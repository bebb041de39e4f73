"""`toolpath serve` as a process of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def serve(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "workers.cli", "serve", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )


def until(process: subprocess.Popen[str], words: str) -> str:
    """What it printed up to a line with these words."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if words in line:
            return "".join(lines)
    assert process.stderr is not None
    raise AssertionError("".join(lines) + process.stderr.read())


def test_the_sample_is_done_and_the_service_stays_up_until_it_is_interrupted(tmp_path):
    process = serve("--sample", "--port", "0", "--data-dir", str(tmp_path))
    try:
        printed = until(process, "Ctrl-C stops it")
        assert re.search(r"Toolpath is up at http://127\.0\.0\.1:\d+", printed)
        assert "Quote: $0" in printed
        assert "run: succeeded" in printed
        assert "East | Tea" in printed
        assert re.search(r"\.png: http://127\.0\.0\.1:\d+/v1/artifacts/art_", printed)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 0, errors
        assert "Traceback" not in errors
    finally:
        process.kill()
        process.communicate()


def test_a_port_that_is_taken_is_said_at_once(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = serve("--port", str(port), "--data-dir", str(tmp_path))
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in errors
    assert "--port" in errors
    assert "Traceback" not in errors
