"""A tool that finds what has a known shape in a text: addresses, numbers, dates."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Any

from tools.builtin.fields import array, boolean, integer, need_text, outputs, schema, string
from tools.spec import Believed, Docs, Kind, Limits, Ports, Runs, Tool

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{2}-\d{2}-\d{4}")
#: No pattern here can take more than linear time on a hostile text: no nested repeats.
_PATTERNS = MappingProxyType(
    {
        "email": re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}"),
        "url": re.compile(r"https?://[^\s<>\"'“”)\]]{1,2000}"),
        "number": re.compile(
            r"(?<![\w.,/:-])[+\-−]?\d{1,30}(?:,\d{3}){0,10}(?:\.\d{1,30})?(?:\s?%)?(?!\w|[/:-]\d)"
        ),
        "date": re.compile(
            r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b|"
            r"\b\d{1,2}(?:st|nd|rd|th)?\s(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?,?\s\d{4}\b|"
            r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?\s\d{1,2}(?:st|nd|rd|th)?,?\s\d{4}\b"
        ),
        "money": re.compile(
            r"(?:[$€£¥]|\b(?:USD|EUR|GBP|CHF|JPY)\s?)\d{1,3}(?:[,.]?\d{3}){0,6}(?:\.\d{1,2})?(?:\s[mb]illion)?|"
            r"\b\d{1,3}(?:[,.]?\d{3}){0,6}(?:[.,]\d{1,2})?\s?"
            r"(?:[€£¥]|(?:USD|EUR|GBP|CHF|JPY|dollars|euros|pounds)\b)"
        ),
        "phone": re.compile(
            r"(?<![\w.])(?:\+\d{1,3}[ -]?)?(?:\(\d{1,5}\)[ -]?)?\d{2,8}(?:[ -]\d{2,8}){1,4}(?!\w|\.\d)"
        ),
        "hashtag": re.compile(r"(?<!\w)#\w{1,100}"),
    }
)


def extract_patterns(text: str, kind: str, distinct: bool = True) -> dict[str, Any]:
    """All e-mail addresses, URLs, numbers, dates … of `text`, in their order."""
    content = need_text(text, "search")
    found = [match.group().strip().rstrip(".,;:!?") for match in _PATTERNS[kind].finditer(content)]
    if kind == "phone":
        found = [one for one in found if 7 <= sum(map(str.isdecimal, one)) <= 15 and not _DATE.fullmatch(one)]
    kept = list(dict.fromkeys(found)) if distinct else found
    return {"matches": kept, "count": len(kept)}


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="extract_patterns",
        summary="Extract e-mail addresses, URLs, numbers, dates, money or phone numbers from a text.",
        description="Finds everything of one kind that a text mentions, in its order.",
        input_schema=schema(
            {
                "text": string("The text to work on, as plain text."),
                "kind": string("What to find.", enum=list(_PATTERNS)),
                "distinct": boolean("Each find once only.", default=True),
            },
            ["text", "kind"],
        ),
        output_schema=outputs(
            matches=array({("type"): ("string")}, "What was found, in the text's order."),
            count=integer("How many were found.", minimum=0),
        ),
        kind=Kind.PYTHON,
        runs=Runs.PROCESS,
        does=("extract_patterns",),
        limits=Limits(timeout=30),
        believed=(Believed(seconds=0.01, quality=0.88, n=8),),
        ports=Ports({"text": ("text",)}, {"matches": "keywords", "count": "integer"}),
        tags=("text", "extract", "email", "url", "number", "date", "phone"),
        docs=Docs(
            when_to_use=(
                "To extract, find, list, collect or pick out all e-mail addresses, emails, mails, "
                "contacts, URLs, web addresses, numbers, figures, dates, prices, amounts, phone numbers "
                "or hashtags a text mentions."
            ),
            examples=(
                {
                    "request": "List all email addresses in this text",
                    "arguments": {"text": "Write to ada@example.org.", "kind": "email"},
                },
                {
                    ("request"): "Which dates are mentioned?",
                    "arguments": {"text": "Due on 2026-03-01.", "kind": "date"},
                },
            ),
            errors=("bad_arguments: the text is empty",),
            run_after=("extract_text_plain", "read_pdf_fast"),
        ),
        binding={"function": "tools.builtin.patterns:extract_patterns"},
    ),
)
