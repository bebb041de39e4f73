"""Summaries and keywords of a text: for each a quick way and a better one."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tools.builtin.fields import array, integer, need_text, outputs, schema, string
from tools.builtin.function_words import EVERY_FUNCTION_WORD
from tools.builtin.guess import guess_language
from tools.builtin.lexrank import most_central
from tools.builtin.sentences import prose, words
from tools.spec import Believed, Docs, Kind, Limits, Ports, Runs, Tool

_MAX_SENTENCES = 100
_MAX_KEYWORDS = 100
#: Languages whose stop words yake knows under another name.
_YAKE_NAMES = {"cs": "cz"}


def summarise_lead(text: str, sentences: int = 3) -> dict[str, Any]:
    """The first `sentences` whole sentences of `text`."""
    found = prose(need_text(text, "summarise"))
    return {"summary": " ".join(found[:sentences])}


def summarise_lexrank(text: str, sentences: int = 3) -> dict[str, Any]:
    """The `sentences` sentences of `text` that are most like all the others, in their order."""
    found = prose(need_text(text, "summarise"))
    chosen = (
        most_central(found, sentences, ignore=EVERY_FUNCTION_WORD)
        if len(found) > sentences
        else range(len(found))
    )
    return {"summary": " ".join(found[index] for index in chosen)}


def keywords_frequency(text: str, count: int = 10) -> dict[str, Any]:
    """The `count` words used most often, function words and single letters left out."""
    every = words(need_text(text, "find keywords in"))
    telling = [
        word for word in every if len(word) > 2 and word not in EVERY_FUNCTION_WORD and not word.isdecimal()
    ]
    return {"keywords": [word for word, _ in Counter(telling or every).most_common(count)]}


def keywords_yake(text: str, count: int = 10) -> dict[str, Any]:
    """The `count` most telling words and phrases of up to three words, best first (YAKE)."""
    import yake

    content = need_text(text, "find keywords in")
    guess = guess_language(content)
    language = guess[0] if guess else "en"
    extractor = yake.KeywordExtractor(lan=_YAKE_NAMES.get(language, language), n=3, dedupLim=0.8, top=count)
    found = [phrase for phrase, _ in extractor.extract_keywords(content)]
    return {"keywords": found or keywords_frequency(text, count)["keywords"]}


_SUMMARY_INPUT = schema(
    {
        "text": string("The text to summarise, as plain text."),
        "sentences": integer(
            "How many sentences the summary has at most.",
            default=3,
            minimum=1,
            maximum=_MAX_SENTENCES,
        ),
    },
    ["text"],
)
_SUMMARY_OUTPUT = outputs(summary=string("The summary: whole sentences of the text, in its order."))
_SUMMARY_PORTS = Ports({"text": ("text",), "sentences": ("integer",)}, {"summary": "text"})
_SUMMARY_EXAMPLES = (
    {
        "request": "Summarise this article in three sentences",
        "arguments": {
            "text": "Solar power grew fast. Prices fell. Grids must adapt now. Nobody knows how.",
            "sentences": 3,
        },
    },
    {
        "request": "Boil this report down to its gist",
        "arguments": {"text": "The report says sales rose. It is long."},
    },
    {
        "request": "Give me the main points in 5 lines",
        "arguments": {"text": "First. Second. Third.", "sentences": 5},
    },
)
_SUMMARY_ERRORS = ("bad_arguments: the text is empty, or the number of sentences is out of range",)

_KEYWORDS_INPUT = schema(
    {
        "text": string("The text to find keywords in, as plain text."),
        "count": integer("How many keywords at most.", default=10, minimum=1, maximum=_MAX_KEYWORDS)
        | {"x-unit": ["keyword", "keywords", "term", "terms", "phrase", "phrases", "topic", "topics"]},
    },
    ["text"],
)
_KEYWORDS_OUTPUT = outputs(keywords=array({"type": "string"}, "The keywords, most important first."))
_KEYWORDS_PORTS = Ports({"text": ("text",), "count": ("integer",)}, {"keywords": "keywords"})
_KEYWORDS_EXAMPLES = (
    {
        "request": "What are the key terms of this text? Give me five",
        "arguments": {
            "text": "Solar panel prices fell again as solar panel factories grew.",
            "count": 5,
        },
    },
    {
        "request": "Tag this article with its main topics",
        "arguments": {"text": "Wind parks at sea need long cables."},
    },
)
_KEYWORDS_ERRORS = ("bad_arguments: the text is empty, or the number of keywords is out of range",)

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="summarise_lead",
        summary="Summarise a text by its first sentences: a short summary at once.",
        description=(
            "Makes a summary out of the opening sentences, where news and reports say the most important "
            "thing. Quickest; misses what comes later in the text."
        ),
        kind=Kind.PYTHON,
        runs=Runs.PROCESS,
        does=("summarise_text",),
        input_schema=_SUMMARY_INPUT,
        output_schema=_SUMMARY_OUTPUT,
        ports=_SUMMARY_PORTS,
        limits=Limits(timeout=30),
        believed=(Believed(seconds=0.004, quality=0.75, n=8),),
        tags=("text", "summary", "summarize", "shorten", "extractive", "lead", "fast"),
        docs=Docs(
            when_to_use=(
                "To summarise, summarize, sum up, shorten or condense an article, page, report or "
                "document quickly: its gist, main points, key points, essence, short version, abstract, "
                "overview, digest, brief, tl;dr. Boil it down, cut it down, reduce it to a few sentences "
                "or lines."
            ),
            examples=_SUMMARY_EXAMPLES,
            errors=_SUMMARY_ERRORS,
            run_before=(
                "write_docx",
                "write_pdf",
                "translate_text",
                "speak_text_clear",
            ),
            run_after=(
                "extract_text_article",
                "read_pdf_layout",
                "read_docx",
                "ocr_careful",
            ),
        ),
        binding={"function": "tools.builtin.text:summarise_lead"},
    ),
    Tool(
        name="summarise_lexrank",
        summary="Summarise a text by its most central sentences (LexRank): a good short summary.",
        description=(
            "Ranks all sentences by how much they share with the others and makes a summary out of the "
            "best ones, without repeats, in the order of the text. Reads the whole text; better than its "
            "first sentences."
        ),
        kind=Kind.PYTHON,
        runs=Runs.PROCESS,
        does=("summarise_text",),
        input_schema=_SUMMARY_INPUT,
        output_schema=_SUMMARY_OUTPUT,
        ports=_SUMMARY_PORTS,
        limits=Limits(timeout=60),
        believed=(Believed(seconds=0.012, quality=0.9, n=8),),
        tags=(
            "text",
            "summary",
            "summarize",
            "shorten",
            "extractive",
            "lexrank",
            "careful",
        ),
        docs=Docs(
            when_to_use=(
                "To summarise, summarize, sum up, shorten or condense an article, page, report or "
                "document well: its gist, main points, key points, essence, short version, abstract, "
                "overview, digest, brief, tl;dr. Boil it down, cut it down, reduce it to the most "
                "important sentences or lines, keep only the most telling sentences."
            ),
            examples=_SUMMARY_EXAMPLES,
            errors=_SUMMARY_ERRORS,
            run_before=(
                "write_docx",
                "write_pdf",
                "translate_text",
                "speak_text_clear",
            ),
            run_after=(
                "extract_text_article",
                "read_pdf_layout",
                "read_docx",
                "ocr_careful",
            ),
        ),
        binding={"function": "tools.builtin.text:summarise_lexrank"},
    ),
    Tool(
        name="keywords_frequency",
        summary="Extract keywords: the words a text uses most often.",
        description=(
            "Counts words, function words left out, and answers the most frequent. Quickest; single "
            "words only."
        ),
        kind=Kind.PYTHON,
        runs=Runs.PROCESS,
        does=("extract_keywords",),
        input_schema=_KEYWORDS_INPUT,
        output_schema=_KEYWORDS_OUTPUT,
        ports=_KEYWORDS_PORTS,
        limits=Limits(timeout=30),
        believed=(Believed(seconds=0.002, quality=0.7, n=8),),
        tags=("text", "keywords", "topics", "terms", "tags", "fast"),
        docs=Docs(
            when_to_use=(
                "To find the keywords, key words, key terms, most frequent words, topics, themes, "
                "subjects or tags of a text quickly: what it is about, words for a tag cloud or an index."
            ),
            examples=_KEYWORDS_EXAMPLES,
            errors=_KEYWORDS_ERRORS,
            run_after=("extract_text_article", "read_pdf_layout", "read_docx"),
        ),
        binding={"function": "tools.builtin.text:keywords_frequency"},
    ),
    Tool(
        name="keywords_yake",
        summary="Extract keywords and key phrases of a text, the most telling first (YAKE).",
        description=(
            "Weighs words and phrases of up to three words by place, spread and context; knows 30 languages."
        ),
        kind=Kind.PYTHON,
        runs=Runs.PROCESS,
        does=("extract_keywords",),
        input_schema=_KEYWORDS_INPUT,
        output_schema=_KEYWORDS_OUTPUT,
        ports=_KEYWORDS_PORTS,
        limits=Limits(timeout=60),
        believed=(Believed(seconds=0.1, quality=0.88, n=8),),
        tags=("text", "keywords", "keyphrases", "topics", "terms", "tags", "careful"),
        docs=Docs(
            when_to_use=(
                "To find the keywords, key phrases, keyphrases, key terms, important expressions, "
                "topics, themes, subjects or tags of a text well: what it is about, how to label, tag or "
                "index it."
            ),
            examples=_KEYWORDS_EXAMPLES,
            errors=_KEYWORDS_ERRORS,
            run_after=("extract_text_article", "read_pdf_layout", "read_docx"),
        ),
        binding={"function": "tools.builtin.text:keywords_yake"},
    ),
)
