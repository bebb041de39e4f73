from __future__ import annotations

import pytest

from orchestrator.planning.offline.ordinals import with_names
from orchestrator.planning.offline.peek import AttachedInput
from orchestrator.planning.offline.values import find_values

A, B = "https://a.example/x", "https://b.example/y"
ATTACHED = {name: AttachedInput(name, ("text/plain",)) for name in ("a.txt", "b.txt")}


def demand(rest: str) -> bool:
    return rest.split(maxsplit=1)[0] in ("list", "write")


def named(text: str, attached: dict[str, AttachedInput] = ATTACHED) -> str:
    return with_names(text, find_values(text, attached=attached, is_demand=demand), attached, demand)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (
            "Summarise the first file and translate the second one into Spanish",
            "Summarise a.txt and translate b.txt into Spanish",
        ),
        (
            f"Compare {A} with {B}: keywords of the latter, gist of the former.",
            f"Compare {A} with {B}: keywords of {B}, gist of {A}.",
        ),
        (
            "For the first list its words, for the last write a gist",
            "For a.txt list its words, for b.txt write a gist",
        ),
        (
            f"Read {B} and {A}. For the first, list its words; summarise the second.",
            f"For {B}, list its words; summarise {A}.",
        ),
    ],
)
def test_places_stand_for_what_was_named_or_attached(text: str, meant: str):
    assert named(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "Sum the first column and list the first three words",
        "Translate the third file into Spanish",
        'Translate "the first and the second" into Spanish',
        f"Summarise {A}. The first paragraph matters.",
    ],
)
def test_what_speaks_of_something_else_stays(text: str):
    assert named(text) == text


def test_of_one_thing_alone_nothing_is_replaced():
    text = f"Read {A} and summarise the first."
    assert named(text, {}) == text


def test_an_introduction_stays_when_it_asks_or_when_not_all_it_names_comes_again():
    assert named("Translate a.txt and b.txt. Summarise the first. Count the second.").startswith("Translate")
    assert named("Read a.txt and b.txt. Summarise the second.") == "Read a.txt and b.txt. Summarise b.txt."
