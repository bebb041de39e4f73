"""What may fill what."""

from __future__ import annotations

import pytest

from orchestrator.planning.fitting import NoSuchField, Source, Target, literal_source, mismatch, output_of
from orchestrator.planning.toolset import Toolset
from tests.unit.orchestrator.planning.cases import FETCH, JOIN, LEAD, tool
from tools.spec import file_schema


@pytest.mark.parametrize(
    ("out", "into"),
    [
        ("text", "text"),
        ("image/png", "image/*"),
        ("integer", "number"),
        ("language", "text"),
        ("string", "url"),
        ("string", "text"),
        ("json", "table"),
        ("table", "json"),
    ],
)
def test_port_types_that_meet(out: str, into: str) -> None:
    assert mismatch(Source(out), Target((into,))) is None


@pytest.mark.parametrize(
    ("out", "into"),
    [
        ("text", "url"),
        ("number", "integer"),
        ("text/html", "text"),
        ("json", "text/csv"),
        ("image/png", "audio/wav"),
        ("table", "text"),
    ],
)
def test_port_types_that_do_not_meet(out: str, into: str) -> None:
    assert mismatch(Source(out), Target((into,))) == f"{out} cannot fill an argument that takes {into}"


def test_an_input_that_takes_several_types_takes_each() -> None:
    assert mismatch(Source("text/csv"), Target(("table", "text/csv"))) is None


def test_json_types_decide_where_a_side_names_no_port() -> None:
    assert mismatch(Source(None, {"type": "string"}), Target(("text",), {"type": "string"})) is None
    assert mismatch(Source(None, {"type": "string"}), Target((), {"type": "number"})) is not None
    assert mismatch(Source(None, {"type": "integer"}), Target((), {"type": "number"})) is None
    assert mismatch(Source(None, {}), Target((), {"type": "number"})) is None


def test_ports_that_meet_do_not_put_one_thing_where_a_list_is_wanted() -> None:
    many = {"type": "array", "items": {"type": "string"}, "x-many": True}
    assert mismatch(Source("text", {"type": "string"}), Target(("text",), many)) is not None
    assert mismatch(Source("text", {"type": "string"}), Target(("text",), many).item) is None


def test_a_file_of_another_type_does_not_fill_an_argument_without_ports() -> None:
    source = literal_source({"artifact": "art_1"}, media_types={"art_1": "text/csv; charset=utf-8"})
    assert source.port == "text/csv"
    assert mismatch(source, Target((), file_schema("image/*"))) is not None
    assert mismatch(source, Target((), file_schema("text/csv"))) is None


def test_alternatives_of_a_schema_each_count() -> None:
    either = {"anyOf": [{"type": "string"}, {"type": "array"}]}
    assert mismatch(Source(None, {"type": "array"}), Target((), either)) is None
    assert mismatch(Source(None, {"type": "number"}), Target((), either)) is not None
    assert mismatch(Source(None, {"enum": ["a", 2]}), Target((), {"type": "string"})) is None


def test_a_path_into_an_output_goes_as_deep_as_the_schema_says() -> None:
    rows = {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}}
    deep = tool("deep", {}, {"rows": rows, "free": {"type": "object"}})
    facts = Toolset([deep]).facts(deep)
    assert output_of(facts, ("rows", "0", "name")).schema == {"type": "string"}
    assert output_of(facts, ("free", "anything", "at", "all")).schema == {}
    with pytest.raises(NoSuchField):
        output_of(facts, ("rows", "0", "age"))
    with pytest.raises(NoSuchField):
        output_of(facts, ("rows", "0", "name", "first"))


def test_the_first_field_of_an_output_has_its_port_and_an_unknown_one_is_refused() -> None:
    facts = Toolset([FETCH, LEAD, JOIN]).facts(FETCH)
    assert output_of(facts, ("page",)).port == "text/html"
    with pytest.raises(NoSuchField) as refused:
        output_of(facts, ("body",))
    assert refused.value.known == ("page", "title")
