"""Port types read off schemas."""

from __future__ import annotations

from orchestrator.registry.port_types import ports_from
from tools.spec import file_schema


def test_types_follow_from_type_format_and_name():
    fields = {
        "page": {"type": "string", "format": "uri"},
        "words": {"type": "string"},
        "language": {"type": "string"},
        "colour": {"enum": ["red"], "type": "string"},
        "n": {"type": "integer"},
        "share": {"type": ["number", "null"]},
        "deep": {"type": "boolean"},
        "rows": {"type": "array"},
        "image": file_schema("image/png", "image/jpeg"),
        "either": {"anyOf": [{"type": "object"}, file_schema("text/csv")]},
    }
    ports = ports_from({"properties": fields, "required": ["image"]}, {"properties": fields})
    assert next(iter(ports.inputs)) == "image"
    assert ports.inputs == {
        "image": ("image/png", "image/jpeg"),
        "page": ("url",),
        "words": ("text", "string"),
        "language": ("language",),
        "colour": ("string",),
        "n": ("integer",),
        "share": ("number",),
        "deep": ("boolean",),
        "rows": ("json",),
        "either": ("json", "text/csv"),
    }
    assert ports.outputs["words"] == "text"
    assert ports.outputs["image"] == "image/png"


def test_a_schema_without_fields_has_no_ports():
    ports = ports_from({}, {"type": "object"})
    assert (ports.inputs, ports.outputs) == ({}, {})


def test_a_field_of_any_value_takes_any_and_gives_json():
    ports = ports_from({"properties": {"v": True}}, {"properties": {"v": True}})
    assert (ports.inputs["v"], ports.outputs["v"]) == (("any",), "json")
