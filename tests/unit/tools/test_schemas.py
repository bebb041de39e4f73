"""Schemas of tools: checks, defaults and where files are."""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from tools.errors import BadArguments, BadOutput, Unavailable
from tools.schemas import Place, Schema, schemas_of
from tools.spec import file_schema
from tools.testing_functions import BY_NAME

ADD = BY_NAME["slow_add"]
CSV = file_schema("text/csv")
IMAGE = file_schema("image/*")
TABLE = {"type": "object", "properties": {"rows": {"type": "array"}}, "required": ["rows"]}


def with_input(schema: Mapping[str, Any]) -> Any:
    return schemas_of(dataclasses.replace(ADD, input_schema=schema))


def test_defaults_are_filled_in_and_never_shared() -> None:
    schema = Schema(
        {
            "type": "object",
            "properties": {
                "a": {"default": []},
                "b": {"type": "object", "properties": {"c": {"default": 1}}},
                "d": True,
            },
        }
    )
    first, second = schema.filled({"b": {}}), schema.filled({"a": [1], "b": {"c": 2}, "x": 3})
    assert first == {"a": [], "b": {"c": 1}}
    assert second == {"a": [1], "b": {"c": 2}, "x": 3}
    first["a"].append("spoilt")
    assert schema.filled({})["a"] == []


def test_faults_name_the_place_as_a_pointer() -> None:
    schema = Schema({"properties": {"a/b": {"items": {"type": "integer"}}}})
    assert [path for path, _ in schema.faults({"a/b": [1, "x", None]})] == ["/a~1b/1", "/a~1b/2"]
    assert schema.faults({"a/b": [1]}) == []


def test_only_the_first_faults_are_told() -> None:
    assert len(Schema({"items": {"type": "integer"}}).faults(["x" * 1000] * 100)) == 5
    assert all(len(words) <= 300 for _, words in Schema({"type": "integer"}).faults("x" * 1000))


def test_what_is_not_json_is_refused_as_such() -> None:
    with pytest.raises(BadArguments, match="not JSON"):
        schemas_of(ADD).arguments({"x": object()})
    with pytest.raises(BadOutput, match="not JSON"):
        schemas_of(ADD).check_output({"sum": {1, 2}})


def test_a_schema_may_be_read_only() -> None:
    frozen = MappingProxyType({"properties": MappingProxyType({"a": MappingProxyType({"type": "integer"})})})
    assert Schema(frozen).faults({"a": "x"})


@pytest.mark.parametrize(
    "schema", [{"type": "strin"}, {"$ref": "http://127.0.0.1/x"}, {"$ref": "#/$defs/none"}, {"pattern": "("}]
)
def test_a_broken_schema_is_told(schema: Mapping[str, Any]) -> None:
    with pytest.raises(Unavailable, match="a schema of the tool slow_add is broken"):
        with_input(schema)


def test_a_pattern_cannot_be_used_to_stop_the_service() -> None:
    schema = Schema({"type": "string", "pattern": r"^(a|a)*(?=b)$"})
    assert schema.faults("a" * 5000 + "!")


def test_the_same_tool_is_made_ready_once() -> None:
    twin = dataclasses.replace(ADD, tags=("other",))
    assert schemas_of(ADD) is schemas_of(ADD)
    assert schemas_of(twin) is schemas_of(ADD)
    assert schemas_of(dataclasses.replace(ADD, name="x")) is not schemas_of(ADD)


@pytest.mark.parametrize(
    ("schema", "value", "places"),
    [
        ({"properties": {"f": CSV}}, {"f": {"artifact": "a"}}, [Place(("f",), "a", ("text/csv",))]),
        (
            {"properties": {"f": {"type": "array", "items": CSV}}},
            {"f": [{"artifact": "a"}, {"artifact": "b"}]},
            [Place(("f", 0), "a", ("text/csv",)), Place(("f", 1), "b", ("text/csv",))],
        ),
        (
            {"properties": {"f": {"anyOf": [TABLE, CSV, IMAGE]}}},
            {"f": {"artifact": "a"}},
            [Place(("f",), "a", ("text/csv", "image/*"))],
        ),
        ({"properties": {"f": {"anyOf": [TABLE, CSV]}}}, {"f": {"rows": []}}, []),
        (
            {"properties": {"f": {"oneOf": [{"items": CSV}, {"items": IMAGE}]}}},
            {"f": [{"artifact": "a"}]},
            [Place(("f", 0), "a", ("text/csv", "image/*"))],
        ),
        (
            {"$defs": {"file": CSV}, "additionalProperties": {"$ref": "#/$defs/file"}},
            {"x": {"artifact": "a"}},
            [Place(("x",), "a", ("text/csv",))],
        ),
        ({"prefixItems": [True, CSV]}, [1, {"artifact": "a"}], [Place((1,), "a", ("text/csv",))]),
        ({"properties": {"f": {"type": "object"}, "g": CSV}}, {"f": {"artifact": "a"}}, []),
        ({"properties": {"g": CSV}}, {"g": "text"}, []),
    ],
)
def test_files_are_found_where_the_schema_says_file(
    schema: Mapping[str, Any], value: Any, places: list[Place]
) -> None:
    assert Schema(schema).files_in(value) == places


def test_a_schema_that_refers_to_itself_has_an_end() -> None:
    tree = {
        "$defs": {"node": {"properties": {"file": CSV, "next": {"$ref": "#/$defs/node"}}}},
        "$ref": "#/$defs/node",
    }
    found = Schema(tree).files_in({"next": {"next": {"file": {"artifact": "a"}}}})
    assert [place.path for place in found] == [("next", "next", "file")]
