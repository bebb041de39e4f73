"""What crosses the pipe between a process of tools and its owner."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.errors import BadArguments, BadOutput, RateLimited, ToolError
from tools.process_messages import decode, encode, error_from_json, error_to_json, from_line, to_line
from tools.spec import File

words = st.sampled_from(["$file", "$plain", "path", "a"])
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=12,
)


def through_the_pipe(value: Any) -> Any:
    return decode(from_line(to_line({"value": encode(value)}))["value"])


@given(plain)
def test_any_json_value_arrives_as_it_was(value: Any) -> None:
    assert through_the_pipe(value) == value


def test_a_file_arrives_as_a_file_wherever_it_is_nested() -> None:
    file = File(Path("/tmp/x.csv"), "text/csv", "x.csv", "art_1")
    assert through_the_pipe({"data": [file, {"more": file}]}) == {"data": [file, {"more": file}]}


def test_a_value_that_json_cannot_hold_is_refused() -> None:
    with pytest.raises(BadOutput, match="JSON"):
        to_line({"result": object()})


@pytest.mark.parametrize(
    "error", [BadArguments("no", paths=("/a", "/b")), RateLimited("slow", retry_after=3.0), ToolError("x")]
)
def test_an_error_arrives_with_its_class_and_attributes(error: ToolError) -> None:
    back = error_from_json(from_line(to_line(error_to_json(error))))
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert back.__dict__ == error.__dict__


@pytest.mark.parametrize(
    "forged",
    [
        {"class": "os", "message": "", "attributes": {}},
        {"class": "ServerFault", "message": "", "attributes": 3},
        {"class": "RateLimited", "message": "", "attributes": {"retry_after": "soon"}},
        {"class": 3, "message": "", "attributes": {}},
        {},
    ],
)
def test_an_error_that_nobody_wrote_is_none(forged: Any) -> None:
    with pytest.raises((AttributeError, KeyError, TypeError, ValueError)):
        error_from_json(forged)
