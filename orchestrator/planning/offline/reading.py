"""Reading a request: which words ask for which job, as the best labelled segmentations of its tokens.

A semi-Markov labelling found by k-best Viterbi: each token belongs to a job or to none; a token
gains by how strongly its word speaks for the job, a new job costs, and so does going on across
a border of clauses or breaking off where there is none.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.planning.offline.clauses import Token, is_generic
from orchestrator.planning.offline.evidence import Evidence
from orchestrator.planning.offline.jobs import Job

_NEW_JOB = 0.6
_AGAIN = 0.25
_ON_VALUE = 0.3
_UNEXPLAINED = 0.45
_NOBODY = 0.5
_SPLIT = {
    "start": 0.0,
    "sentence": 0.0,
    "then": 0.0,
    "and": 0.05,
    "comma": 0.05,
    "preposition": 0.1,
    "none": 0.25,
}
_GO_ON = {
    "start": 0.0,
    "sentence": 0.45,
    "then": 0.5,
    "and": 0.15,
    "comma": 0.1,
    "preposition": 0.0,
    "none": 0.0,
}
_PAIR = 0.3
_OBJECT = 0.3
_KEEP = 8
_ALIKE = 2


@dataclass(frozen=True, slots=True)
class Segment:
    """Tokens `[first, end)` that ask for a job; None for tokens that ask for nothing known."""

    job: Job | None
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Reading:
    """One labelling of the whole request, and how well the words support it."""

    segments: tuple[Segment, ...]
    score: float


#: A partial labelling: its score and, backwards, the places where segments began with their jobs.
_Partial = tuple[float, tuple[tuple[int, int], ...]]


def read(tokens: Sequence[Token], evidence: Evidence, *, best: int = 48) -> list[Reading]:
    """The `best` labellings, best first; none for a request without telling words."""
    if not tokens:
        return []
    jobs = len(evidence.jobs)
    beams: list[list[_Partial]] = [[] for _ in range(jobs + 1)]
    everywhere: list[_Partial] = [(0.0, ())]
    for place, token in enumerate(tokens):
        beams = [
            _extended(beams[job], everywhere, (place, job), token, _emission(tokens, place, job, evidence))
            for job in range(jobs + 1)
        ]
        everywhere = _various([one for beam in beams for one in beam], 3 * _KEEP)
    last = _various([one for beam in beams for one in beam], best)
    return [_reading(partial, len(tokens), evidence) for partial in last if math.isfinite(partial[0])]


def _score(partial: _Partial) -> float:
    return partial[0]


def _extended(
    own: list[_Partial],
    everywhere: list[_Partial],
    start: tuple[int, int],
    token: Token,
    emission: tuple[float, float],
) -> list[_Partial]:
    """Partial labellings that give this token to a job: going on with it, or beginning it at `start`."""
    gain, pair = emission
    job = start[1]
    options = [(score + gain + pair - _GO_ON[token.gap], starts) for score, starts in own]
    bare = _bare(token)
    for score, starts in everywhere:
        cost = (
            _SPLIT[token.gap] + _opening(job, starts) + (_ON_VALUE if job and bare and gain < 0.25 else 0.0)
        )
        options.append((score + gain - cost, (*starts, start)))
    return _various(options, _KEEP)


def _various(options: list[_Partial], most: int) -> list[_Partial]:
    """The best options, of which few differ only in where their segments begin."""
    kept: list[_Partial] = []
    seen: Counter[tuple[int, ...]] = Counter()
    same: set[tuple[tuple[int, int], ...]] = set()
    for score, starts in sorted(options, key=_score, reverse=True):
        jobs = tuple(job for _, job in starts)
        if starts in same or seen[jobs] >= _ALIKE:
            continue
        same.add(starts)
        seen[jobs] += 1
        kept.append((score, starts))
        if len(kept) == most:
            break
    return kept


def _bare(token: Token) -> bool:
    """Whether a token is material without a word on what to do with it."""
    return token.value is not None and token.value.kind in ("url", "quote", "number", "input")


def _opening(job: int, starts: tuple[tuple[int, int], ...]) -> float:
    """What it costs to begin with a job: less when the request has spoken of it before."""
    if not job:
        return 0.0
    return _AGAIN if any(before == job for _, before in starts) else _NEW_JOB


def _emission(tokens: Sequence[Token], place: int, job: int, evidence: Evidence) -> tuple[float, float]:
    """What a token gains under a label, and what its following the token before adds."""
    weight = evidence.weights[place]
    if job == 0:
        return -_NOBODY * weight * (1 - evidence.known[place]), 0.0
    strength = evidence.strengths[place][job - 1]
    gain = weight * (strength - _UNEXPLAINED * max(0.0, 1 - strength - evidence.known[place]))
    if place and tokens[place].gap == "none" and not is_generic(tokens[place]):
        pair = (tokens[place - 1].stem, tokens[place].stem)
        if pair in evidence.jobs[job - 1].pairs:
            return gain, _PAIR * min(weight, evidence.weights[place - 1])
        if evidence.objects and job - 1 in evidence.objects[place]:
            return gain, _OBJECT
    return gain, 0.0


def _reading(partial: _Partial, length: int, evidence: Evidence) -> Reading:
    score, starts = partial
    ends = [place for place, _ in starts[1:]] + [length]
    segments = tuple(
        Segment(evidence.jobs[job - 1] if job else None, place, end)
        for (place, job), end in zip(starts, ends, strict=True)
    )
    return Reading(segments, score)
