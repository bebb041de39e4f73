"""What must be true of the repository itself: its texts, its locks, and the shape of its tree."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PACKAGES = ("orchestrator", "tools", "toolpath", "workers", "migrations")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

#: In pieces, so that this file is not among what it finds.
REGISTRIES = (
    "pypi" + ".org",
    "python" + "hosted.",
    "npm" + "js.",
    "yarn" + "pkg.",
    "crates" + ".io",
    "dev" + "pi",
)
MACHINES = (
    r"(?<![\w.>-])/" + r"(work|root|opt/wheels|opt/pypi)(?![\w-])",
    r"\.\./" + "shared",
    r"\bissue" + r" #?\d+",
)


def committed_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def texts() -> list[tuple[str, str]]:
    pairs = []
    for path in committed_files():
        data = path.read_bytes()
        if b"\0" not in data[:8000]:
            pairs.append((str(path.relative_to(ROOT)), data.decode()))
    return pairs


def locked(name: str) -> dict[str, Version]:
    lines = (ROOT / name).read_text().splitlines()
    pins = [line.split(" ")[0].split("==") for line in lines if "==" in line and not line.startswith(" ")]
    return {canonicalize_name(package): Version(version) for package, version in pins}


def test_no_file_names_a_package_registry() -> None:
    found = [(name, host) for name, text in texts() for host in REGISTRIES if host in text.lower()]
    assert found == []


def test_no_file_names_a_place_of_one_machine() -> None:
    found = [
        (name, match.group())
        for name, text in texts()
        for pattern in MACHINES
        for match in re.finditer(pattern, text)
    ]
    assert found == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_pins_every_package_with_hashes_and_names_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[a-z0-9.-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("requirements.lock", PROJECT["dependencies"]),
        ("requirements-dev.lock", PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]),
    ],
)
def test_a_lock_fits_what_the_project_asks_for(name: str, wanted: list[str]) -> None:
    pins = locked(name)
    needs = [Requirement(text) for text in wanted]
    wrong = [str(need) for need in needs if not need.specifier.contains(pins[canonicalize_name(need.name)])]
    assert wrong == []


def test_both_locks_agree() -> None:
    run, dev = locked("requirements.lock"), locked("requirements-dev.lock")
    assert {name: dev.get(name) for name in run} == run


def test_each_dependency_is_explained_and_no_other() -> None:
    table = re.findall(
        r"^\| ([a-z0-9_.\[\]-]+) \|", (ROOT / "docs/dependencies.md").read_text(), re.MULTILINE
    )
    explained = {canonicalize_name(name.split("[")[0]) for name in table if name != "library"}
    assert explained == {canonicalize_name(Requirement(text).name) for text in PROJECT["dependencies"]}


#: Needed without an import of ours: forms, PostgreSQL and requests are read through them.
INDIRECT = {"python-multipart", "psycopg", "httptools"}
#: What comes as a part of something declared, and is promised by that.
PARTS = {
    "mcp-types": "mcp",
    "anyio": "fastapi",
    "cycler": "matplotlib",
    "httpcore2": "httpx2",
    "kombu": "celery",
    "langsmith": "langgraph",
    "starlette": "fastapi",
}


def imports(tree: ast.Module) -> set[str]:
    nodes = list(ast.walk(tree))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}


def test_what_the_code_imports_is_declared_and_the_other_way_round() -> None:
    code = [
        path
        for path in committed_files()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in PACKAGES
    ]
    modules = {name.split(".")[0] for path in code for name in imports(ast.parse(path.read_text()))}
    homes = importlib.metadata.packages_distributions()
    declared = {canonicalize_name(Requirement(text).name) for text in PROJECT["dependencies"]}
    undeclared, used = set(), set(INDIRECT)
    for module in modules - sys.stdlib_module_names - set(PACKAGES):
        names = {canonicalize_name(name) for name in homes.get(module, [module])}
        known = {PARTS.get(name, name) for name in names} & declared
        undeclared |= set() if known else {module}
        used |= known
    assert undeclared == set()
    assert declared - used == set()


def test_the_changelog_speaks_of_this_version() -> None:
    first = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert first is not None
    assert first.group(1) == PROJECT["version"]


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        (str(document.relative_to(ROOT)), target)
        for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
        for target in re.findall(r"\]\(([^)#\s]+)", document.read_text())
        if "://" not in target and not (document.parent / target).exists()
    ]
    assert broken == []


def test_decisions_are_numbered_without_gaps() -> None:
    records = sorted((ROOT / "docs/adr").glob("*.md"))
    titles = [re.match(r"# (\d+)\. \S", record.read_text()) for record in records]
    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    assert [title and int(title.group(1)) for title in titles] == list(range(1, len(records) + 1))


def test_every_command_of_the_readme_is_a_make_target() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z-]+)", (ROOT / "README.md").read_text()))
    assert named
    assert named <= targets


def test_unit_tests_mirror_the_code() -> None:
    folders = {
        path.parent.relative_to(ROOT / "tests/unit") for path in (ROOT / "tests/unit").rglob("test_*.py")
    }
    assert [str(folder) for folder in folders if not (ROOT / folder).is_dir()] == []


def test_the_tree_in_the_architecture_exists() -> None:
    document = (ROOT / "docs/architecture.md").read_text()
    tree = document.split("## The tree")[1].split("```")[1]
    missing, package = [], ""
    for line in tree.splitlines():
        if heading := re.match(r"([a-z]+)/", line):
            package = heading.group(1)
            missing += [] if (ROOT / package).is_dir() else [package]
        elif names := re.match(r"  ([a-z_/]+(?: · [a-z_/]+)*)(?:  |$)", line):
            missing += [
                f"{package}/{name}"
                for name in names.group(1).split(" · ")
                if not (ROOT / package / name).is_dir() and not (ROOT / package / f"{name}.py").is_file()
            ]
    assert missing == []


def test_names_say_what_a_module_is_about() -> None:
    vague = {"utils", "util", "common", "helpers", "helper", "core", "services", "managers", "misc"}
    assert [
        str(path)
        for path in committed_files()
        if path.suffix == ".py" and {path.stem, path.parent.name} & vague
    ] == []


def test_files_stay_small() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for path in committed_files()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in PACKAGES
    }
    long = {name: length for name, length in lengths.items() if length > 300}
    assert len(long) <= len(lengths) / 10, long
    assert max(lengths.values()) <= 600, long
