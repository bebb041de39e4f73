"""Words of a text and their stems: a light English suffix stripper.

Own code because it is thirty lines and because tool names need it: it also joins British and
American spelling (`summarise`, `summarize`, `summary`), which Porter's stemmer keeps apart.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_E_MAIL = re.compile(r"\be-mail", re.IGNORECASE)
_VOWEL = re.compile(r"[aeiouy]")
#: Up to so many characters a text is a name or a phrase, which is asked for again and again.
_SHORT = 60
_DOUBLE = re.compile(r"([bdgmnprt])\1$")
#: Endings taken off one after the other; what is left must have the given length.
_ENDINGS = (
    (re.compile(r"(?:is|iz)(?:ation|ing|ed|er|e)?$"), "", 5),
    (re.compile(r"at(?:ion|or|ing|ed|e)$"), "at", 4),
    (re.compile(r"(?<=[st])ion$"), "", 4),
    (re.compile(r"ing$"), "", 3),
    (re.compile(r"(?<=[^e])ed$"), "", 3),
    (re.compile(r"ly$"), "", 4),
    (re.compile(r"[ey]$"), "", 3),
)


def words(text: str) -> list[str]:
    """Words of `text` in lower case without accents; snake_case and camelCase are split.

    >>> words("readImage_text: café 3×")
    ['read', 'image', 'text', 'cafe', '3']
    """
    return list(_short_words(text) if len(text) <= _SHORT else _words(text))


def _words(text: str) -> tuple[str, ...]:
    plain = unicodedata.normalize("NFKD", _E_MAIL.sub("email", text.replace("’", "'")))
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return tuple(word.lower() for word in _WORD.findall(_CAMEL.sub(" ", plain)))


_short_words = lru_cache(maxsize=20_000)(_words)


def stems(text: str) -> list[str]:
    """Stems of the words of `text`, in order."""
    return [stem(word) for word in words(text)]


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """The stem of a word in lower case.

    >>> stem("summarizing"), stem("summary"), stem("translations"), stem("cities")
    ('summar', 'summar', 'translat', 'cit')
    """
    left = _singular(word)
    for ending, replacement, least in _ENDINGS:
        shorter = ending.sub(replacement, left)
        if shorter != left and len(shorter) >= least and _VOWEL.search(shorter):
            left = _DOUBLE.sub(r"\1", shorter) if ending.pattern[-2] in "gd" else shorter
    return left


def _singular(word: str) -> str:
    """The word without the ending of a plural."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("sses", "xes", "zzes", "ches", "shes")):
        return word[:-2]
    return word[:-1]
