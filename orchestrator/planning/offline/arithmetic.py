"""Calculations in a request, in signs or in words, as expressions."""

from __future__ import annotations

import re
from collections.abc import Iterator

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
_OPERATOR = re.compile(r"[\d)%]\s*(?:\*\*|[*/+]|\s-\s|-(?=[\d(]))\s*[\d(s]")
#: Characters of a calculation; what is longer is data.
_LONGEST = 1_000
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[/-]\d{1,2}[/-]\d{2,4}|\d{3}-\d{3,4}(?:-\d{4})?")


def expressions(text: str) -> Iterator[tuple[str, int, int]]:
    """Each calculation with its place in `text`.

    >>> list(expressions("what is 17% of 2350"))
    [('17 / 100 * 2350', 8, 19)]
    """
    for start, end in _runs(text):
        if end - start > _LONGEST:
            continue
        signs = _in_signs(text[start:end])
        worked = _OPERATOR.search(signs) or signs.startswith("sqrt")
        worked = worked and not re.fullmatch(r"[\d.]+/100", signs)
        if worked and _balanced(signs) and not _DATE.fullmatch(signs.strip()):
            yield signs.strip(), start, end


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
