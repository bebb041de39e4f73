"""The OpenAPI document is exact enough to generate a client from: closed lists of words, no loose answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.domain.events import EventType
from orchestrator.domain.run import RunStatus
from orchestrator.domain.step import StepStatus

#: Their answers are no JSON: bytes, pages, a stream, a redirect.
NO_JSON = {"/v1/artifacts/{id}", "/v1/artifacts/{artifact_id}", "/login"}


@pytest.fixture
def document(client) -> dict[str, Any]:
    return client.get("/openapi.json").json()


def answers(document) -> Iterator[tuple[str, dict[str, Any]]]:
    every = (
        (f"{method} {path}", status, answer)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        for status, answer in operation["responses"].items()
        if path not in NO_JSON
    )
    for route, status, answer in every:
        if status[0] == "2":
            yield route, answer.get("content", {})


def words(document, model: str, field: str) -> list[str]:
    schema = document["components"]["schemas"][model]["properties"][field]
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema["enum"]


def test_every_answer_names_its_model(document):
    loose = [
        route
        for route, content in answers(document)
        for media, one in content.items()
        if media != "text/html" and not ("$ref" in one.get("schema", {}) or "items" in one.get("schema", {}))
    ]
    assert loose == []


def test_every_reference_has_its_schema(document):
    schemas = document["components"]["schemas"]
    text = str(document)
    named = {part.split("'")[0] for part in text.split("#/components/schemas/")[1:]}
    assert named - schemas.keys() == set()


def test_statuses_types_and_reasons_are_closed_lists(document):
    assert words(document, "RunLine", "status") == [status.value for status in RunStatus]
    assert words(document, "StepOut", "status") == [status.value for status in StepStatus]
    assert words(document, "EventOut", "type") == [type.value for type in EventType]
    assert "no_worker" in words(document, "WaitingOut", "reason")
    assert "no_suitable_tool" in words(document, "ErrorOut", "code")
    assert words(document, "ErrorOut", "code") == words(document, "Problem", "code")
    assert words(document, "ToolOut", "status") == ["active", "quarantined", "disabled", "unavailable"]
    assert words(document, "ReplicaOut", "health") == ["up", "down", "unknown"]


def test_all_fields_of_an_answer_are_there(document):
    for name, schema in document["components"]["schemas"].items():
        if name.endswith("Out") or name in ("RunLine", "PageOut_RunLine_"):
            assert set(schema.get("properties", ())) == set(schema.get("required", ())), name


def test_edits_of_a_plan_are_told_apart_by_their_operation(document):
    edit = document["components"]["schemas"]["EditsIn"]["properties"]["edits"]["items"]
    assert [one["properties"]["op"]["const"] for one in edit["oneOf"]] == [
        "add",
        "remove",
        "reorder",
        "reword",
        "retarget",
        "arguments",
        "extend",
    ]
