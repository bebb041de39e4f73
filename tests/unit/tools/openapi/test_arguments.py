"""Parameters and bodies become arguments, each with the place it goes to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.tools.openapi.small import body, compile_documents, document, one
from tools.adapters.http_requests import build
from tools.schemas import Schema
from tools.spec import MEDIA_TYPES, Effect


def parameter(name: str, where: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": where, "schema": {"type": "string"}, **more}


def test_every_place_and_style_is_written_down() -> None:
    tool = one(
        {
            "parameters": [
                parameter("id", "path", required=True, style="matrix"),
                parameter("q", "query", required=True, allowReserved=True),
                parameter("ids", "query", style="pipeDelimited", explode=False),
                parameter("X-Lang", "header", description="The language."),
                parameter("sid", "cookie"),
                {
                    "name": "filter",
                    "in": "query",
                    "content": {"application/json": {"schema": {"type": "object"}}},
                },
            ]
        },
        path="/pets/{id}",
    )
    assert tool.binding["parameters"] == {
        "id": {"in": "path", "name": "id", "style": "matrix", "explode": False},
        "q": {"in": "query", "name": "q", "style": "form", "explode": True, "allowReserved": True},
        "ids": {"in": "query", "name": "ids", "style": "pipeDelimited", "explode": False},
        "X-Lang": {"in": "header", "name": "X-Lang", "style": "simple", "explode": False},
        "sid": {"in": "cookie", "name": "sid", "style": "form", "explode": True},
        "filter": {"in": "query", "name": "filter", "content": "application/json"},
    }
    assert tool.input_schema["required"] == ["id", "q"]
    assert tool.input_schema["properties"]["X-Lang"] == {"type": "string", "description": "The language."}
    assert tool.input_schema["additionalProperties"] is False


def test_parameters_of_the_path_are_inherited_and_overridden() -> None:
    item = {
        "parameters": [parameter("a", "query"), parameter("b", "query", required=True)],
        "get": {"parameters": [parameter("b", "query"), {"$ref": "#/components/parameters/C"}]},
    }
    components = {"parameters": {"C": parameter("c", "query", required=True)}}
    (tool,) = compile_documents(document({"/x": item}, components=components)).tools
    assert list(tool.input_schema["properties"]) == ["a", "b", "c"]
    assert tool.input_schema["required"] == ["c"]


def test_a_placeholder_that_nobody_describes_is_a_text() -> None:
    tool = one({}, path="/pets/{id}")
    assert tool.input_schema["properties"] == {"id": {"type": "string"}}
    assert tool.input_schema["required"] == ["id"]


def test_a_described_one_that_the_path_lacks_is_left_out() -> None:
    assert one({"parameters": [parameter("id", "path", required=True)]}).input_schema["properties"] == {}


def test_headers_that_the_call_decides_on_are_no_arguments() -> None:
    headers = ("Accept", "Content-Type", "authorization")
    tool = one({"parameters": [parameter(name, "header") for name in headers]})
    assert tool.input_schema["properties"] == {}


def test_a_server_that_takes_idempotency_keys_may_be_called_again() -> None:
    keyed = one({"parameters": [parameter("Idempotency-Key", "header")]}, method="post")
    assert (keyed.effect, one({}, method="post").effect) == (Effect.IDEMPOTENT, Effect.ONCE)
    assert keyed.input_schema["properties"] == {}


def test_two_of_one_name_are_told_apart_by_their_places() -> None:
    content = {"application/json": {"schema": {"type": "object", "properties": {"id": {"type": "integer"}}}}}
    tool = one(
        {
            "parameters": [parameter("id", "path", required=True), parameter("id", "query")],
            "requestBody": {"required": True, "content": content},
        },
        path="/pets/{id}",
        method="put",
    )
    assert list(tool.input_schema["properties"]) == ["id__path", "id__query", "id"]
    assert tool.binding["parameters"]["id__path"]["name"] == "id"
    assert tool.binding["parameters"]["id"] == "body"


def test_the_fields_of_an_object_become_arguments() -> None:
    tool = body({"type": "object", "properties": {"a": {"type": "string"}, "b": {}}, "required": ["a"]})
    assert tool.input_schema["required"] == ["a"]
    assert tool.input_schema["additionalProperties"] is False
    assert tool.binding["body"] == {"media_type": "application/json", "required": True}


def test_fields_of_all_parts_are_put_together() -> None:
    parts = [
        {"$ref": "#/components/schemas/Base"},
        {
            "properties": {"b": {"type": "string"}},
            "required": ["b"],
            "additionalProperties": {"type": "integer"},
        },
    ]
    base = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    tool = body({"allOf": parts}, components={"schemas": {"Base": base}})
    assert list(tool.input_schema["properties"]) == ["a", "b"]
    assert tool.input_schema["required"] == ["a", "b"]
    assert tool.input_schema["additionalProperties"] == {"type": "integer"}


def test_what_must_be_there_together_is_still_asked() -> None:
    choices = [{"required": ["a"]}, {"required": ["b"]}]
    tool = body({"type": "object", "properties": {"a": {}, "b": {}}, "anyOf": choices})
    assert tool.input_schema["anyOf"] == choices


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": {"type": "string"}},
        {"oneOf": [{"type": "object", "properties": {"a": {}}}, {"type": "string"}]},
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "object", "properties": {"a": {}}, "patternProperties": {"^x": {}}},
        {"type": "string"},
    ],
)
def test_any_other_body_is_one_argument(schema: dict[str, Any]) -> None:
    tool = body(schema)
    assert list(tool.input_schema["properties"]) == ["body"]
    assert tool.input_schema["required"] == ["body"]
    assert tool.binding["body"]["argument"] == "body"


def test_an_optional_body_asks_for_nothing() -> None:
    content = {"application/json": {"schema": {"properties": {"a": {}}, "required": ["a"]}}}
    assert "required" not in one({"requestBody": {"content": content}}, method="post").input_schema


def test_a_form_with_files_takes_files() -> None:
    schema = {
        "type": "object",
        "properties": {
            "file": {"type": "string", "format": "binary", "description": "The photo."},
            "more": {"type": "array", "items": {"type": "string", "format": "binary"}},
            "note": {"type": "string"},
        },
    }
    properties = body(schema, "multipart/form-data").input_schema["properties"]
    assert MEDIA_TYPES in properties["file"]
    assert MEDIA_TYPES in properties["more"]["items"]
    assert properties["note"] == {"type": "string"}


@pytest.mark.parametrize(("kind", "is_file"), [("image/png", True), ("text/plain", False)])
def test_a_raw_body_is_a_file_or_a_text(kind: str, is_file: bool) -> None:
    tool = body({"type": "string"}, kind)
    assert (MEDIA_TYPES in tool.input_schema["properties"]["body"]) is is_file
    assert tool.binding["body"]["media_type"] == kind


def test_json_is_chosen_before_forms_and_forms_before_the_rest() -> None:
    kinds = ["application/xml", "application/x-www-form-urlencoded", "application/json"]
    content = {kind: {"schema": {"type": "object", "properties": {"a": {}}}} for kind in kinds}
    tool = one({"requestBody": {"content": content}}, method="post")
    assert tool.binding["body"]["media_type"] == "application/json"
    del content["application/json"]
    tool = one({"requestBody": {"content": content}}, method="post")
    assert tool.binding["body"]["media_type"] == "application/x-www-form-urlencoded"


def test_the_encoding_of_forms_is_kept() -> None:
    media = {
        "schema": {"type": "object", "properties": {"a": {"type": "object"}}},
        "encoding": {"a": {"style": "deepObject", "explode": True, "headers": {}}},
    }
    content = {"application/x-www-form-urlencoded": media}
    tool = one({"requestBody": {"content": content}}, method="post")
    assert tool.binding["body"]["encoding"] == {"a": {"style": "deepObject", "explode": True}}


def test_what_is_required_and_not_described_is_asked_all_the_same() -> None:
    tool = body({"type": "object", "properties": {"a": {}}, "required": ["a", "b"]})
    assert tool.input_schema["properties"]["b"] == {}
    assert tool.input_schema["required"] == ["a", "b"]


def test_a_yes_that_is_written_as_text_is_one() -> None:
    tool = one(
        {"parameters": [parameter("q", "query", required="true"), parameter("r", "query", required="false")]}
    )
    assert tool.input_schema["required"] == ["q"]


def test_alternatives_that_say_more_about_fields_stand_beside_them() -> None:
    done = {
        "properties": {"status": {"enum": ["done"]}, "end": {"type": "string"}},
        "required": ["status", "end"],
    }
    open_ = {"properties": {"status": {"enum": ["open"]}}}
    tool = body({"type": "object", "properties": {"status": {"type": "string"}}, "oneOf": [done, open_]})
    assert list(tool.input_schema["properties"]) == ["status", "end"]
    schema = Schema(tool.input_schema)
    assert schema.faults({"status": "open"}) == []
    assert schema.faults({"status": "done"}) != []
    assert schema.faults({"status": "done", "end": "today"}) == []


@pytest.mark.parametrize("kind", ["image/*", "*/*", "application/octet-stream"])
def test_a_raw_body_of_any_kind_of_file_is_a_file(kind: str) -> None:
    tool = body({"type": "string", "format": "binary"}, kind)
    assert MEDIA_TYPES in tool.input_schema["properties"]["body"]
    assert tool.binding["body"]["media_type"] == kind


def test_a_whole_query_that_is_a_form_is_one_argument_and_any_other_is_told() -> None:
    def query(kind: str, **more: Any) -> dict[str, Any]:
        fields = {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]}
        return {"name": "all", "in": "querystring", "content": {kind: {"schema": fields}}, **more}

    form = query("application/x-www-form-urlencoded", required=True)
    made = one({"parameters": [form]})
    assert made.input_schema["required"] == ["all"]
    request = build(made, {"all": {"q": "a b", "n": [1, 2]}})
    assert request.url == "https://pets.example/v1/pets?q=a%20b&n=1&n=2"
    other = compile_documents(
        document(
            {
                "/a": {"get": {"parameters": [query("application/json", required=True)]}},
                "/b": {"get": {"parameters": [query("application/json")]}},
            }
        )
    )
    assert [tool.binding["url"] for tool in other.tools] == ["https://pets.example/v1/b"]
    (skipped,) = other.skipped
    assert skipped == ("GET /a", "its query is written as application/json as a whole: not supported")


def test_in_a_form_the_encoding_alone_may_say_that_a_field_is_a_file() -> None:
    schema = {"type": "object", "properties": {"photo": {}, "text": {}, "note": {}}}
    encoding = {"photo": {"contentType": "image/png, image/jpeg"}, "text": {"contentType": "text/plain"}}
    content = {"multipart/form-data": {"schema": schema, "encoding": encoding}}
    fields = one({"requestBody": {"content": content}}, method="post").input_schema["properties"]
    assert [name for name, field in fields.items() if MEDIA_TYPES in field] == ["photo"]


def test_parts_without_names_are_told() -> None:
    content = {"multipart/mixed": {"schema": {"type": "array", "prefixItems": [{}, {}]}}}
    operation = {"requestBody": {"content": content}}
    made = compile_documents(document({"/pets": {"post": operation}}))
    assert made.tools == []
    assert made.skipped == [
        ("POST /pets", "its body is a sequence of parts without names, which is not supported")
    ]


def test_a_header_that_cannot_be_sent_is_left_out_with_its_operation_if_it_is_required() -> None:
    odd = parameter("X Odd", "header")
    made = compile_documents(
        document(
            {
                "/a": {"get": {"parameters": [odd, parameter("X-Even", "header")]}},
                "/b": {"get": {"parameters": [odd | {"required": True}]}},
            }
        )
    )
    assert [list(tool.input_schema["properties"]) for tool in made.tools] == [["X-Even"]]
    assert made.skipped == [("GET /b", "it requires the header 'X Odd', which no request can have")]
    assert made.quality["notes"][0]["what"] == "'X Odd' is no name of a header, and left out"
