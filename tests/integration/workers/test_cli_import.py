"""The import of OpenAPI documents from a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.workers.test_cli import service, toolpath  # noqa: F401 - fixtures

ROOT = """
openapi: 3.1.0
info: {title: Shop, version: "1"}
servers: [{url: "https://shop.example"}]
paths:
  /orders:
    get:
      operationId: listOrders
      parameters: [{$ref: "../parts/parameters.yaml#/limit"}]
    post: {$ref: "gone.yaml"}
components:
  securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}
"""


@pytest.fixture
def document(tmp_path: Path) -> Path:
    for folder in ("spec", "parts"):
        (tmp_path / folder).mkdir()
    (tmp_path / "parts/parameters.yaml").write_text(
        "limit: {name: limit, in: query, schema: {type: integer}}"
    )
    root = tmp_path / "spec/shop.yaml"
    root.write_text(ROOT)
    return root


def test_a_file_is_imported_with_those_it_refers_to(toolpath, document):  # noqa: F811
    said = toolpath("tools", "import", "openapi", str(document), "--prefix", "cli")
    assert said.code == 0
    assert "1 created, 1 skipped" in said.out
    assert "calls need the secret cli_key (key)" in said.out
    assert "skipped POST /orders: spec/gone.yaml was not given" in said.err
    shown = toolpath("tools", "show", "cli_list_orders", "--json").json
    assert list(shown["input_schema"]["properties"]) == ["limit"]


def test_the_same_command_by_its_short_name_tells_what_would_change(toolpath, document):  # noqa: F811
    arguments = ("tools", "import-openapi", str(document), "--prefix", "dry")
    assert toolpath(*arguments, "--dry-run").out.startswith("1 would be created")
    assert toolpath(*arguments, "--exclude", "method:get").out.startswith("1 skipped")
    assert toolpath(*arguments, "--json").json["created"] == ["dry_list_orders"]
    text = document.read_text().replace("operationId: listOrders", "operationId: listOrders, summary: Lists.")
    document.write_text(text.replace(", summary", "\n      summary"))
    said = toolpath(*arguments, "--auth", "key=my_key")
    assert "1 updated" in said.out
    assert "summary: changed from 'GET /orders' to 'Lists.'" in said.out


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("nowhere.yaml",), "cannot be read"),
        (("{document}", "--auth", "key"), "--auth takes name=value"),
        (("{document}", "--include", "all"), "tag:NAME"),
    ],
)
def test_what_is_wrong_is_told(toolpath, document, given, said):  # noqa: F811
    told = toolpath("tools", "import", "openapi", *(one.format(document=document) for one in given))
    assert told.code != 0
    assert said in told.err
