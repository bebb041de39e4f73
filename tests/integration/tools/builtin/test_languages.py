"""Lingua and Apertium for real."""

from __future__ import annotations

import shutil

import pytest

from tools.builtin.languages import APERTIUM_HINT, detect_language_careful, translate_text
from tools.errors import BadArguments, Unavailable

needs_apertium = pytest.mark.skipif(
    shutil.which("apertium") is None, reason=f"needs apertium: {APERTIUM_HINT}"
)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where is the nearest station?", "en"),
        ("¿Dónde está la estación más cercana?", "es"),
        ("Wo ist der nächste Bahnhof?", "de"),
        ("Où est la gare la plus proche ?", "fr"),
        ("Gdzie jest najbliższa stacja?", "pl"),
        ("駅はどこですか", "ja"),
    ],
)
def test_a_short_sentence_shows_its_language(text: str, language: str) -> None:
    found = detect_language_careful(text)
    assert found["language"] == language
    assert found["confidence"] > 0.4


@needs_apertium
def test_english_becomes_spanish_and_keeps_its_paragraphs() -> None:
    found = translate_text("The house is big. I live in a small town.\n\nThe dog sleeps.", "es")
    assert found["text"].split("\n\n")[0] == "La casa es grande. Vivo en una ciudad pequeña."
    assert "perro" in found["text"].split("\n\n")[1]
    assert (found["source"], found["target"]) == ("en", "es")


@needs_apertium
def test_spanish_becomes_english() -> None:
    assert translate_text("La casa es grande.", "en")["text"] == "The house is big."
    assert translate_text("casa", "en", source="es")["text"].lower() == "house"


@needs_apertium
def test_special_characters_pass_through_without_meaning() -> None:
    text = "The house [big] costs 5 $ / 3 ^ @ {x} \\ <b> *; $(touch /tmp/x)"
    translated = translate_text(text, "es", source="en")["text"]
    for part in ("[", "]", "$", "/", "^", "@", "{x}", "\\", "<b>", "*;", "$("):
        assert part in translated


@needs_apertium
def test_a_text_in_the_wanted_language_stays_as_it_is() -> None:
    text = "La casa de mi madre es grande."
    assert translate_text(text, "es")["text"] == text


@needs_apertium
@pytest.mark.parametrize("target", ["uk", "fr", "de"])
def test_a_direction_that_is_not_installed_is_refused_with_those_that_are(target: str) -> None:
    with pytest.raises(BadArguments, match=f"no translation from en to {target} .*en to es"):
        translate_text("The house is big and stands at the end of the road.", target)


@needs_apertium
def test_a_language_that_is_not_installed_is_not_taken_for_one_that_is() -> None:
    with pytest.raises(BadArguments, match="no translation from de to es"):
        translate_text("Es war ein kalter Tag, und der Wind ging durch die Stadt.", "es")


def test_without_the_program_the_tool_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Unavailable, match="apt install apertium"):
        translate_text("The house is big.", "es")
