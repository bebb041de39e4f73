"""Guesses the language of a text by its script and its function words, in microseconds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping

from tools.builtin.function_words import FUNCTION_WORDS
from tools.builtin.sentences import words

_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("uk", re.compile(r"[іїєґ]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
)
_LOOK_AT = 20_000


def guess_language(text: str, *, among: Collection[str] | None = None) -> tuple[str, float] | None:
    """The likeliest language (ISO 639-1) and how sure that is, in (0, 1]; None when nothing tells.

    `among` are the languages to choose from; all that are known when absent.

    >>> guess_language("Where is the nearest station?")[0]
    'en'
    """
    start = text[:_LOOK_AT]
    known = (
        FUNCTION_WORDS
        if among is None
        else {one: FUNCTION_WORDS[one] for one in FUNCTION_WORDS if one in among}
    )
    return _by_script(start) or _by_words(start, known)


def _by_script(text: str) -> tuple[str, float] | None:
    letters = sum(character.isalpha() for character in text)
    for language, pattern in _SCRIPTS:
        share = len(pattern.findall(text)) / max(letters, 1)
        # A text in kanji or Cyrillic shows what it is by few letters: kana, or the Ukrainian і.
        if share > (0.02 if language in ("ja", "uk") else 0.3):
            return language, 0.9
    return None


def _by_words(text: str, known: Mapping[str, frozenset[str]]) -> tuple[str, float] | None:
    counted = Counter(words(text))
    hits = {
        language: sum(times for word, times in counted.items() if word in common)
        for language, common in known.items()
    }
    # Languages are listed by how common they are, and a stable sort keeps that order among equals.
    ranked = [*sorted(hits.items(), key=lambda item: -item[1]), ("", 0), ("", 0)]
    (best, most), (_, second) = ranked[:2]
    if not most:
        return None
    return best, round(min(0.95, 0.5 + (most - second) / (2 * most)), 2)
