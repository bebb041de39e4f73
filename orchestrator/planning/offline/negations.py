"""What a request says it does not ask for: "don't translate it", "no summary needed", "a PDF, not a DOCX".

Such words are taken out of the request before it is read, each with a space, so that places stay. Only where
what is denied is a job, a format or a language: "don't include drafts" is a condition on the work, and stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from orchestrator.planning.offline.lexicon import FORMATS, GENERIC_VERBS, LANGUAGES
from orchestrator.planning.offline.values import Value

_NOT_TO = re.compile(
    r"(?:,\s*|;\s*|\b(?:and|but)\s+)?(?:\b(?:please|just|also)\s+){0,3}"
    r"\b(?:do\s+not|don['’]?t|never|no\s+need\s+(?:to|for(?:\s+(?:a|an|any))?)|(?:you|we|i)\s+(?:needn['’]?t|"
    r"(?:do\s+not|don['’]?t)\s+(?:need|have|want)(?:\s+you)?(?:\s+to)?)|without|rather\s+than|instead\s+of)\s+"
    # Bounded, since each of so many places is looked at for each such verb.
    r"(?P<denied>[^.,;:!?\n]{1,200}?)(?=\s{1,9}(?:and|but|then|just|only|please)\b|\s{0,9}(?:[.,;:!?\n]|\Z))",
    re.IGNORECASE,
)
_NO_NEED = re.compile(
    r"(?:,\s*|\b(?:and|but)\s+)?\b(?:no\s+(?:\w+\s+){1,3}?(?:(?:is|are)\s+)?(?:needed|required|necessary|wanted|please)|"
    r"(?:(?:a|an|the)\s+)?\w+\s+(?:is|are)(?:\s+not|n['’]?t)\s+(?:needed|required|necessary|wanted))\b",
    re.IGNORECASE,
)
_NO_MORE = re.compile(
    r"\b(?:and\s+|but\s+)?(?:nothing\s+(?:else|more)|no\s+more(?:,?\s+no\s+less)?(?=\s*[.,;!?\n]|\s*$)|"
    r"that(?:['’]?s|\s+is)\s+(?:all|it)(?=\s*[.,;!?\n]|\s*$))",
    re.IGNORECASE,
)
_KINDS = "|".join(sorted({re.escape(name) for name in (*FORMATS, *LANGUAGES)}, key=len, reverse=True))
_OTHER_KIND = re.compile(
    r"(?:,\s*|\b(?:and|but)\s+)?(?<!is )(?<!are )\b(?:not|rather\s+than|instead\s+of)\s+"
    r"(?:(?:as|in|into|to)\s+)?(?:(?:a|an|the)\s+)?"
    rf"(?:{_KINDS})\b(?:\s+(?:file|document|format|version))?",
    re.IGNORECASE,
)


def without_denied(text: str, values: Sequence[Value], is_demand: Callable[[str], bool]) -> str:
    """The request without what it denies; quoted texts and other values are left as they are.

    >>> without_denied("Read it aloud, don't translate it.", (), lambda rest: rest.startswith("translate"))
    'Read it aloud                    .'
    """
    for start, end in _denied(text, is_demand):
        if not any(start < value.end and value.start < end and _is_material(value) for value in values):
            text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
    return text


def _denied(text: str, is_demand: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    for match in _NOT_TO.finditer(text):
        first = match["denied"].split()[0].lower()
        if first not in GENERIC_VERBS and is_demand(match["denied"]):
            yield match.span()
    for pattern in (_NO_NEED, _NO_MORE, _OTHER_KIND):
        yield from (match.span() for match in pattern.finditer(text))


def _is_material(value: Value) -> bool:
    return value.kind in ("quote", "url", "name", "sql")
