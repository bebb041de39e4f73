"""How long what has ended is kept, and what a pruning has taken away."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Retention:
    """Runs that ended `seconds` ago or earlier go, unless they have one of the labels (key, value) in `keep`.

    With them go their steps, attempts, events, paths, questions and idempotency keys; then plans,
    model replies and artifacts of that age that nothing refers to any more.
    """

    seconds: float
    keep: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many of each went; `bytes` are those of the artifacts."""

    runs: int = 0
    plans: int = 0
    replies: int = 0
    artifacts: int = 0
    bytes: int = 0


def labels_from(texts: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """`("team:x",)` → `(("team", "x"),)`. Raises ValueError for one without a colon."""
    pairs = []
    for text in texts:
        key, colon, value = text.partition(":")
        if not colon or not key:
            raise ValueError(f"{text!r} is not of the form key:value")
        pairs.append((key, value))
    return tuple(pairs)
