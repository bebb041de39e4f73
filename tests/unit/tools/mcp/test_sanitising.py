"""Words of strangers: what is kept of them, and what is refused."""

import pytest

from tools.mcp.sanitising import cleaned, cleaned_schema, hides

HIDDEN = {
    "bidi override": "\u202e",
    "bidi isolate": "\u2066",
    "zero width": "\u200b",
    "joiner": "\u200d",
    "tag letter": "\U000e0041",
    "variation selector": "\ufe0f",
    "control": "\x07",
    "escape": "\x1b",
    "private use": "\ue000",
    "line separator": "\u2028",
    "filler": "\u3164",
}


@pytest.mark.parametrize("character", HIDDEN.values(), ids=HIDDEN.keys())
def test_what_nobody_sees_is_taken_out_of_prose_and_refused_in_names(character: str) -> None:
    assert cleaned(f"del{character}ete all") == "delete all"
    assert hides(f"a{character}b")
    with pytest.raises(ValueError, match="cannot be seen"):
        cleaned_schema({"type": "object", "properties": {f"a{character}": {"type": "string"}}})
    with pytest.raises(ValueError, match="cannot be seen"):
        cleaned_schema({"enum": [f"a{character}"]})


def test_words_stay_as_they_are_read() -> None:
    words = "Grüße,\n\n日本語 – naïve café\t(ok)"
    assert cleaned(words) == "Grüße,\n\n日本語 – naïve café (ok)"
    assert cleaned("cafe\u0301") == "café"
    assert cleaned("a   b\n\n\n\n\nc\r\nd") == "a b\n\nc\nd"


def test_what_is_endless_is_cut() -> None:
    assert len(cleaned("x" * 1_000_000)) == 4_000
    assert cleaned("abcdef", longest=4) == "abc…"


def test_the_prose_inside_a_schema_is_cleaned_and_all_else_stays() -> None:
    schema = {
        "type": "object",
        "description": "a\u200bb",
        "properties": {
            "description": {"type": "string", "title": "c\u202ed", "default": "x", "enum": ["x", 1]}
        },
        "required": ["description"],
    }
    assert cleaned_schema(schema) == {
        "type": "object",
        "description": "ab",
        "properties": {"description": {"type": "string", "title": "cd", "default": "x", "enum": ["x", 1]}},
        "required": ["description"],
    }


def test_a_schema_without_end_is_refused() -> None:
    schema: dict = {"type": "object"}
    for _ in range(50):
        schema = {"type": "object", "properties": {"a": schema}}
    with pytest.raises(ValueError, match="deeper"):
        cleaned_schema(schema)
