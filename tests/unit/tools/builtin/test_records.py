"""What holds for the record of every built-in tool."""

from __future__ import annotations

import importlib
import inspect
import json
import re
import subprocess
import sys
from collections import defaultdict

import pytest
from jsonschema import Draft202012Validator

from tools.builtin import TOOLS
from tools.spec import File, Kind, Runs, Tool, is_file_schema

WORDS = {
    "url", "text", "number", "integer", "boolean", "language", "unit", "expression", "json", "string",
    "table", "tables", "column", "columns", "keywords", "matches", "sql",
}  # fmt: skip
MEDIA_TYPE = re.compile(r"[a-z*]+/[a-z0-9.*+-]+")
HEAVY = {
    "numpy", "trafilatura", "lingua", "yake", "docx", "fpdf", "pypdf", "pypdfium2", "lxml", "duckdb",
    "matplotlib", "openpyxl", "PIL", "pint", "soundfile", "zxingcpp", "qrcode",
}  # fmt: skip

every_tool = pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)


def function_of(tool: Tool):
    module, _, name = tool.binding["function"].partition(":")
    return getattr(importlib.import_module(module), name)


def test_names_are_distinct() -> None:
    names = [tool.name for tool in TOOLS]
    assert len(set(names)) == len(names)


def test_there_are_at_least_five_jobs_with_alternatives_that_differ_in_time_and_quality() -> None:
    jobs = defaultdict(list)
    for tool in TOOLS:
        for job in tool.does:
            jobs[job].append(tool.believed[0])
    real = [
        job
        for job, beliefs in jobs.items()
        if len({(one.seconds, one.quality) for one in beliefs}) > 1
        and min(beliefs, key=lambda one: one.seconds).quality < max(one.quality for one in beliefs)
    ]
    assert len(real) >= 5


def test_a_better_alternative_takes_longer() -> None:
    jobs = defaultdict(list)
    for tool in TOOLS:
        for job in tool.does:
            jobs[job].append(tool)
    for tools in jobs.values():
        ranked = sorted(tools, key=lambda tool: tool.believed[0].seconds)
        qualities = [tool.believed[0].quality for tool in ranked]
        assert qualities == sorted(set(qualities)), [tool.name for tool in ranked]


def test_importing_all_tools_loads_no_heavy_library() -> None:
    code = "import sys, tools.builtin; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stdout.split())


@every_tool
def test_both_schemas_are_json_schemas_whose_fields_are_described(tool: Tool) -> None:
    for schema in (tool.input_schema, tool.output_schema):
        Draft202012Validator.check_schema(schema)
        assert schema["type"] == "object"
        assert set(schema["required"]) <= set(schema["properties"])
        for name, field in schema["properties"].items():
            assert field.get("description"), name
            assert "default" not in field or Draft202012Validator(field).is_valid(field["default"]), name


@every_tool
def test_every_example_fits_the_input_schema(tool: Tool) -> None:
    """An example may leave out what another tool delivers, but no word that a request must say."""
    assert tool.docs.examples
    linked = set(tool.ports.inputs)
    schema = {
        **tool.input_schema,
        "required": [name for name in tool.input_schema["required"] if name not in linked],
    }
    for example in tool.docs.examples:
        assert set(example) == {"request", "arguments"}
        errors = [error.message for error in Draft202012Validator(schema).iter_errors(example["arguments"])]
        assert errors == []


@every_tool
def test_the_function_is_what_the_record_says_with_the_same_defaults(tool: Tool) -> None:
    assert tool.kind is Kind.PYTHON
    parameters = dict(inspect.signature(function_of(tool)).parameters)
    parameters.pop("work", None)
    fields = tool.input_schema["properties"]
    assert set(parameters) == set(fields)
    for name, parameter in parameters.items():
        required = name in tool.input_schema["required"]
        assert required == (parameter.default is inspect.Parameter.empty), name
        if not required:
            default = fields[name].get("default")
            given = list(parameter.default) if isinstance(parameter.default, tuple) else parameter.default
            assert given == default, name
    assert inspect.iscoroutinefunction(function_of(tool)) == (tool.runs is Runs.LOOP)


@every_tool
def test_ports_name_fields_and_known_types_the_main_ones_first(tool: Tool) -> None:
    assert set(tool.ports.inputs) <= set(tool.input_schema["properties"])
    assert set(tool.ports.outputs) <= set(tool.output_schema["properties"])
    types = {one for types in tool.ports.inputs.values() for one in types} | set(tool.ports.outputs.values())
    for one in types:
        assert one in WORDS or MEDIA_TYPE.fullmatch(one), one
    for name, kind in tool.ports.outputs.items():
        assert is_file_schema(tool.output_schema["properties"][name]) == ("/" in kind), name
    assert next(iter(tool.ports.inputs)) in tool.input_schema["required"]
    assert next(iter(tool.ports.outputs)) in tool.output_schema["required"]


@every_tool
def test_the_document_and_the_beliefs_are_complete(tool: Tool) -> None:
    assert len(tool.docs.when_to_use.split()) >= 12
    assert tool.docs.errors
    assert len(tool.summary) <= 110
    assert tool.tags
    assert tool.does
    (belief,) = tool.believed
    assert 0 < belief.quality <= 1
    assert 0 < belief.seconds < tool.limits.timeout <= 600
    assert belief.n >= 5
    assert {*tool.docs.run_before, *tool.docs.run_after} <= {one.name for one in TOOLS}


def test_tools_of_one_job_can_replace_each_other() -> None:
    jobs: dict[str, list[Tool]] = defaultdict(list)
    for tool in TOOLS:
        for job in tool.does:
            jobs[job].append(tool)
    for job, tools in jobs.items():
        inputs = {next(iter(tool.ports.inputs.items())) for tool in tools}
        outputs = {next(iter(tool.ports.outputs.items())) for tool in tools}
        assert len(inputs) == len(outputs) == 1, job


def test_records_hold_nothing_that_json_cannot() -> None:
    for tool in TOOLS:
        assert json.loads(json.dumps([tool.input_schema, tool.output_schema, list(tool.docs.examples)]))
    assert File not in {type(value) for tool in TOOLS for value in tool.binding.values()}
