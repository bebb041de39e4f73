"""Calculations in a request, in signs or in words, as expressions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestrator.planning.offline.number_words import in_digits

#: Quantifiers give nothing back (`++`) and begin at borders, so that no text takes more than linear time.
_NUM = r"(?<!\d)(?:\d{1,3}(?:,\d{3})++|\d++)(?:\.\d++)?+"
#: Words for signs, longest first; each is put into signs at the same place of the text.
_WORDED = (
    (r"(?<=[\d)%])\s*+(?:percent|per\s++cent)\b", "%"),
    (r"(?<=[\d)%])\s++(?:plus|added\s++to)\s++(?=[\d(]|sqrt)", "+"),
    (r"(?<=[\d)%])\s++minus\s++(?=[\d(]|sqrt)", "-"),
    (r"(?<=[\d)%])\s++(?:times|multiplied\s++by)\s++(?=[\d(]|sqrt)", "*"),
    (r"(?<=[\d)%])\s*+[×✕]\s*+(?=[\d(]|sqrt)|(?<=\d)\s++x\s++(?=\d)", "*"),
    (r"(?<=[\d)%])\s++(?:divided\s++by|over)\s++(?=[\d(]|sqrt)|(?<=[\d)])\s*+÷\s*+(?=[\d(]|sqrt)", "/"),
    (
        r"(?<=[\d)%])\s++(?:to\s++the\s++power\s++(?:of\s++)?|raised\s++to\s++(?:the\s++)?)(?=[\d(]|sqrt)|(?<=[\d)])\s*+\^\s*+(?=[\d(]|sqrt)",
        "**",
    ),
    (r"(?<=[\d)])\s++squared\b", "**2"),
    (r"(?<=[\d)])\s++cubed\b", "**3"),
    (r"(?<=[\d)])\s*+−\s*+(?=[\d(]|sqrt)", "-"),
)
_ROOT = r"\b(?:the\s++)?(?:square\s++root\s++of|sqrt(?:\s++of)?)\s*+"
#: Roots and percentages of something, put into signs before all else.
_WHOLE = tuple(
    (re.compile(pattern, re.IGNORECASE), signs)
    for pattern, signs in (
        (rf"{_ROOT}(?:\(\s*+({_NUM})\s*+\)|({_NUM}))", r"sqrt(\1\2)"),
        (rf"({_NUM})\s*+(?:%|percent|per\s++cent)\s++of\s++({_NUM})", r"\1 / 100 * \2"),
    )
)
_OPERAND = (
    rf"(?:{_ROOT}\(?\s*+{_NUM}(?:\s*+\))?|"
    rf"(?<![\w.])-?{_NUM}(?:\s*+(?:%|percent|per\s++cent)\s++of\s++{_NUM})?)"
)
_SIGN_WORDS = (
    r"plus|minus|times|multiplied\s++by|divided\s++by|over|added\s++to|to\s++the\s++power\s++(?:of)?|"
    r"raised\s++to(?:\s++the)?|squared|cubed|x"
)
_SIGN = rf"(?:(?:{_SIGN_WORDS})\b|[-+*/×÷^−(]|\*\*)"
#: A number, then signs or words for signs, each with a number behind it or not.
_RUN = re.compile(
    rf"(?:\(\s{{0,9}}+){{0,50}}+{_OPERAND}[\s)]*+(?:%|percent)?+"
    rf"(?:[\s)]*+{_SIGN}[\s(]*+(?:{_OPERAND})?+[\s)]*+%?+)*+",
    re.IGNORECASE,
)
#: Calculations told by a verb or a noun, and the signs they stand for.
_TOLD = tuple(
    (re.compile(pattern.replace("N", f"({_OPERAND})"), re.IGNORECASE), signs)
    for pattern, signs in (
        (r"\b(?:divid(?:e|ing)|split)\s++N\s++(?:by|into)\s++N", r"({0}) / ({1})"),
        (r"\bmultiply(?:ing)?\s++N\s++(?:by|with|and|times)\s++N", r"({0}) * ({1})"),
        (r"\badd(?:ing)?\s++N\s++(?:to|and|plus|with)\s++N", r"({0}) + ({1})"),
        (
            r"\b(?:subtract(?:ing)?|deduct(?:ing)?|tak(?:e|ing)(?:\s++away)?)\s++N\s++(?:away\s++)?from\s++N",
            r"({1}) - ({0})",
        ),
        (r"\b(?:sum|total)\s++of\s++N\s++and\s++N", r"({0}) + ({1})"),
        (r"\bproduct\s++of\s++N\s++and\s++N", r"({0}) * ({1})"),
        (r"\bdifference\s++(?:between|of)\s++N\s++and\s++N", r"({0}) - ({1})"),
        (r"\b(?:a|one|1)\s++third\s++of\s++N", r"({0}) / 3"),
        (r"\b(?:a|one|1)\s++quarter\s++of\s++N", r"({0}) / 4"),
        (r"(?<![\w.])0\.5\s++(?:of\s++)N", r"({0}) / 2"),
        (r"\b2\s++thirds\s++of\s++N", r"2 * ({0}) / 3"),
        (r"\b3\s++quarters\s++of\s++N", r"3 * ({0}) / 4"),
        (r"\b(?:twice|double)\s++N", r"2 * ({0})"),
        (r"\b(?:quotient|ratio)\s++of\s++N\s++(?:and|to)\s++N", r"({0}) / ({1})"),
    )
)
#: What is done to the result after that: "… and subtract 7".
_NEXT = re.compile(
    r"\s*+,?+\s*+(?:(?:and|then|finally)\s++){1,3}+(add|subtract|deduct|take\s++away|multiply|divide)\s++"
    r"(?:(?:it|that|this|the\s++\w++)\s++)?+(?:(?:by|with)\s++)?+("
    + _OPERAND
    + r")(?:\s++to\s++(?:it|that|this)\b)?+",
    re.IGNORECASE,
)
_NEXT_SIGNS = {"add": "+", "multiply": "*", "divide": "/"}
_OPERATOR = re.compile(r"[\d)%]\s*(?:\*\*|[*/+]|\s-\s|-(?=[\d(]))\s*[\d(s]")
#: Characters of a calculation; what is longer is data.
_LONGEST = 1_000
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[/-]\d{1,2}[/-]\d{2,4}|\d{3}-\d{3,4}(?:-\d{4})?")


def expressions(text: str) -> Iterator[tuple[str, int, int]]:
    """Each calculation with its place in `text`.

    >>> list(expressions("what is 17% of 2350"))
    [('17 / 100 * 2350', 8, 19)]
    """
    text = in_digits(text)
    for start, first_end in (*_told(text), *_runs(text)):
        if first_end - start > _LONGEST:
            continue
        signs, end = _continued(text, _whole(text[start:first_end]), first_end)
        worked = _OPERATOR.search(signs) or signs.startswith("sqrt")
        worked = worked and not re.fullmatch(r"[\d.]+/100", signs)
        if worked and _balanced(signs) and not _DATE.fullmatch(signs.strip()):
            yield signs.strip(), start, end


def _continued(text: str, signs: str, end: int) -> tuple[str, int]:
    """A calculation with what is done to its result after that."""
    while further := _NEXT.match(text, end):
        sign = _NEXT_SIGNS.get(further[1].lower(), "-")
        signs, end = f"({signs}) {sign} {_in_signs(further[2])}", further.end()
    return signs, end


def _told(text: str) -> Iterator[tuple[int, int]]:
    """Stretches that tell a calculation by its verb or noun."""
    for pattern, _ in _TOLD:
        yield from (match.span() for match in pattern.finditer(text))


def _whole(text: str) -> str:
    """A stretch in signs."""
    for pattern, signs in _TOLD:
        if match := pattern.fullmatch(text):
            return signs.format(*(_in_signs(one) for one in match.groups()))
    return _in_signs(text)


def _runs(text: str) -> Iterator[tuple[int, int]]:
    """Stretches of numbers, signs and words for signs."""
    for match in _RUN.finditer(text):
        stripped = match[0].rstrip(" \t\n+-*/×÷^−(")
        yield match.start(), match.start() + len(stripped)


def _in_signs(text: str) -> str:
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    for whole, signs in _WHOLE:
        text = whole.sub(signs, text)
    for pattern, sign in _WORDED:
        text = re.sub(
            pattern, f" {sign} " if sign not in ("%", "**2", "**3") else sign, text, flags=re.IGNORECASE
        )
    return " ".join(re.sub(r"(?<!\d)(\d++(?:\.\d++)?+)%", r"\1/100", text).split())


def _balanced(text: str) -> bool:
    return text.count("(") == text.count(")") and not re.search(
        r"[a-z]", text.replace("sqrt", ""), re.IGNORECASE
    )
