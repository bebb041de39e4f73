"""Words that no job knows and that ask for none: what their place in the sentence says about them.

English marks them by grammar, not by vocabulary, so that any verb or noun may stand there: "stick it in
a PDF", "the words that occur in notes.txt", "the quarterly report", "for our board".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from orchestrator.planning.offline.clauses import Token
from orchestrator.planning.offline.lexicon import MATERIAL
from orchestrator.planning.offline.mentions import names_input
from orchestrator.planning.offline.peek import AttachedInput
from tools.spec import fits

_IN = re.compile(r"\b(?:in|within)\b")
_INTO = re.compile(r"\b(?:into|inside|onto)\b")
_RELATIVE = re.compile(r"\b(?:that|which|who)\b")
_FOR = re.compile(r"\bfor\s+(?:(?:the|my|our|his|her|their)\s*)$")
_DEFINITE = re.compile(r"\b(?:the|this|that|these|those|my|our|his|her|their|attached|enclosed)\s*$")
_PARTICIPLE = ("ed", "en", "wn", "ing")
#: From here on a word names a job; below the other it speaks for none.
_NAMING, _FAINT = 0.7, 0.4
_STANDING = ("url", "input", "quote", "file")


def asks_nothing(
    tokens: Sequence[Token],
    place: int,
    made: Collection[str],
    attached: Mapping[str, AttachedInput],
    *,
    strength: float,
) -> bool:
    """Whether a word is clear from its place, by the types that jobs make and its best `strength`."""
    token = tokens[place]
    if token.value is not None or token.media or token.unit or strength >= _NAMING:
        return False
    return _puts_into_a_file(tokens, place, made) or (
        strength < _FAINT and _is_beside(tokens, place, attached)
    )


def _is_beside(tokens: Sequence[Token], place: int, attached: Mapping[str, AttachedInput]) -> bool:
    return (
        _says_where(tokens, place, attached)
        or _tells_which(tokens, place, attached)
        or _says_for_whom(tokens, place)
    )


def _puts_into_a_file(tokens: Sequence[Token], place: int, made: Collection[str]) -> bool:
    """ "Stick that in a Word file", "bundle both lists into a workbook", "they end up in one PDF"."""
    if not tokens[place].head:
        return False
    bare = True
    for token in tokens[place + 1 :]:
        if token.gap in ("sentence", "then"):
            return False
        if token.value is not None and token.value.kind == "number" and _INTO.search(token.between):
            return True
        file = token.media is not None and any(fits(kind, token.media) for kind in made)
        if file and (_INTO.search(token.between) or (bare and _IN.search(token.between))):
            return True
        bare = bare and (token.media is not None or token.text.lower().rstrip("s") in MATERIAL)
    return False


def _says_where(tokens: Sequence[Token], place: int, attached: Mapping[str, AttachedInput]) -> bool:
    """ "The names that occur in …", "the prices listed on …", before what is worked on."""
    after = tokens[place + 1] if place + 1 < len(tokens) else None
    if after is None or after.gap != "preposition" or not place:
        return False
    token = tokens[place]
    if not (_RELATIVE.search(token.between) or token.text.lower().endswith(_PARTICIPLE)):
        return False
    return _stands_there(tokens, place + 1, attached)


def _tells_which(tokens: Sequence[Token], place: int, attached: Mapping[str, AttachedInput]) -> bool:
    """ "The quarterly report", "my old holiday photo": an adjective of what is worked on."""
    if not _DEFINITE.search(tokens[place].between):
        return False
    for further in range(place + 1, min(place + 3, len(tokens))):
        if tokens[further].gap != "none":
            return False
        if _stands_there(tokens, further, attached) or tokens[further].text.lower() in MATERIAL:
            return True
    return False


def _says_for_whom(tokens: Sequence[Token], place: int) -> bool:
    """ "For our board meeting"."""
    for back in range(place, max(-1, place - 2), -1):
        if tokens[back].value is not None:
            return False
        if _FOR.search(tokens[back].between):
            return True
        if tokens[back].gap != "none":
            return False
    return False


def _stands_there(tokens: Sequence[Token], place: int, attached: Mapping[str, AttachedInput]) -> bool:
    value = tokens[place].value
    return (value is not None and value.kind in _STANDING) or bool(names_input(tokens, place, attached))
