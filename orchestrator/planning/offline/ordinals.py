"""What "the first", "the second one" and "the latter" mean in a request about several files or addresses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from orchestrator.planning.offline.peek import AttachedInput
from orchestrator.planning.offline.values import Value

_PLACES = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "former": 0, "latter": 1, "last": -1}
_WHOLES = "one|file|document|text|article|link|url|address|site|website|image|picture|photo|input|attachment"
_ORDINAL = re.compile(
    rf"\b(?P<given>for\s+)?the\s+(?P<which>{'|'.join(_PLACES)})(?:\s+(?:{_WHOLES}))?(?!\w)", re.IGNORECASE
)
#: What follows where the whole thing is meant: "the first column", "the first three" speak of something else.
_END = re.compile(r"\s*(?:$|[,.;:!?)]|(?:and|but|while|into|to|in|with|as|by)\b)", re.IGNORECASE)
_NAMED = frozenset({"url", "input"})
#: Words of a sentence that only says what there is.
_INTRODUCING = frozenset(
    "read take open load fetch get consider given look at here are there is i we have these those the my our "
    "two three four five both files file pages page articles article documents texts sites links and".split()
)


def with_names(
    text: str,
    values: Sequence[Value],
    attached: Mapping[str, AttachedInput],
    is_demand: Callable[[str], bool],
) -> str:
    """The request with each such word replaced by the name or address that it stands for.

    Things count in the order in which the request names them; where it names none, as they are attached.
    Of one thing alone, or of fewer than the word counts, nothing is replaced. A sentence that only said
    what there is has done its work then, and goes.
    """
    named = dict.fromkeys(text[one.start : one.end] for one in values if one.kind in _NAMED)
    things = list(named or attached)
    parts: list[str] = []
    done, told = 0, set()
    for match in _ORDINAL.finditer(text):
        place = _PLACES[match["which"].lower()]
        if not _meant(text, match, values, is_demand) or not max(2, place + 1) <= len(things):
            continue
        told.add(things[place])
        parts += [text[done : match.start()], match["given"] or "", things[place]]
        done = match.end()
    replaced = "".join([*parts, text[done:]])
    return _without_introduction(replaced, list(named)) if named and told == set(named) else replaced


def _without_introduction(text: str, named: Sequence[str]) -> str:
    """Without the first sentence, when that names all of them and asks for nothing."""
    end = max(text.find(name) + len(name) for name in named)
    stop = re.match(r"\s*[.:;]\s", text[end:])
    left = text[:end]
    for name in named:
        left = left.replace(name, " ")
    if stop is None or not _INTRODUCING.issuperset(re.findall(r"\w+", left.lower())):
        return text
    return text[end + stop.end() :]


def _meant(
    text: str, match: re.Match[str], values: Sequence[Value], is_demand: Callable[[str], bool]
) -> bool:
    if any(one.start <= match.start() < one.end for one in values):
        return False
    rest = text[match.end() :]
    return _END.match(rest) is not None or (match["given"] is not None and is_demand(rest))
