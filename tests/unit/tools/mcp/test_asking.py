"""Questions of servers, as they are put before a person."""

from __future__ import annotations

from typing import Any

import mcp_types as types
import pytest

from tools.asking import Answers
from tools.errors import BadArguments, BadOutput, Unavailable
from tools.masking import Mask
from tools.mcp.asking import ask_of, asks_of, masked, replies, resumed, visits_of

FORM: dict[str, Any] = {"type": "object", "properties": {"name": {"type": "string"}}}


def form(message: str = "Who?", schema: dict[str, Any] | None = None) -> types.ElicitRequestFormParams:
    return types.ElicitRequestFormParams(message=message, requested_schema=FORM if schema is None else schema)


def visit(url: str) -> types.ElicitRequestURLParams:
    return types.ElicitRequestURLParams(message="Log in", url=url)


def required(**asked: Any) -> types.InputRequiredResult:
    requests = {name: types.ElicitRequest(params=params) for name, params in asked.items()}
    return types.InputRequiredResult(input_requests=requests, request_state="s")


def test_words_are_cleaned_and_the_key_is_of_the_words_as_sent() -> None:
    ask = ask_of(form("Who\u202e is it?", {"properties": {"name": {"title": "Na\u200bme"}}}))
    assert (ask.text, ask.schema) == (
        "Who is it?",
        {"type": "object", "properties": {"name": {"title": "Name"}}},
    )
    assert ask_of(form()).key == ask_of(form()).key
    assert len({ask_of(form()).key, ask_of(form("Whom?")).key, ask_of(visit("https://a.example")).key}) == 3


@pytest.mark.parametrize(
    "asked",
    [
        visit("javascript:alert(1)"),
        visit("https://a.example/\u202e"),
        form(schema={"properties": {"name": {"type": "wrong"}}}),
        form(schema={"properties": {"na\u200bme": {}}}),
        form(schema={"$ref": "https://a.example/schema"}),
        form(schema={"description": "x" * 60_000}),
    ],
)
def test_what_is_no_question_is_refused(asked: types.ElicitRequestParams) -> None:
    with pytest.raises(BadOutput):
        ask_of(asked)


def test_only_persons_are_asked_and_not_without_end() -> None:
    roots = types.InputRequiredResult(input_requests={"r": types.ListRootsRequest()})
    with pytest.raises(Unavailable, match="roots/list"):
        asks_of(roots)
    with pytest.raises(BadOutput, match="more than 10"):
        asks_of(required(**{f"q{n}": form() for n in range(11)}))
    with pytest.raises(BadOutput, match="kept"):
        asks_of(types.InputRequiredResult(request_state="x" * 200_001))
    with pytest.raises(BadOutput, match="which"):
        visits_of({"elicitations": "none"})


def test_answers_go_back_by_name_or_by_words() -> None:
    (named,) = asks_of(required(q=form()))
    worded = ask_of(form())
    first, last = Answers({worded.key: {"name": "Ann"}}), Answers({named.key: {"name": "Bo"}}, "s")
    answers, state = resumed((first, last))
    assert {name: one.content for name, one in answers.items()} == {"q": {"name": "Bo"}}
    assert state == "s"
    assert replies((first, last))[worded.key].content == {"name": "Ann"}
    assert replies((Answers({worded.key: None}),))[worded.key].content is None
    assert resumed(()) == ({}, None)
    with pytest.raises(BadArguments):
        replies((Answers({worded.key: {"name": {"deep": 1}}}),))


def test_a_secret_that_a_server_repeats_is_masked() -> None:
    ask = masked(ask_of(form("Is hush-hush-1 yours?", {"title": "hush-hush-1"})), Mask(("hush-hush-1",)))
    assert "hush-hush-1" not in repr(ask)
