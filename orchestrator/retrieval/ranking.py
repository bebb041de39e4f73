"""Okapi BM25 over an index (Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009, 3.15)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from orchestrator.retrieval.index import Index, Weights

#: How soon repeats of a word stop counting, and how much long records are held back.
K1 = 1.2
B = 0.75


def score(index: Index, terms: Iterable[str]) -> Weights:
    """BM25 of each document for the different `terms`; its idf is never negative."""
    scores = np.zeros(len(index.documents), dtype=np.float32)
    if not len(scores):
        return scores
    norm = K1 * (1 - B + B * index.lengths / max(float(index.lengths.mean()), 1.0))
    for term in dict.fromkeys(terms):
        documents, counts = index.postings(term)
        scores[documents] += idf(index, term) * counts * (K1 + 1) / (counts + norm[documents])
    return scores


def idf(index: Index, term: str) -> float:
    """log(1 + (N - n + 0.5) / (n + 0.5)): how telling a term is among these tools."""
    holding = len(index.postings(term)[0])
    return float(np.log1p((len(index.documents) - holding + 0.5) / (holding + 0.5)))


def best_first(scores: Weights, *, expected: int) -> Iterator[int]:
    """Document numbers by falling score, ties in their order; cheap when only about `expected` are taken."""
    if expected < len(scores):
        least = np.partition(scores, len(scores) - expected)[len(scores) - expected]
        head = np.flatnonzero(scores > least)
        yield from (int(number) for number in head[np.argsort(-scores[head], kind="stable")])
        rest = np.flatnonzero(scores <= least)
    else:
        rest = np.arange(len(scores))
    yield from (int(number) for number in rest[np.argsort(-scores[rest], kind="stable")])
