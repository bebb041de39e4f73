"""OpenAPI's schemas of all versions become JSON Schemas of 2020-12 that accept the same values."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.tools.openapi.small import answer, body, compile_documents, document, field, one
from tools.schemas import Schema


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        (
            {"type": "string", "enum": ["a"], "nullable": True},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        (
            {"type": "integer", "minimum": 1, "exclusiveMinimum": True},
            {"type": "integer", "exclusiveMinimum": 1},
        ),
        ({"type": "integer", "maximum": 9, "exclusiveMaximum": False}, {"type": "integer", "maximum": 9}),
        ({"type": "number", "exclusiveMinimum": 0.5}, {"type": "number", "exclusiveMinimum": 0.5}),
        ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
        ({"type": "float"}, {"type": "number"}),
        ({"type": "wonder"}, {}),
        ({"type": "string", "minLength": "3", "maxLength": -1}, {"type": "string", "minLength": 3}),
        ({"type": "string", "pattern": "["}, {"type": "string"}),
        ({"type": "object", "required": True}, {"type": "object"}),
        ({"type": "string", "xml": {}, "example": "x", "externalDocs": {}}, {"type": "string"}),
        (
            {"type": "array", "items": [{"type": "string"}]},
            {"type": "array", "prefixItems": [{"type": "string"}]},
        ),
        ({"const": None}, {"const": None}),
        (
            {"allOf": [{"type": "string"}], "nullable": True},
            {"anyOf": [{"allOf": [{"type": "string"}]}, {"type": "null"}]},
        ),
    ],
)
def test_keywords_take_the_form_of_2020_12(given: dict[str, Any], made: dict[str, Any]) -> None:
    assert field(given) == made


def test_a_default_is_told_in_words_since_it_would_be_sent_otherwise() -> None:
    assert field({"type": "integer", "default": 30}) == {"type": "integer", "description": "(Default: 30.)"}
    told = field({"type": "boolean", "default": False, "description": "Loud?"})
    assert told == {"type": "boolean", "description": "Loud? (Default: false.)"}


def test_a_schema_that_contains_itself_stays_a_circle() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}}
    tool = body({"$ref": "#/components/schemas/Node"}, components={"schemas": {"Node": node}})
    assert tool.input_schema["properties"]["next"] == {"$ref": "#/$defs/Node"}
    schema = Schema(tool.input_schema)
    assert schema.faults({"next": {"next": {}}}) == []
    assert schema.faults({"next": {"next": 1}}) != []


@pytest.mark.parametrize(
    "schemas",
    [
        {"A": {"$ref": "#/components/schemas/A"}},
        {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}},
        {
            "A": {"allOf": [{"$ref": "#/components/schemas/B"}]},
            "B": {"anyOf": [{"$ref": "#/components/schemas/A"}]},
        },
        {"A": {"type": "string", "not": {"$ref": "#/components/schemas/A"}}},
    ],
)
def test_a_schema_that_never_gets_to_a_value_is_left_open(schemas: dict[str, Any]) -> None:
    made = answer(
        {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/A"}}},
        components={"schemas": schemas},
    )
    assert Schema(made).faults({"a": "x"}) == []


def test_what_is_read_only_is_not_asked_and_what_is_write_only_not_expected() -> None:
    pet = {
        "type": "object",
        "properties": {
            "id": {"type": "integer", "readOnly": True},
            "name": {"type": "string"},
            "pin": {"type": "string", "writeOnly": True},
        },
        "required": ["id", "name", "pin"],
    }
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}
    operation = {
        "requestBody": {"required": True, "content": content},
        "responses": {"200": {"description": "ok", "content": content}},
    }
    tool = one(operation, method="post", components={"schemas": {"Pet": pet}})
    assert set(tool.input_schema["properties"]) == {"name", "pin"}
    assert tool.input_schema["required"] == ["name", "pin"]
    assert set(tool.output_schema["properties"]) == {"id", "name"}
    assert tool.output_schema["required"] == ["id", "name"]


def test_a_property_named_ref_is_no_reference() -> None:
    tool = body({"type": "object", "properties": {"$ref": {"type": "string"}, "a": {"type": "string"}}})
    assert tool.input_schema["properties"] == {"$ref": {"type": "string"}, "a": {"type": "string"}}


def test_words_beside_a_reference_are_kept() -> None:
    components = {"schemas": {"Id": {"type": "string"}}}
    said = {"$ref": "#/components/schemas/Id", "description": "The pet's id."}
    assert field(said, components=components) == {"$ref": "#/$defs/Id", "description": "The pet's id."}


def test_other_documents_are_followed_and_their_names_kept_apart() -> None:
    pets = document(
        {
            "/pets": {
                "post": {
                    "requestBody": {
                        "required": True,
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "properties": {
                                        "a": {"$ref": "one/shapes.json#/Pet"},
                                        "b": {"$ref": "two/shapes.json#/Pet"},
                                    },
                                }
                            }
                        },
                    }
                }
            }
        }
    )
    made = compile_documents(
        pets,
        {
            "one/shapes.json": {"Pet": {"type": "string"}},
            "two/shapes.json": {"Pet": {"$ref": "../one/shapes.json#/Pet"}},
        },
    )
    schema = made.tools[0].input_schema
    assert schema["properties"] == {"a": {"$ref": "#/$defs/Pet"}, "b": {"$ref": "#/$defs/Pet_2"}}
    assert schema["$defs"] == {"Pet": {"type": "string"}, "Pet_2": {"$ref": "#/$defs/Pet"}}


def test_anchors_and_names_alone_are_found() -> None:
    components = {"schemas": {"Id": {"$anchor": "id", "type": "string"}}}
    assert field({"$ref": "#id"}, components=components) == {"$ref": "#/$defs/id"}
    assert field({"$ref": "Id"}, components=components) == {"$ref": "#/$defs/Id"}


def test_an_input_that_refers_to_nothing_is_skipped_and_an_output_left_open() -> None:
    lost = {"schema": {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/Gone"}}}}
    content = {"application/json": lost}
    paths = {
        "/in": {"post": {"requestBody": {"content": content}}},
        "/out": {"get": {"responses": {"200": {"description": "ok", "content": content}}}},
    }
    made = compile_documents(document(paths))
    assert made.skipped == [("POST /in", "api.json#/components/schemas/Gone is not there")]
    assert [tool.name for tool in made.tools] == ["get_out"]
    assert Schema(made.tools[0].output_schema).faults({"a": 1}) == []


def test_far_parts_of_a_huge_output_are_left_open_and_the_near_ones_kept() -> None:
    schemas = {
        f"S{n}": {
            "type": "object",
            "properties": {
                "x": {"enum": [f"{n}-{k}" for k in range(300)]},
                "next": {"$ref": f"#/components/schemas/S{n + 1}"},
            },
        }
        for n in range(50)
    } | {"S50": {"type": "string"}}
    made = answer({"$ref": "#/components/schemas/S0"}, components={"schemas": schemas})
    assert len(made["$defs"]) < 20
    checked = Schema(made)
    assert checked.faults({"next": {"x": "1-1"}}) == []
    assert checked.faults({"next": {"x": "none"}}) != []


def test_a_schema_over_a_megabyte_is_refused() -> None:
    choices = [f"choice number {n}" for n in range(60_000)]
    made = compile_documents(
        document({"/x": {"get": {"parameters": [{"name": "x", "in": "query", "schema": {"enum": choices}}]}}})
    )
    assert made.tools == []
    assert "over 1,000,000" in made.skipped[0][1]


def test_a_schema_nested_too_deep_is_refused() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(60):
        schema = {"type": "array", "items": schema}
    made = compile_documents(
        document({"/x": {"get": {"parameters": [{"name": "x", "in": "query", "schema": schema}]}}})
    )
    assert "nested deeper than 50 levels" in made.skipped[0][1]


def test_of_alternatives_that_a_discriminator_tells_apart_a_value_may_fit_several() -> None:
    pet = {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}}
    schemas = {
        "Pet": pet,
        "Cat": {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"properties": {"claws": {}}}]},
        "Dog": {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"required": ["bark"]}]},
    }
    body = {
        "oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in ("Cat", "Dog")],
        "discriminator": {"propertyName": "kind"},
    }
    content = {"application/json": {"schema": body}}
    operation = {"requestBody": {"required": True, "content": content}}
    made = one(operation, method="post", components={"schemas": schemas})
    checked = Schema(made.input_schema)
    assert checked.faults({"body": {"kind": "Dog", "bark": True}}) == []
    assert checked.faults({"body": {"bark": True}}) != []
    del body["discriminator"]
    strict = one(operation, method="post", components={"schemas": schemas})
    assert Schema(strict.input_schema).faults({"body": {"kind": "Dog", "bark": True}}) != []
