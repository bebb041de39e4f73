"""LexRank: finds the sentences that are most like all the others."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from tools.builtin.sentences import words

if TYPE_CHECKING:
    from numpy import floating
    from numpy.typing import NDArray

#: Sentences ranked at once: the matrix of similarities has this many rows and columns.
BLOCK = 1_500
_DAMPING = 0.85
_THRESHOLD = 0.1
_SAME = 0.7
_ROUNDS = 100


def most_central(sentences: Sequence[str], count: int, *, ignore: Collection[str] = ()) -> list[int]:
    """Indices, in text order, of the `count` most central sentences that do not repeat each other.

    Continuous LexRank (Erkan and Radev, "LexRank: Graph-based Lexical Centrality as Salience in
    Text Summarization", JAIR 22, 2004, equation 10) with their threshold of 0.1 and damping of
    0.85. Unlike there, a sentence is not counted as similar to itself: one that is like no other
    would keep the mean score, above many that belong to the text's subject. `ignore` are words
    without meaning of their own. Longer texts are ranked in blocks of `BLOCK` sentences, and then
    the best of the blocks once more.
    """
    indices = list(range(len(sentences)))
    while len(indices) > BLOCK and count < BLOCK // 2:
        blocks = [indices[at : at + BLOCK] for at in range(0, len(indices), BLOCK)]
        kept = max(count, BLOCK // (2 * len(blocks)))
        indices = [i for block in blocks for i in _best(block, sentences, min(kept, BLOCK // 2), ignore)]
    return _best(indices, sentences, count, ignore)


def _best(
    indices: Sequence[int],
    sentences: Sequence[str],
    count: int,
    ignore: Collection[str],
) -> list[int]:
    alike = _similarities([sentences[i] for i in indices], ignore)
    scores = _stationary(alike)
    order = sorted(range(len(indices)), key=lambda at: (-round(float(scores[at]), 12), at))
    chosen: list[int] = []
    for at in order:
        if len(chosen) < count and all(alike[at, other] < _SAME for other in chosen):
            chosen.append(at)
    chosen += [at for at in order if at not in chosen][: count - len(chosen)]
    return sorted(indices[at] for at in chosen[:count])


def _similarities(sentences: Sequence[str], ignore: Collection[str]) -> NDArray[floating]:
    """Cosines of the sentences' TF-IDF vectors (idf-modified cosine, their equation 1), shape (n, n)."""
    import numpy as np

    size = len(sentences)
    where: dict[str, dict[int, int]] = defaultdict(dict)
    for row, sentence in enumerate(sentences):
        for word, times in Counter(w for w in words(sentence) if w not in ignore).items():
            where[word][row] = times
    dot = np.zeros((size, size))
    norms = np.zeros(size)
    for rows_of_word in where.values():
        rows = np.fromiter(rows_of_word.keys(), dtype=np.intp)
        idf = math.log(1 + size / len(rows))
        weights = np.fromiter(rows_of_word.values(), dtype=float) * idf
        norms[rows] += weights**2
        if len(rows) > 1:
            dot[np.ix_(rows, rows)] += np.outer(weights, weights)
    scale = np.sqrt(np.where(norms > 0, norms, 1))
    alike: NDArray[floating] = dot / np.outer(scale, scale)
    np.fill_diagonal(alike, 1.0)
    return alike


def _stationary(alike: NDArray[floating]) -> NDArray[floating]:
    """Where a random walk over similar sentences ends up, by power iteration; sums to 1."""
    import numpy as np

    size = len(alike)
    kept = np.where((alike >= _THRESHOLD) & ~np.eye(size, dtype=bool), alike, 0.0)
    sums = kept.sum(axis=1, keepdims=True)
    # From a sentence that is like no other the walk goes anywhere.
    moves = np.where(sums > 0, kept / np.where(sums > 0, sums, 1), 1 / size)
    scores: NDArray[floating] = np.full(size, 1 / size)
    for _ in range(_ROUNDS):
        after: NDArray[floating] = (1 - _DAMPING) / size + _DAMPING * (scores @ moves)
        if np.abs(after - scores).sum() < 1e-9:
            return after
        scores = after
    return scores
