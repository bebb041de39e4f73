"""Which language a text seems to be in."""

from __future__ import annotations

import pytest

from tools.builtin.guess import guess_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where is the nearest station?", "en"),
        ("¿Dónde está la estación más cercana?", "es"),
        ("Wo ist der nächste Bahnhof?", "de"),
        ("Où est la gare la plus proche ?", "fr"),
        ("Dov'è la stazione più vicina per la città?", "it"),
        ("Onde fica a estação mais próxima, não sei", "pt"),
        ("Waar is het dichtstbijzijnde station van de stad?", "nl"),
        ("駅はどこですか", "ja"),
        ("车站在哪里", "zh"),
        ("Где находится вокзал?", "ru"),
        ("Де знаходиться найближчий вокзал і їдальня?", "uk"),
        ("Πού είναι ο σταθμός;", "el"),
    ],
)
def test_a_sentence_shows_its_language(text: str, language: str) -> None:
    guess = guess_language(text)
    assert guess is not None
    assert guess[0] == language
    assert 0 < guess[1] <= 1


@pytest.mark.parametrize("text", ["", "12345", "xqzt", "!!!"])
def test_nothing_is_guessed_from_nothing(text: str) -> None:
    assert guess_language(text) is None


def test_only_the_languages_named_are_guessed() -> None:
    guess = guess_language("La casa es grande.", among=["en", "es"])
    assert guess is not None
    assert guess[0] == "es"
