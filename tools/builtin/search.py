"""A tool that searches documents: passages that fit a query, best first."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from tools.builtin.documents import DOCX, PDF
from tools.builtin.fields import MANY, array, integer, outputs, schema, string
from tools.builtin.function_words import EVERY_FUNCTION_WORD
from tools.builtin.pages import extract_text_article
from tools.builtin.readers import read_docx, read_pdf_layout, read_text_file
from tools.builtin.sentences import lines, sentences, words
from tools.errors import BadArguments, BadInputFile
from tools.spec import Believed, Docs, File, Kind, Limits, Ports, Runs, Tool, Trust, file_schema

_READERS = {
    "text/html": lambda file: extract_text_article(file)["text"],
    DOCX: lambda file: read_docx(file)["text"],
    PDF: lambda file: read_pdf_layout(file)["text"],
}
_TEXT_TYPES = ("text/plain", "text/markdown", "text/csv", "application/json")
_PASSAGE = 600
_MAX_PASSAGES = 100_000


def search_documents(documents: Sequence[str | File], query: str, count: int = 5) -> dict[str, Any]:
    """The `count` passages of `documents` that fit `query` best, by BM25 (SQLite FTS5).

    Words count in every inflection that English stemming knows, accents aside; a passage need not
    hold all of them.
    """
    asked = _expression(query)
    found: list[dict[str, Any]] = []
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(
            "CREATE VIRTUAL TABLE passages USING fts5(words, document UNINDEXED, position UNINDEXED, "
            "tokenize = 'porter unicode61 remove_diacritics 2')"
        )
        database.executemany("INSERT INTO passages VALUES (?, ?, ?)", _passages(documents))
        rows = database.execute(
            "SELECT document, words, position, -bm25(passages) FROM passages WHERE passages MATCH ? "
            "ORDER BY bm25(passages), rowid LIMIT ?",
            (asked, count),
        )
        for document, passage, position, score in rows:
            found.append(
                {("document"): document, "passage": passage, "position": position, "score": round(score, 6)}
            )
    return {
        "matches": found,
        "count": len(found),
        "text": "\n\n".join(f"{match['document']}: {match['passage']}" for match in found)
        or f"Nothing in the documents fits “{query.strip()}”.",
    }


def _expression(query: str) -> str:
    """The query's words for FTS5, each quoted so that none is an operator."""
    every = words(query)
    telling = [word for word in every if word not in EVERY_FUNCTION_WORD] or every
    if not telling:
        raise BadArguments("there is nothing to search for: the query has no words", paths=("/query",))
    return " OR ".join(f'"{word}"' for word in dict.fromkeys(telling))


def _passages(documents: Sequence[str | File]) -> Iterator[tuple[str, str, int]]:
    """Passage, name of its document, and its position there, counted from 1."""
    total = 0
    for at, document in enumerate(documents, start=1):
        name = f"text {at}" if isinstance(document, str) else document.name
        text = document if isinstance(document, str) else _text_of(document)
        for position, passage in enumerate(_pieces(text), start=1):
            total += 1
            if total > _MAX_PASSAGES:
                raise BadArguments(
                    ("the documents are too long to search at once: give fewer"), paths=("/documents",)
                )
            yield passage, name, position
    if not total:
        raise BadArguments("there is nothing to search in: the documents are empty", paths=("/documents",))


def _text_of(file: File) -> str:
    if file.media_type in _READERS:
        return str(_READERS[file.media_type](file))
    if file.media_type in _TEXT_TYPES or file.media_type.startswith("text/"):
        return str(read_text_file(file)["text"])
    raise BadInputFile(
        f"{file.name} ({file.media_type}) cannot be searched: give text, HTML, PDF or DOCX files"
    )


def _pieces(text: str) -> Iterator[str]:
    """Paragraphs; a long one is cut between sentences."""
    for line in lines(text):
        piece = ""
        for sentence in sentences(line) if len(line) > _PASSAGE else [line]:
            if piece and len(piece) + len(sentence) > _PASSAGE:
                yield piece
                piece = ""
            piece = f"{piece} {sentence}".strip()
        yield piece


_FILE = file_schema("text/plain", "text/html", "text/markdown", "text/csv", PDF, DOCX, description="A file.")

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="search_documents",
        summary="Search documents or texts for passages that fit a query.",
        description=(
            "Full-text search (BM25) over texts and over text, HTML, PDF and DOCX files; best passages first."
        ),
        kind=Kind.PYTHON,
        runs=Runs.PROCESS,
        does=("search_documents",),
        input_schema=schema(
            {
                "documents": array(
                    {"anyOf": [{"type": "string", "description": "A text."}, _FILE]},
                    "The texts or files to search in.",
                    minItems=1,
                    maxItems=1_000,
                    **MANY,
                ),
                "query": string("What to look for, in plain words.", minLength=1, maxLength=1_000),
                "count": integer("How many passages at most.", default=5, minimum=1, maximum=100),
            },
            ["documents", "query"],
        ),
        output_schema=outputs(
            matches=array(
                {
                    "type": "object",
                    "properties": {
                        "document": {"type": "string"},
                        "passage": {"type": "string"},
                        "position": {"type": "integer"},
                        "score": {"type": "number"},
                    },
                    "required": ["document", "passage", "position", "score"],
                },
                "The passages, best first.",
            ),
            count=integer("How many passages were found.", minimum=0),
            text=string("The passages as text, each with its document's name."),
        ),
        ports=Ports(
            {
                "documents": ("text", "text/plain", "text/html", PDF, DOCX, "text/markdown", "text/csv"),
                "query": ("string",),
                "count": ("integer",),
            },
            {"matches": "matches", "count": "integer", "text": "text"},
        ),
        limits=Limits(timeout=120),
        believed=(Believed(seconds=0.2, quality=0.9, n=8),),
        trust=Trust.UNTRUSTED,
        tags=("document", "text", "search", "find", "full-text", "passages", "bm25"),
        docs=Docs(
            when_to_use=(
                "To search, find, look for, look up, locate or query passages, mentions, paragraphs or "
                "quotes in documents, files or texts: where does it say, what does it say about, which "
                "document mentions, grep."
            ),
            examples=(
                {
                    "request": "Find what these files say about solar prices",
                    "arguments": {"documents": [{"artifact": "art_report"}], "query": "solar prices"},
                },
                {
                    "request": "Where does the text mention batteries? Two passages",
                    "arguments": {"documents": ["Batteries are costly."], "query": "batteries", "count": 2},
                },
            ),
            errors=(
                "bad_arguments: no words in the query, or nothing to search in",
                "bad_input_file: a file of a kind that is not searched, or one that cannot be read",
            ),
            run_after=("fetch_page", "download_file"),
        ),
        binding={"function": "tools.builtin.search:search_documents"},
    ),
)
