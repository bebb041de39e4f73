"""JSON in what a model wrote."""

import pytest

from tools.errors import BadOutput
from tools.json_replies import parse_reply
from tools.schemas import Schema

NUMBER = Schema({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]})
LIST = Schema({"type": "array"})


@pytest.mark.parametrize(
    "text",
    [
        '{"n": 1}',
        '  {"n": 1}\n',
        '```json\n{"n": 1}\n```',
        'First:\n```\n{"m": 2}\n```\nno:\n```json\n{"n": 1}\n```',
        'The answer is {"n": 1}.',
        'Not {this} nor {"m": 2} but {"n": 1} or {"n": 2}',
        '<think>{"n": 5}</think>\n{"n": 1}',
        'broken {"n": 1 and then {"n": 1}',
        '{"n": 1}{"n": 2}',
    ],
)
def test_the_first_json_that_fits_is_taken(text: str) -> None:
    assert parse_reply(text, NUMBER) == {"n": 1}


def test_a_list_may_be_what_is_wanted() -> None:
    assert parse_reply("Sure: [1, 2]!", LIST) == [1, 2]


@pytest.mark.parametrize("text", ["", "no", "{", "{" * 100_000, '{"a":' * 50_000, "[" * 50_000])
def test_a_text_without_json_says_so(text: str) -> None:
    with pytest.raises(BadOutput, match="holds no JSON"):
        parse_reply(text, NUMBER)


def test_json_that_does_not_fit_says_what_is_wrong() -> None:
    with pytest.raises(BadOutput, match="does not fit the schema: /n: "):
        parse_reply('{"n": "one"}', NUMBER)
