"""The lists of words in answers hold all that the source says, and nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from orchestrator.api.schemas.codes import CAUSE_REASONS, ERROR_CODES, CauseOut, ErrorOut, error_out

ROOT = Path(__file__).parents[5]
#: Made of parts in the source, or under another name there.
COMPOSED = {
    "planning_crashed",
    "repair_crashed",
    "notify_crashed",
    "undo_crashed",
    "backoff",
    "changed_arguments",
}
#: Between this service and its MCP servers; never in an answer.
INNER = {"connection_lost", "session_over"}
#: In events only.
OF_EVENTS = {"plan_not_approved"}


def words(key: str) -> Iterator[str]:
    """String literals that are assigned to `key` as a class's attribute, an entry or an argument."""
    files = (file.read_text() for top in ("orchestrator", "tools") for file in (ROOT / top).rglob("*.py"))
    trees = (ast.parse(text) for text in files if re.search(rf"\b{key}\b", text))
    given = chain.from_iterable(pairs(node) for tree in trees for node in ast.walk(tree))
    for name, value in given:
        if name == key and isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value


def pairs(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.Dict):
        keys = zip(node.keys, node.values, strict=True)
        yield from ((str(key.value), value) for key, value in keys if isinstance(key, ast.Constant))
    elif isinstance(node, ast.Call):
        yield from ((word.arg, word.value) for word in node.keywords if word.arg)
    elif isinstance(node, ast.ClassDef):
        for line in node.body:
            if isinstance(line, ast.Assign):
                yield from ((t.id, line.value) for t in line.targets if isinstance(t, ast.Name))


def test_every_code_of_an_error_is_listed():
    said = set(words("code")) - INNER
    assert said - set(ERROR_CODES) == set()
    assert set(ERROR_CODES) - said - COMPOSED == set()


def test_every_reason_of_a_cause_is_listed():
    said = set(words("reason")) - OF_EVENTS
    assert said - set(CAUSE_REASONS) == set()
    assert set(CAUSE_REASONS) - said - COMPOSED == set()


def test_what_an_error_brings_along_stays():
    told = {"code": "no_suitable_tool", "message": "Nothing fits.", "nearest": ["x"]}
    error = error_out(told)
    assert error is not None
    assert error.model_dump() == told
    assert error_out(None) is None


def test_a_code_of_an_own_function_is_told_as_it_is():
    assert ErrorOut(code="too_wet", message="It rains.").model_dump() == {
        "code": "too_wet",
        "message": "It rains.",
    }


@pytest.mark.parametrize("model", [ErrorOut, CauseOut])
def test_the_document_lists_the_words(model):
    schema = model.model_json_schema(mode="serialization")
    (word,) = {"code", "reason"} & schema["properties"].keys()
    assert schema["properties"][word]["enum"] == list(ERROR_CODES if word == "code" else CAUSE_REASONS)
    assert word in schema["required"]
