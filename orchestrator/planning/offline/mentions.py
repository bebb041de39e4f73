"""Which attached input a noun of the request speaks of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from orchestrator.planning.offline.clauses import Token
from orchestrator.planning.offline.lexicon import CALLED, FORMATS
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
        _RENDERING.search(token.between.rstrip()) and not points_at(tokens, place)
    ):
        return ()
    before = tokens[place - 1] if place and token.gap == "none" else None
    if before is not None and before.media and not names_input(tokens, place - 1, attached):
        return ()
    for one in attached.values():
        if token.stem in _called(one.types):
            return one.types
    return ()


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
