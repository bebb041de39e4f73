"""Which attached input a noun of the request speaks of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from orchestrator.planning.offline.clauses import Token
from orchestrator.planning.offline.lexicon import CALLED, FORMATS, MATERIAL
from orchestrator.planning.offline.peek import AttachedInput
from orchestrator.retrieval.stem import stem

_POINTING = re.compile(
    r"\b(?:this|that|these|those|the|my|our|attached|enclosed|uploaded|in|of|from|following|both|all|each|every)\b"
)
_RENDERING = re.compile(r"\b(?:as|into|to|onto|a|an|one|save|export)\s*$")


def names_input(
    tokens: Sequence[Token], place: int, attached: Mapping[str, AttachedInput]
) -> tuple[str, ...]:
    """Types of the attached input that the word at `place` calls by its kind ("this CSV", "the scan").

    Empty when it names none, or when it names what is to be made ("as an image").
    """
    token = tokens[place]
    if token.value is not None or (
        _RENDERING.search(_before_noun(tokens, place)) and not points_at(tokens, place)
    ):
        return ()
    before = tokens[place - 1] if place and token.gap == "none" else None
    if before is not None and before.media and not names_input(tokens, place - 1, attached):
        return ()
    for one in attached.values():
        if token.stem in _called(one.types):
            return one.types
    return ()


def named_by_nouns(tokens: Sequence[Token], attached: Mapping[str, AttachedInput]) -> frozenset[str]:
    """Inputs that a noun calls by their kind where it can mean no other of them: "the scan" beside a PDF."""
    found: set[str] = set()
    for place, token in enumerate(tokens):
        if len(attached) > 1 and names_input(tokens, place, attached):
            meant = [one.name for one in attached.values() if token.stem in _called(one.types)]
            found.update(meant if len(meant) == 1 else ())
    return frozenset(found)


def _before_noun(tokens: Sequence[Token], place: int) -> str:
    """What stands before a noun, its counting word and the noun that goes with it: "into one text file"."""
    while place and tokens[place].gap == "none" and not tokens[place].between.strip():
        before = tokens[place - 1]
        if before.value is None and before.text.lower() not in MATERIAL and before.media is None:
            break
        place -= 1
    token = tokens[place]
    counted = token.value is not None and token.value.kind == "number"
    return f"{token.between} {token.text.lower() if counted else ''}".rstrip()


def points_at(tokens: Sequence[Token], place: int) -> bool:
    """Whether "this", "the attached" and the like stand before the word or its adjectives."""
    for back in range(place, max(-1, place - 3), -1):
        if re.search(
            r"\b(?:this|that|these|those|my|attached|enclosed|uploaded|here|here's|have|got|given)\b",
            tokens[back].between,
        ):
            return True
        if tokens[back].gap != "none":
            return False
    return False


@lru_cache(maxsize=1024)
def _called(types: tuple[str, ...]) -> frozenset[str]:
    names: set[str] = {"input", "file"}
    for kind in types:
        family = kind.partition("/")[0] + "/*" if "/" in kind else kind
        for key in (kind, family):
            names.update(CALLED.get(key, "").split())
        names.update(word for word, media in FORMATS.items() if media in (kind, family))
    return frozenset(stem(name) for name in names)
