"""Imported tools beside those that fastmcp makes of the same documents: names, arguments, what is required.

    make bench-peers
    TOOLPATH_BENCH_DATA=… .venv/bin/python -m benchmarks.openapi.beside_fastmcp [--json FILE] [WORD …]

fastmcp reads OpenAPI 3 only, and refuses some documents that are not quite right. Names are compared
in small letters with underscores; headers that a call decides on by itself are left out.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import orjson

from benchmarks.openapi.corpus import documents, imported
from tools.openapi.loading import parsed
from tools.openapi.naming import words_of
from tools.spec import Tool

PYTHON = Path(".bench/fastmcp/bin/python")
_PEER = Path(__file__).parent / "fastmcp_peer.py"
#: Characters of a name that are compared; what is longer is cut, with a mark of its own.
_TOLD = 50
_OURS = {"accept", "content-type", "authorization", "idempotency-key"}


def theirs(document: Any) -> list[dict[str, Any]] | str:
    """What fastmcp makes of a document, or why it makes nothing."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "document.json"
        path.write_bytes(orjson.dumps(document))
        done = subprocess.run([PYTHON, _PEER, path], capture_output=True, text=True, timeout=900, check=False)
    if done.returncode != 0:
        return done.stderr.strip().rpartition("\n")[2][:200]
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def differences(tool: Tool, other: dict[str, Any]) -> list[str]:
    """In what the two differ."""
    told = []
    for what, own in (
        ("arguments", set(tool.input_schema["properties"])),
        ("required", set(tool.input_schema.get("required", ()))),
    ):
        decided = {name for name in own ^ set(other[what]) if name.lower() in _OURS}
        their = set(other[what]) - decided
        if own - decided != their:
            told.append(f"{what}: only here {sorted(own - their)}, only there {sorted(their - own)}")
    return told


def _name(other: dict[str, Any]) -> str:
    return words_of(other["id"] or "")[:_TOLD]


def compare(path: Path) -> dict[str, Any]:
    """Counts for one document."""
    document = parsed(path.read_bytes())
    tools = imported(path).tools
    found = theirs(document)
    if isinstance(found, str):
        return {"document": path.name, "ours": len(tools), "error": found}
    # By method and address, and where paths differ in a fragment only, by the name too.
    by_operation = {(one["method"], one["path"].partition("#")[0], _name(one)): one for one in found}
    counts, told = Counter[str](), []
    for tool in tools:
        address = str(tool.binding["url"]).removeprefix("https://server.example")
        where = tool.binding["method"], address
        other = by_operation.get((*where, tool.name[:_TOLD])) or by_operation.get((*where, ""))
        if other is None:
            counts["name differs"] += 1
            continue
        wrong = differences(tool, other)
        counts["same" if not wrong else "different"] += 1
        told += [f"{tool.name}: {one}" for one in wrong]
    return {"document": path.name, "ours": len(tools), "theirs": len(found), **counts, "differences": told}


def main() -> None:
    """Compare all documents and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path)
    parser.add_argument("words", nargs="*")
    given = parser.parse_args()
    rows = []
    for path in documents(given.words):
        row = compare(path)
        rows.append(row)
        print({key: value for key, value in row.items() if key != "differences"}, flush=True)
        for line in row.get("differences", ())[:6]:
            print(f"    {line[:240]}", flush=True)
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
