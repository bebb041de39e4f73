"""The files from which the service is built and started elsewhere."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def compose() -> dict:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.mark.parametrize(
    "command",
    [
        ("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"),
        ("hadolint", "Dockerfile"),
    ],
    ids=["compose file", "Dockerfile"],
)
def test_the_checker_finds_nothing(command: tuple[str, ...]) -> None:
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_composed_service_is_published_on_loopback_only(compose: dict) -> None:
    published = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_what_runs_waits_for_the_database_and_its_migration(compose: dict) -> None:
    for name in ("api", "worker", "worker-gpu", "beat"):
        after = compose["services"][name]["depends_on"]
        assert after["migrate"]["condition"] == "service_completed_successfully"
        assert after["postgres"]["condition"] == after["redis"]["condition"] == "service_healthy"


def test_secrets_have_no_default(compose: dict) -> None:
    settings = compose["services"]["api"]["environment"]
    for name in ("TOOLPATH_API_KEY", "TOOLPATH_SECRET_KEY"):
        assert settings[name].startswith(f"${{{name}:?")


def test_redis_keeps_its_bells_and_evicts_none(compose: dict) -> None:
    words = compose["services"]["redis"]["command"]
    given = dict(zip(words[1::2], words[2::2], strict=True))
    assert given == {"--appendonly": "yes", "--appendfsync": "everysec", "--maxmemory-policy": "noeviction"}


def test_the_wheel_carries_the_packages_and_the_command(tmp_path: Path) -> None:
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "-qq",
            "--no-deps",
            "--no-build-isolation",
            "-w",
            str(tmp_path),
            str(ROOT),
        ],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        entry = next(name for name in names if name.endswith("entry_points.txt"))
        assert "toolpath = workers.cli:main" in archive.read(entry).decode()
    assert {name.split("/")[0] for name in names if "dist-info" not in name} == {
        "orchestrator", "tools", "toolpath", "workers", "migrations",
    }  # fmt: skip
    assert {"migrations/env.py", "toolpath/py.typed"} <= set(names)
