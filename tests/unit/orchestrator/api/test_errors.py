"""Every error of ours has a status."""

from __future__ import annotations

import pytest

from orchestrator import errors
from orchestrator.api.errors import STATUS, status_of
from orchestrator.api.problems import pointer
from orchestrator.errors import OrchestratorError
from tools import errors as tool_errors
from tools.errors import ToolError


def all_of(root: type[Exception]) -> list[type[Exception]]:
    return [root, *(deeper for child in root.__subclasses__() for deeper in all_of(child))]


OURS = [
    kind
    for kind in (*all_of(OrchestratorError), *all_of(ToolError))
    if kind.__module__ in (errors.__name__, tool_errors.__name__)
]


@pytest.mark.parametrize("kind", OURS)
def test_each_error_has_a_status_of_its_own_or_of_its_parent(kind):
    status = status_of(kind("what was wrong"))
    assert 400 <= status < 600
    if kind is not OrchestratorError:
        assert status != 500, f"{kind.__name__} would look like a fault of the service"


def test_a_stranger_is_a_fault_of_the_service():
    assert status_of(RuntimeError("x")) == 500


def test_no_status_is_named_for_an_error_that_is_gone():
    assert set(STATUS) <= set(OURS)


def test_pointers_escape_what_json_pointers_reserve():
    assert pointer([]) == ""
    assert pointer(["a/b", 0, "c~d"]) == "/a~1b/0/c~0d"
