"""A binding and arguments make one request; what cannot be sent is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tools.adapters.http_requests import HttpRequest, build
from tools.errors import BadArguments, Unavailable
from tools.spec import Kind, Tool


def request(arguments: dict[str, Any], path: str = "/pets", **binding: Any) -> HttpRequest:
    tool = Tool(
        name="pets",
        summary="Pets.",
        kind=Kind.HTTP,
        input_schema={"type": "object"},
        output_schema={"type": "object"},
        binding={"method": "GET", "url": f"https://pets.example{path}", **binding},
    )
    return build(tool, arguments)


def test_each_argument_goes_to_its_place_under_its_own_name() -> None:
    places = {
        "id__path": {"in": "path", "name": "id", "style": "label"},
        "ids": {"in": "query", "name": "ids[]", "explode": True},
        "filter": {"in": "query", "content": "application/json"},
        "lang": {"in": "header", "name": "X-Lang"},
        "sid": {"in": "cookie"},
        "note": "body",
    }
    arguments = {
        "id__path": 7,
        "ids": [1, 2],
        "filter": {"a": 1},
        "lang": ["de", "fr"],
        "sid": "s d",
        "note": None,
    }
    made = request(arguments, path="/pets/{id}?v=1#part", parameters=places)
    assert made.url == "https://pets.example/pets/.7?v=1&ids%5B%5D=1&ids%5B%5D=2&filter=%7B%22a%22%3A1%7D"
    assert made.headers == {"X-Lang": "de,fr"}
    assert made.cookies == [("sid", "s%20d")]
    assert made.fields == {"note": None}


def test_the_delimiters_of_a_style_are_not_encoded_again() -> None:
    places = {"ids": {"in": "query", "explode": False}}
    assert request({"ids": ["a", "b"]}, parameters=places).url.endswith("?ids=a,b")


@pytest.mark.parametrize("value", ["", ".", "..", "a/../b"])
def test_a_value_cannot_leave_its_place_in_the_path(value: str) -> None:
    places = {"id": {"in": "path", "allowReserved": True}}
    with pytest.raises(BadArguments, match="part of the address"):
        request({"id": value}, path="/pets/{id}", parameters=places)


def test_a_missing_part_of_the_path_is_refused() -> None:
    with pytest.raises(BadArguments, match="id is missing"):
        request({}, path="/pets/{id}")


@pytest.mark.parametrize("where", ["header", "cookie"])
def test_a_value_cannot_break_out_of_its_line(where: str) -> None:
    places = {"x": {"in": where, "style": "cookie" if where == "cookie" else "simple"}}
    with pytest.raises(BadArguments, match="one line"):
        request({"x": "a\r\nEvil: yes"}, parameters=places)


def test_a_raw_cookie_cannot_become_two() -> None:
    with pytest.raises(BadArguments, match="one line"):
        request({"x": "a; admin=1"}, parameters={"x": {"in": "cookie", "style": "cookie"}})


@pytest.mark.parametrize(
    "binding",
    [
        {"parameters": {"x": "somewhere"}},
        {"parameters": {"x": {"in": "query", "style": "loud"}}},
        {"parameters": {"x": {"in": "path"}}},
        {"parameters": {"x": {"in": "query", "unknown": 1}}},
        {"body": {"encoding": 7}},
        {"method": "DANCE"},
        {"url": "ftp://pets.example"},
    ],
)
def test_a_binding_that_cannot_work_makes_the_tool_unavailable(binding: dict[str, Any]) -> None:
    with pytest.raises(Unavailable):
        request({"x": 1}, **binding)
