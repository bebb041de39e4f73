from __future__ import annotations

from typing import Any

import pytest

from orchestrator.planning.offline.arguments import fill
from orchestrator.planning.offline.clauses import tokens_of
from orchestrator.planning.offline.peek import Column, peek_value
from orchestrator.planning.offline.settings import Setting
from orchestrator.planning.offline.values import find_values
from tests.unit.orchestrator.planning.offline.small_tools import tool

COLUMNS = (
    Column("Region", "category", 3, ("North", "South")),
    Column("Product", "category", 4),
    Column("units_sold", "number", 9),
    Column("price", "number", 9),
)


def _filled(text: str, field: str, kind: str, schema: dict[str, Any], *, must: bool = False) -> Any:
    tokens = tokens_of(text, find_values(text, attached={}, is_demand=lambda _text: True))
    one = tool("t", "T.", {field: (kind,)}, {}, required=[field] if must else [], fields={field: schema})
    return fill(one, set(), Setting(tokens, tokens, text, COLUMNS)).arguments.get(field)


@pytest.mark.parametrize(
    ("text", "field", "schema", "value"),
    [
        ("in three sentences", "sentences", {"type": "integer"}, 3),
        ("200 px wide", "width", {"type": "integer"}, 200),
        ("to 640 x 480", "height", {"type": "integer"}, 480),
        ("the top 5 of them", "n", {"type": "integer", "x-unit": ["top"]}, 5),
        ("in 900 sentences", "sentences", {"type": "integer", "maximum": 100}, None),
        ("the two of them", "sentences", {"type": "integer"}, None),
    ],
)
def test_numbers_go_to_the_argument_whose_words_stand_beside_them(
    text: str, field: str, schema: dict[str, Any], value: int | None
):
    assert _filled(text, field, "integer", schema) == value


@pytest.mark.parametrize(
    ("text", "field", "must", "value"),
    [
        ("translate into Spanish", "target", True, "es"),
        ("translate from German to English", "target", True, "en"),
        ("translate from German to English", "source", False, "de"),
        ("a Spanish version", "target", True, "es"),
        ("translate it", "target", True, None),
    ],
)
def test_languages_have_their_roles(text: str, field: str, must: bool, value: str | None):
    assert _filled(text, field, "language", {"type": "string"}, must=must) == value


@pytest.mark.parametrize(
    ("text", "field", "hint", "value"),
    [
        ("most sold product per region", "group", "category", "Region"),
        ("most sold product per region", "item", "category", "Product"),
        ("units sold by product", "value", "number", "units_sold"),
        ("average prices", "value", "number", "price"),
        ("all of it", "group", "category", None),
    ],
)
def test_columns_are_found_in_their_roles(text: str, field: str, hint: str, value: str | None):
    assert _filled(text, field, "column", {"type": "string", "x-column": hint}) == value


def test_the_longest_words_decide_for_a_value_of_an_enumeration():
    schema = {
        "type": "string",
        "enum": ["up", "down"],
        "x-words": {"up": ["first"], "down": ["highest first"]},
    }
    assert _filled("sort with the highest first", "order", "string", schema) == "down"
    assert _filled("sort it", "order", "string", schema) is None


def test_units_have_their_roles():
    text = "how many km are 12 miles"
    assert _filled(text, "from_unit", "unit", {"type": "string"}) == "mile"


def test_a_cell_of_the_table_may_be_the_value_that_is_meant():
    assert _filled("rows of the north", "value", "string", {"type": "string"}) == "North"


def test_what_is_sought_stands_behind_for():
    assert (
        _filled("search it for solar power", "query", "string", {"type": "string"}, must=True)
        == "solar power"
    )


def test_a_plain_input_fills_the_argument_of_its_name():
    one = tool("t", "T.", {"limit": ("integer",)}, {}, fields={"limit": {"type": "integer"}})
    setting = Setting((), (), "", attached={"limit": peek_value("limit", 5)})
    assert fill(one, set(), setting).arguments == {"limit": {"ref": "inputs.limit"}}


def test_what_must_be_given_and_is_not_there_is_missing():
    one = tool("t", "T.", {"limit": ("integer",)}, {}, fields={"limit": {"type": "integer"}})
    assert fill(one, set(), Setting((), (), "")).missing == ("limit",)
