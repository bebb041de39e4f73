from __future__ import annotations

import random
from typing import Any

import pytest

from orchestrator.domain.plan import Ref, dig, is_ref, parse_ref, references, resolve, topological_order


def test_a_reference_names_its_source_and_the_way_into_its_output():
    assert parse_ref("a.result.rows.0") == Ref("a", ("result", "rows", "0"))
    assert parse_ref("@.text") == Ref("@", ("text",))


@pytest.mark.parametrize("text", ["", "a", "a.", ".b", "a..b", "."])
def test_a_malformed_reference_is_refused_with_its_form(text):
    with pytest.raises(ValueError, match=r"<subtask id>\.<output field>"):
        parse_ref(text)


def test_references_are_found_at_any_depth_in_order():
    value = {"x": {"ref": "a.one"}, "y": [1, {"z": ({"ref": "b.two"},)}], "ref": "not one"}
    assert list(references(value)) == [Ref("a", ("one",)), Ref("b", ("two",))]


def test_a_mapping_with_more_than_a_reference_is_a_literal():
    assert not is_ref({"ref": "a.b", "other": 1})
    assert not is_ref({"ref": 3})
    assert list(references({"ref": 3})) == []


def test_resolving_replaces_references_and_nothing_else():
    value: dict[str, Any] = {"x": [{"ref": "a.one"}, "a.one"], "y": {"deep": {"ref": "b.two"}}}
    resolved = resolve(value, lambda ref: f"<{ref.source}>")
    assert resolved == {"x": ["<a>", "a.one"], "y": {"deep": "<b>"}}
    assert value["x"][0] == {"ref": "a.one"}


def test_digging_goes_into_mappings_and_lists():
    value = {"rows": [{"a": 1}, {"a": None}], "0": "zero"}
    assert dig(value, ("rows", "1", "a")) is None
    assert dig(value, ("0",)) == "zero"
    assert dig(value, ()) is value


@pytest.mark.parametrize("path", [("rows", "2"), ("rows", "-1"), ("rows", "x"), ("none",), ("text", "0")])
def test_digging_names_what_is_missing(path):
    with pytest.raises(KeyError, match=path[-1]):
        dig({"rows": [1, 2], "text": "words"}, path)


@pytest.mark.parametrize("seed", range(60))
def test_none_stands_before_what_it_needs(seed):
    draw = random.Random(seed)
    hidden = [f"s{n}" for n in range(draw.randint(0, 14))]
    needs = {
        id: tuple(draw.sample(hidden[:place], k=draw.randint(0, min(place, 4)))) + ("elsewhere",) * (seed % 2)
        for place, id in enumerate(hidden)
    }
    shuffled = dict(draw.sample(list(needs.items()), k=len(needs)))
    order = topological_order(shuffled)
    assert sorted(order) == sorted(hidden)
    for id, before in needs.items():
        assert all(order.index(need) < order.index(id) for need in before if need in needs)


def test_what_needs_nothing_keeps_its_order():
    assert topological_order({"c": (), "a": (), "b": ()}) == ["c", "a", "b"]
    assert topological_order({"c": ("b",), "a": (), "b": ()}) == ["b", "c", "a"]


@pytest.mark.parametrize("seed", range(30))
def test_a_cycle_is_named(seed):
    draw = random.Random(seed)
    length = draw.randint(1, 6)
    ring = [f"r{n}" for n in range(length)]
    needs = {id: (ring[(n + 1) % length],) for n, id in enumerate(ring)} | {"x": ("r0",), "y": ()}
    with pytest.raises(ValueError, match="wait for each other") as caught:
        topological_order(dict(draw.sample(list(needs.items()), k=len(needs))))
    named = str(caught.value).partition(": ")[2].split(" → ")
    assert named[0] == named[-1]
    assert set(named) == set(ring)


def test_a_very_long_chain_is_no_trouble():
    chain = {f"s{n}": (f"s{n + 1}",) for n in range(20_000)} | {"s20000": ()}
    assert topological_order(chain)[0] == "s20000"
