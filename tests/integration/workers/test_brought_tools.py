"""A package that is really built and installed brings tools to a real `toolpath serve`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from tests.integration.workers.test_serve import ROOT, until

PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "1.0"
dependencies = ["toolpath"]

[project.entry-points."toolpath.tools"]
{module} = "{module}"

[tool.hatch.build.targets.wheel]
packages = ["{module}"]
"""
DICE = """
from toolpath import tool


@tool(does="add_dice")
async def add_dice(dice: list[int]) -> int:
    '''Add the eyes of dice.'''
    return sum(dice)


@tool
def count_dice(dice: list[int]) -> int:
    '''Count dice.'''
    return len(dice)
"""


def install(target: Path, source: Path, module: str, text: str) -> None:
    """Build a package around one module, and install it into a folder of its own."""
    (source / module).mkdir(parents=True)
    (source / module / "__init__.py").write_text(text)
    (source / "pyproject.toml").write_text(PROJECT.format(name=module.replace("_", "-"), module=module))
    options = ("--no-build-isolation", "--no-deps", "--no-index", "--quiet")
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(target), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=50)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("brought")
    install(folder / "site", folder / "dice", "dice_of_test", DICE)
    install(folder / "site", folder / "broken", "broken_of_test", "import no_such_library\n")
    return os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": f"{folder / 'site'}{os.pathsep}{ROOT}"}


def calls(url: str, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    with httpx2.Client(base_url=url, headers=headers, timeout=30) as client:
        for name, result in (("add_dice", 9), ("count_dice", 2)):
            made = client.post(f"/v1/tools/{name}/invoke", json={"arguments": {"dice": [4, 5]}})
            assert made.json()["output"] == {"result": result}, made.text
        assert client.get("/v1/tools/add_dice").json()["tags"] == ["python:dice_of_test"]


def test_an_installed_package_adds_tools_and_a_broken_one_stops_nothing(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    command = [sys.executable, "-P", "-m", "workers.cli", "serve", "--port", "0", "--data-dir", str(tmp_path)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, **pipes) as process:  # type: ignore[call-overload]
        try:
            found = re.search(r"http://127\.0\.0\.1:\d+", until(process, "Toolpath is up"))
            assert found is not None
            key = (tmp_path / "local.key").read_text().strip()
            calls(found.group(), key)
        finally:
            process.terminate()
            _, errors = process.communicate(timeout=30)
    told = [json.loads(line) for line in errors.splitlines() if "tools.not_declared" in line]
    (fault,) = [one for one in told if one["module"] == "broken_of_test"]
    assert "No module named 'no_such_library'" in fault["reason"]
    assert process.returncode == 0, errors


def test_the_doctor_tells_what_packages_bring(tmp_path: Path, environment: dict[str, str]) -> None:
    command = [sys.executable, "-P", "-m", "workers.cli", "doctor", "--json"]
    (tmp_path / "here_of_test.py").write_text(DICE.replace("_dice", "_coins"))
    data = {"TOOLPATH_DATA_DIR": str(tmp_path), "TOOLPATH_PYTHON_MODULES": "here_of_test"}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment | data, capture_output=True, text=True, check=False, timeout=50
    )
    findings = {one["name"]: one for one in json.loads(done.stdout)}
    assert findings["tools of dice_of_test"]["state"] == "ok"
    assert findings["tools of dice_of_test"]["detail"] == "add_dice, count_dice"
    assert findings["tools of here_of_test"]["detail"] == "add_coins, count_coins"
    broken = findings["tools of broken_of_test"]
    assert (broken["state"], "no_such_library" in broken["detail"]) == ("missing", True)
