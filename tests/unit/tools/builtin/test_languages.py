"""Languages by their commonest words (the careful way and translation are tested with their programs)."""

from __future__ import annotations

import pytest

from tools.builtin.languages import detect_language_careful, detect_language_fast, translate_text
from tools.errors import BadArguments, BadOutput


def test_the_language_is_named_by_code_and_name() -> None:
    found = detect_language_fast("Wo ist der nächste Bahnhof?")
    assert (found["language"], found["name"]) == ("de", "German")


def test_a_text_that_shows_no_language_is_an_honest_failure() -> None:
    with pytest.raises(BadOutput, match="no known language"):
        detect_language_fast("12345")


@pytest.mark.parametrize(
    "tool", [detect_language_fast, detect_language_careful, lambda text: translate_text(text, "es")]
)
def test_an_empty_text_is_refused(tool) -> None:
    with pytest.raises(BadArguments, match="the text is empty"):
        tool("  ")


def test_a_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(BadArguments, match="in parts"):
        translate_text("a " * 300_000, "es")
