"""Real and made OpenAPI documents: every operation of the complete ones becomes a tool with valid schemas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from orchestrator.registry.checks import NAME, checked
from tools.adapters.http_requests import build
from tools.errors import BadArguments
from tools.openapi.compiler import Compiled, Options, compiled
from tools.openapi.documents import GIVEN, Documents
from tools.openapi.loading import parsed
from tools.openapi.operations import METHODS
from tools.spec import Tool

SERVER = "https://server.example"
#: Refers to documents that are not there.
PARTIAL = "digitalocean_root.yaml"


def folder(data: Path) -> Path:
    return data / "data" / "openapi"


def documents(data: Path) -> Iterator[tuple[str, Any]]:
    for path in sorted(folder(data).rglob("*")):
        if path.suffix in (".json", ".yaml") and path.name != "INDEX.json":
            yield path.name, parsed(path.read_bytes())


def imported(name: str, document: Any, **more: Any) -> Compiled:
    return compiled(Documents({f"{GIVEN}{name}": document, **more}), Options(server=SERVER))


def operations(document: Any) -> int:
    return sum(
        name in METHODS
        for item in document.get("paths", {}).values()
        for name in (item if isinstance(item, dict) else ())
    )


def _small(told: Compiled) -> list[Tool]:
    sized = sorted(told.tools, key=lambda tool: len(repr((tool.input_schema, tool.output_schema))))
    return sized[:20]


@pytest.mark.timeout(300)
def test_every_operation_of_the_complete_documents_becomes_a_tool(bench_data: Path) -> None:
    made = 0
    for name, document in documents(bench_data):
        if name == PARTIAL or "separate" in name:
            continue
        told = imported(name, document)
        assert told.skipped == [], name
        assert len(told.tools) == operations(document), name
        assert len({tool.name for tool in told.tools}) == len(told.tools), name
        made += len(told.tools)
        for tool in told.tools:
            assert NAME.fullmatch(tool.name)
            jsonschema_rs.meta.validate(dict(tool.input_schema))
            jsonschema_rs.meta.validate(dict(tool.output_schema))
        for tool in _small(told):  # the same check in Python is hundreds of times slower
            jsonschema.Draft202012Validator.check_schema(tool.input_schema)
            jsonschema.Draft202012Validator.check_schema(tool.output_schema)
    assert made > 3_800


def test_the_bindings_can_be_registered_and_sent(bench_data: Path) -> None:
    for name in ("tmdb_oas.json", "twilio_verify_v2.json", "slack_web_openapi_v2.json"):
        document = parsed((folder(bench_data) / name).read_bytes())
        for tool in imported(name, document).tools:
            checked(replace(tool, auth={}), modules=())
            try:
                build(tool, dict.fromkeys(tool.input_schema.get("required", ()), "x"))
            except BadArguments as error:
                pytest.fail(f"{tool.name}: {error}")


def test_each_part_that_is_absent_is_told(bench_data: Path) -> None:
    document = parsed((folder(bench_data) / PARTIAL).read_bytes())
    told = imported(PARTIAL, document)
    assert told.tools == []
    assert len(told.skipped) == operations(document)
    assert all(reason.endswith("was not given") for _, reason in told.skipped)


@pytest.mark.parametrize("kind", ["json", "yaml"])
def test_a_document_in_several_files_is_put_together(bench_data: Path, kind: str) -> None:
    files = {}
    for path in (folder(bench_data) / "oai_examples").glob(f"*petstore-separate*.{kind}"):
        place, _, name = path.stem.rpartition("-separate_")[2].partition("_")
        files[f"{GIVEN}{place}/{name}.{kind}"] = parsed(path.read_bytes())
    root = f"{GIVEN}spec/swagger.{kind}"
    told = compiled(Documents({root: files.pop(root), **files}), Options(server=SERVER))
    assert told.skipped == []
    assert [tool.name for tool in told.tools] == ["find_pets", "add_pet", "find_pet_by_id", "delete_pet"]


def test_what_describes_no_operation_makes_no_tool(bench_data: Path) -> None:
    webhooks = parsed((folder(bench_data) / "oai_examples/v3.1_webhook-example.json").read_bytes())
    assert imported("webhooks.json", webhooks).tools == []
