"""What a tool's record says, as weighted stems, and an inverted index over many records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orchestrator.retrieval.stem import stems
from tools.spec import Tool

Ids = NDArray[np.int32]
Weights = NDArray[np.float32]

#: How often a word counts that stands in the name, the summary or the job; elsewhere once.
_HEAD = 2


def fields(tool: Tool) -> Iterator[tuple[str, int]]:
    """Every text of the record that is searched, with its weight."""
    yield tool.name, _HEAD
    yield tool.summary, _HEAD
    yield " ".join(tool.does), _HEAD
    yield tool.description, 1
    yield " ".join(tool.tags), 1
    yield tool.docs.when_to_use, 1
    for example in tool.docs.examples:
        yield str(example.get("request", "")), 1
    properties = tool.input_schema.get("properties", {})
    for name, schema in properties.items():
        described = schema.get("description", "") if isinstance(schema, Mapping) else ""
        yield f"{name} {described}", 1


@dataclass(frozen=True, slots=True)
class Document:
    """One tool's stems as numbers of the vocabulary, each with its weighted count."""

    tool: Tool
    terms: Ids
    counts: Weights
    length: float


@dataclass(frozen=True, slots=True)
class Index:
    """Tools sorted by name; the postings of term t are `starts[t]:starts[t + 1]` of the two arrays."""

    documents: tuple[Document, ...]
    vocabulary: Mapping[str, int]
    starts: NDArray[np.int64]
    posting_documents: Ids
    posting_counts: Weights
    lengths: Weights

    def postings(self, term: str) -> tuple[Ids, Weights]:
        """Numbers of the documents that hold `term`, ascending, and its counts in them."""
        number = self.vocabulary.get(term)
        if number is None or number + 1 >= len(self.starts):
            return self.posting_documents[:0], self.posting_counts[:0]
        span = slice(self.starts[number], self.starts[number + 1])
        return self.posting_documents[span], self.posting_counts[span]


def build(tools: Sequence[Tool], *, old: Index | None = None) -> Index:
    """An index over `tools`; the stems of tools that `old` holds too are taken from there."""
    vocabulary = dict(old.vocabulary) if old else {}
    known = {id(document.tool): document for document in old.documents} if old else {}
    documents = tuple(
        known.get(id(tool)) or _document(tool, vocabulary)
        for tool in sorted(tools, key=lambda tool: tool.name)
    )
    sizes = np.fromiter((len(document.terms) for document in documents), dtype=np.int64, count=len(documents))
    terms = np.concatenate([np.zeros(0, np.int32), *(document.terms for document in documents)])
    counts = np.concatenate([np.zeros(0, np.float32), *(document.counts for document in documents)])
    owners = np.repeat(np.arange(len(documents), dtype=np.int32), sizes)
    order = np.argsort(terms, kind="stable")
    starts = np.searchsorted(terms[order], np.arange(len(vocabulary) + 1))
    lengths = np.array([document.length for document in documents], dtype=np.float32)
    return Index(documents, vocabulary, starts.astype(np.int64), owners[order], counts[order], lengths)


def _document(tool: Tool, vocabulary: dict[str, int]) -> Document:
    counted: Counter[str] = Counter()
    for text, weight in fields(tool):
        for term in stems(text):
            counted[term] += weight
    numbers = [vocabulary.setdefault(term, len(vocabulary)) for term in counted]
    counts = np.array(list(counted.values()), dtype=np.float32)
    return Document(tool, np.array(numbers, dtype=np.int32), counts, float(counts.sum()))
