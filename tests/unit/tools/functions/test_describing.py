"""Marked functions become records; what cannot is told of by name, with what to do."""

from __future__ import annotations

import importlib
import re
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from tools.errors import BadArguments, BadOutput
from tools.functions.modules import Description, describe
from tools.functions.typed import typed_of
from tools.schemas import Schema
from tools.spec import Effect, File, Kind, Runs, Tool

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def findable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))


def tools_of(module: str) -> dict[str, Tool]:
    described = Description.read(describe(module))
    assert described.faults == ()
    return {tool.name: tool for tool in described.tools}


def test_the_record_comes_from_the_signature_and_the_docstring() -> None:
    tool = tools_of("painting")["paint"]
    assert (tool.kind, tool.summary, tool.description) == (
        Kind.PYTHON, "Paint points.", "On a canvas of any size.",
    )  # fmt: skip
    assert tool.binding == {"function": "painting:paint"}
    fields = tool.input_schema["properties"]
    assert list(fields) == ["schema", "points", "colour", "day", "under", "copies"]
    assert fields["schema"] == {"type": "string", "description": "what is painted"}
    assert fields["copies"] == {"type": "integer", "minimum": 1, "default": 3, "description": "how many"}
    assert (fields["colour"]["default"], fields["day"]["default"]) == ("red", "2026-01-02")
    assert fields["under"]["anyOf"][0]["x-media-types"] == ["image/*"]
    assert fields["under"]["anyOf"][1] == {"type": "null"}
    assert tool.input_schema["required"] == ["schema", "points"]
    assert tool.input_schema["additionalProperties"] is False
    assert tool.output_schema["properties"]["image"]["x-media-types"] == ["image/png"]
    assert tool.docs.errors == ("BadArguments: there is no point",)
    Schema(tool.input_schema)
    Schema(tool.output_schema)


def test_what_the_decorator_says_overrides() -> None:
    tools = tools_of("painting")
    paint, add = tools["paint"], tools["add"]
    assert (paint.effect, add.effect) == (Effect.ONCE, Effect.READ)
    assert (paint.price.per_call, paint.limits.timeout) == (Decimal("0.02"), 5)
    assert [(one.usd, one.seconds, one.quality) for one in paint.believed] == [(0.02, 2, 0.8)]
    assert (paint.does, add.does) == (("paint_points",), ("add",))
    assert (paint.tags, paint.requires) == (("art",), {"sh": "-"})
    assert (paint.runs, add.runs, tools["later"].runs) == (Runs.PROCESS, Runs.LOOP, Runs.PROCESS)
    assert add.input_schema["properties"]["a"]["description"] == "the first"


def test_what_is_no_object_stands_under_result() -> None:
    tools = tools_of("painting")
    assert tools["add"].output_schema["properties"] == {"result": {"type": "integer"}}
    assert tools["one_file"].output_schema["properties"]["result"]["x-media-types"] == ["text/csv"]
    assert tools["nothing"].output_schema["properties"] == {}
    assert "result" not in tools["later"].output_schema.get("properties", {})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no_hint", "the parameter a has no type hint"),
        ("many", r"it takes \*given: .*: name each parameter"),
        ("any_name", r"it takes \*\*given: .*: name each parameter"),
        ("by_place", "name each parameter"),
        ("no_return", "does not say what it returns"),
        ("no_docstring", "has no docstring"),
        ("unknown_type", "'Nowhere' is not defined"),
        ("strange_type", "the parameter b: .*BadArguments.*use types that JSON can carry"),
        ("own_work", "the name work is for toolpath.Work"),
        ("blocking_on_the_loop", "only async functions run on the loop"),
        ("bad_effect", "effect='often': use one of read, idempotent, once"),
        ("bad_quality", "quality=2"),
        ("yields", "it yields"),
    ],
)
def test_what_cannot_be_a_tool_is_named_with_what_to_do(name: str, words: str) -> None:
    told = Description.read(describe("undescribable"))
    assert told.tools == ()
    (fault,) = [fault for fault in told.faults if fault.startswith(f"undescribable.{name}:")]
    assert re.search(words, fault), fault


def test_a_package_is_read_whole_and_one_broken_module_keeps_no_other_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "shop_of_test"
    package.mkdir()
    mark = "from toolpath import tool\n@tool\ndef {name}() -> str:\n    'Say it.'\n    return ''\n"
    (package / "__init__.py").write_text("from shop_of_test.first import one\n")
    (package / "first.py").write_text(mark.format(name="one"))
    (package / "second.py").write_text(mark.format(name="two"))
    (package / "third.py").write_text("import sys\nsys.exit('no licence')\n")
    (package / "_private.py").write_text(mark.format(name="three"))
    monkeypatch.syspath_prepend(str(tmp_path))
    told = Description.read(describe("shop_of_test"))
    assert [tool.name for tool in told.tools] == ["one", "two"]
    (fault,) = told.faults
    assert "shop_of_test.third cannot be imported: SystemExit: no licence" in fault
    assert "third.py:2" in fault
    for name in [name for name in sys.modules if name.startswith("shop_of_test")]:
        del sys.modules[name]


def test_values_come_in_as_their_types_and_go_out_as_json() -> None:
    painting = importlib.import_module("painting")
    typed = typed_of(painting.paint)
    assert typed is not None
    given = typed.arguments({"schema": "s", "points": [{"x": 1}], "colour": "blue"})
    assert given == {"schema": "s", "points": [painting.Point(1, 0)], "colour": painting.Colour.BLUE}


def test_files_pass_and_nothing_else_passes_as_one(tmp_path: Path) -> None:
    painting = importlib.import_module("painting")
    file = File(tmp_path / "a.csv", "text/csv", "a.csv", "art_1")
    typed = typed_of(painting.one_file)
    assert typed is not None
    assert typed.output(painting.one_file(**typed.arguments({"source": file}))) == {"result": file}
    forged = {"path": "/etc/passwd", "media_type": "text/plain", "name": "x"}
    with pytest.raises(BadArguments, match="/source: Input should be an instance of File") as raised:
        typed.arguments({"source": forged})
    assert raised.value.paths == ("/source",)
    either = typed_of(painting.odd_union)
    assert either is not None
    assert either.arguments({"value": forged}) == {"value": forged}


def test_what_was_not_promised_is_a_bad_output() -> None:
    typed = typed_of(importlib.import_module("painting").lies)
    assert typed is not None
    with pytest.raises(BadOutput, match=r"painting\.lies returned what its hint does not promise"):
        typed.output({"a": 1})
