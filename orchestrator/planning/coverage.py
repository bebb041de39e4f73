"""Parts of a request that a model's plan does not quote: a doubt about its word that all is covered."""

from __future__ import annotations

import re
from collections.abc import Iterable

from orchestrator.planning.drafts import Draft

_SEAMS = re.compile(r"[.;,:!?\n]\s|[!?]$|\b(?:and|then|also)\b")
_WORD = re.compile(r"\w{4,}")
#: Words that ask for nothing by themselves.
_EMPTY = frozenset(
    """about after again also attached because been before being both could does doing each everything file
    files from give have hello here himself into itself just kindly like make maybe must need needs only other
    please really request same shall should some something such sure take task thank thanks that their them
    then there these they thing things this those using very want wants well were what when where which while
    will with would your""".split()
)


def unquoted(request: str, draft: Draft) -> list[str]:
    """Parts with telling words of which none stands in the words of any sub-task or clause."""
    quoted = _telling(" ".join([*draft.clauses, *(subtask.words for subtask in draft.subtasks)]))
    parts = (part.strip(" .,;:!?\n") for part in _SEAMS.split(request))
    return [part for part in parts if (words := _telling(part)) and not words & quoted]


def naming(request: str, names: Iterable[str]) -> frozenset[str]:
    """The tools that the request calls by name; a name that is a plain word is not one."""
    words = set(re.findall(r"\w+", request.casefold()))
    return frozenset(name for name in names if "_" in name and name.casefold() in words)


def _telling(text: str) -> set[str]:
    return {word for word in _WORD.findall(text.casefold()) if word not in _EMPTY}
