"""Small tools on the words of a text: join, compare, count, find patterns, replace."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from tools.builtin.fields import MANY, array, boolean, integer, need_text, number, outputs, schema, string
from tools.builtin.function_words import EVERY_FUNCTION_WORD
from tools.builtin.sentences import sentences, words
from tools.errors import BadArguments
from tools.spec import Believed, Docs, Kind, Limits, Ports, Runs, Tool

_SEPARATORS = MappingProxyType({"paragraph": "\n\n", "line": "\n", "space": " ", "comma": ", "})
_WORDS_A_MINUTE = 230
_MAX_COMPARED_LINES = 20_000


def join_texts(texts: Sequence[str | list[str]], separator: str = "paragraph") -> dict[str, Any]:
    """The texts one after the other; lists become a line an item, empty ones are left out."""
    whole = [text if isinstance(text, str) else "\n".join(f"• {item}" for item in text) for text in texts]
    kept = [text.strip() for text in whole if text.strip()]
    if not kept:
        raise BadArguments("there is nothing to join: all texts are empty", paths=("/texts",))
    return {"text": _SEPARATORS[separator].join(kept), "count": len(kept)}


def compare_texts(first: str, second: str) -> dict[str, Any]:
    """What differs between two texts, line by line, and how alike they are."""
    old, new = _lines(first), _lines(second)
    if max(len(old), len(new)) > _MAX_COMPARED_LINES:
        raise BadArguments(
            f"a text has over {_MAX_COMPARED_LINES:,} lines: compare it in parts", paths=("/first",)
        )
    changes = [line for line in difflib.ndiff(old, new) if line.startswith(("+ ", "- "))]
    added = [line[2:] for line in changes if line.startswith("+ ")]
    removed = [line[2:] for line in changes if line.startswith("- ")]
    alike = difflib.SequenceMatcher(None, words(first), words(second), autojunk=False).ratio()
    said = f"The texts are {alike:.0%} alike. Lines only in the first: {len(removed)}, second: {len(added)}."
    text = "\n".join([said, *changes]) if changes else "The texts are the same."
    return {"similarity": round(alike, 4), "added": added, "removed": removed, "text": text}


def text_statistics(text: str) -> dict[str, Any]:
    """Counts of characters, words, sentences and paragraphs, reading time, and the commonest words."""
    content = need_text(text, "count")
    every, said = words(content), sentences(content)
    telling = Counter(word for word in every if word not in EVERY_FUNCTION_WORD and len(word) > 2)
    paragraphs = len([block for block in re.split(r"\n\s*\n", content) if block.strip()])
    numbers = {
        "characters": len(content),
        "words": len(every),
        "sentences": len(said),
        "paragraphs": paragraphs,
        "distinct_words": len(set(every)),
        "words_per_sentence": round(len(every) / max(len(said), 1), 2),
        "reading_minutes": round(len(every) / _WORDS_A_MINUTE, 2),
    }
    listed = [f"{name.replace('_', ' ')}: {value:,}" for name, value in numbers.items()]
    common = [word for word, _ in telling.most_common(10)]
    return {
        ("text"): "\n".join([*listed, f"commonest words: {', '.join(common) or 'none'}"]),
        **numbers,
        "common": common,
    }


def replace_text(text: str, find: str, replacement: str = "", match_case: bool = True) -> dict[str, Any]:
    """`text` with every `find`, taken literally, replaced."""
    if not find:
        raise BadArguments("there is nothing to look for: find is empty", paths=("/find",))
    pattern = re.compile(re.escape(find), 0 if match_case else re.IGNORECASE)
    changed, count = pattern.subn(lambda _: replacement, text)
    return {"text": changed, "count": count}


#: The cases, each with the words that ask for it.
_CASES: Mapping[str, Sequence[str]] = {
    "upper": ["capitals", "capital letters", "all caps", "uppercase", "block letters"],
    "lower": ["small letters", "lowercase"],
    "title": ["headline"],
    "sentence": [],
}


def change_case(text: str, case: str) -> dict[str, Any]:
    """`text` in capitals, in small letters, as a title or as sentences."""
    content = need_text(text, "change")
    if case == "upper":
        return {"text": content.upper()}
    if case == "lower":
        return {"text": content.lower()}
    if case == "title":
        return {
            ("text"): re.sub(r"[^\W\d_]+(?:['’][^\W\d_]+)?", lambda word: word.group().capitalize(), content)
        }
    return {
        ("text"): re.sub(
            r"(?:^|(?<=[.!?]\s)|(?<=\n))\w", lambda letter: letter.group().upper(), content.lower()
        )
    }


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


_TEXT = string("The text to work on, as plain text.")


def _tool(
    function: str,
    summary: str,
    *,
    description: str,
    inputs: dict[str, Any],
    required: Sequence[str],
    output: dict[str, Any],
    ports: Ports,
    docs: Docs,
    tags: tuple[str, ...],
    quality: float = 0.95,
) -> Tool:
    """The record of a quick tool of this module, which does a job of its own name."""
    return Tool(
        name=function,
        summary=summary,
        description=description,
        kind=Kind.PYTHON,
        runs=Runs.PROCESS,
        does=(function,),
        input_schema=schema(inputs, required),
        output_schema=outputs(**output),
        ports=ports,
        limits=Limits(timeout=30),
        believed=(Believed(seconds=0.01, quality=quality, n=8),),
        tags=("text", *tags),
        docs=docs,
        binding={"function": f"tools.builtin.wording:{function}"},
    )


TOOLS: tuple[Tool, ...] = (
    _tool(
        "join_texts",
        "Join several texts into one.",
        description="Puts texts one after the other: where the branches of a plan come together.",
        inputs={
            "texts": array(
                {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
                "The texts to join, in this order.",
                minItems=1,
                maxItems=1_000,
                **MANY,
            ),
            "separator": string("What stands between them.", enum=list(_SEPARATORS), default="paragraph"),
        },
        required=["texts"],
        output={
            ("text"): string("The joined text."),
            "count": integer("How many texts were joined.", minimum=1),
        },
        ports=Ports({"texts": ("text", "keywords")}, {"text": "text", "count": "integer"}),
        tags=("join", "merge", "combine"),
        docs=Docs(
            when_to_use=(
                "To join, combine, merge, concatenate, append, unite, bring together or put together two "
                "or more texts, summaries, results or parts into one: both in one document, side by "
                "side, one after the other."
            ),
            examples=(
                {
                    ("request"): ("Combine both summaries into one text"),
                    "arguments": {"texts": ["Sun grew.", "Wind fell."]},
                },
                {
                    "request": "Merge these parts, one a line",
                    "arguments": {"texts": ["one", "two"], "separator": "line"},
                },
            ),
            errors=("bad_arguments: all texts are empty",),
            run_before=("write_docx", "write_pdf"),
            run_after=("summarise_lexrank", "translate_text"),
        ),
    ),
    _tool(
        "compare_texts",
        "Compare two texts and list what differs.",
        description="Lists lines that only one text has, and says how alike the two are by their words.",
        inputs={"first": string("The first, older text."), "second": string("The second, newer text.")},
        required=["first", "second"],
        output={
            "similarity": number("How alike the texts are: 1 for the same words.", minimum=0, maximum=1),
            "added": array({"type": "string"}, "Lines only in the second text."),
            "removed": array({"type": "string"}, "Lines only in the first text."),
            "text": string("The differences in words: lines with + or - before them."),
        },
        ports=Ports(
            {"first": ("text",), "second": ("text",)},
            {"text": "text", "similarity": "number", "added": "keywords", "removed": "keywords"},
        ),
        tags=("compare", "diff", "similarity"),
        docs=Docs(
            when_to_use=(
                "To compare, contrast or diff two texts, versions, drafts or documents: differences, "
                "changes, what changed, what is new, how similar or alike they are, similarity."
            ),
            examples=(
                {
                    "request": "What changed between these two versions?",
                    "arguments": {"first": "We meet on Monday.", "second": "We meet on Friday."},
                },
            ),
            errors=("bad_arguments: a text is too long",),
            run_after=("read_docx", "read_pdf_layout"),
        ),
    ),
    _tool(
        "text_statistics",
        "Count words, sentences and characters of a text.",
        description="Counts, mean sentence length, reading time, and the commonest words.",
        inputs={"text": _TEXT},
        required=["text"],
        output={
            "text": string("The figures, one a line."),
            "characters": integer("Characters, blanks included."),
            "words": integer("Words."),
            "sentences": integer("Sentences."),
            "paragraphs": integer("Paragraphs."),
            "distinct_words": integer("Different words."),
            "words_per_sentence": number("Mean length of a sentence, in words."),
            "reading_minutes": number("Time to read it, in minutes."),
            "common": array({"type": "string"}, "The commonest words."),
        },
        ports=Ports(
            {"text": ("text",)},
            {"text": "text", "words": "integer", "reading_minutes": "number", "common": "keywords"},
        ),
        tags=("count", "words", "length", "statistics"),
        docs=Docs(
            when_to_use=(
                "To count words, sentences, characters, letters or paragraphs; how long a text is, word "
                "count, length, reading time, text statistics, figures or metrics of a text."
            ),
            examples=({"request": "How many words has this text?", "arguments": {"text": "Count me in."}},),
            errors=("bad_arguments: the text is empty",),
            run_after=("extract_text_article", "read_pdf_layout"),
        ),
    ),
    _tool(
        "replace_text",
        "Replace words in a text.",
        description="Replaces every occurrence of a word or phrase, taken literally, by another.",
        inputs={
            "text": _TEXT,
            "find": string("The words to replace.", minLength=1, maxLength=10_000),
            "replacement": string("What to put in their place; nothing removes them.", default=""),
            "match_case": boolean("Tell capitals from small letters.", default=True),
        },
        required=["text", "find"],
        output={
            ("text"): string("The changed text."),
            "count": integer("How often it was replaced.", minimum=0),
        },
        ports=Ports({"text": ("text",), "find": ("string",), "replacement": ("string",)}, {"text": "text"}),
        tags=("replace", "substitute", "edit"),
        docs=Docs(
            when_to_use=(
                "To replace, substitute, swap, exchange, rename, delete or remove words or phrases in a text."
            ),
            examples=(
                {
                    "request": "Replace 'colour' by 'color'",
                    "arguments": {"text": "A colour.", "find": "colour", "replacement": "color"},
                },
            ),
            errors=("bad_arguments: nothing to look for",),
        ),
    ),
    _tool(
        "change_case",
        "Change a text to capitals, small letters, title or sentence case.",
        description="Changes the letters' case and nothing else.",
        inputs={
            ("text"): _TEXT,
            "case": string("The case wanted.", enum=list(_CASES), **{"x-words": _CASES}),
        },
        required=["text", "case"],
        output={"text": string("The changed text.")},
        ports=Ports({"text": ("text",)}, {"text": "text"}),
        tags=("uppercase", "lowercase", "capitals"),
        docs=Docs(
            when_to_use=(
                "To put a text in upper case, uppercase, capitals, capital letters, all caps, lower "
                "case, lowercase, small letters, title case or sentence case; to capitalise it."
            ),
            examples=(
                {"request": "Write it in capital letters", "arguments": {"text": "hello", "case": "upper"}},
            ),
            errors=("bad_arguments: the text is empty",),
        ),
    ),
)
