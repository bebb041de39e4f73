"""The moves that the domain allows, and why a workload does not make some of them."""

from __future__ import annotations

from orchestrator.domain.events import EventType
from orchestrator.domain.run import RUN_MOVES
from orchestrator.domain.step import STEP_MOVES

#: "run", "step", "job" or "event"; from; to.
Move = tuple[str, str, str]


def domain_moves() -> list[Move]:
    """What the domain allows: the moves of runs and steps, and the events told of them."""
    runs = [("run", came.value, went.value) for came, to in RUN_MOVES.items() for went in sorted(to)]
    steps = [("step", came.value, went.value) for came, to in STEP_MOVES.items() for went in sorted(to)]
    return [*runs, *steps, *(("event", "", type_.value) for type_ in EventType)]


def shown(move: Move) -> str:
    """A move for people."""
    kind, came, went = move
    return f"{kind} {went}" if not came else f"{kind} {came} → {went}"


def reason(move: Move) -> str:
    """Why the workload does not make the move."""
    return _REASONS.get(shown(move), "no run of this workload makes it")


_NEVER_SKIPPED = "no code makes it: only a step that has not ended is skipped"
_FROM_ABOVE = "needs such a step below another that a person has done again"
_REASONS: dict[str, str] = {
    "run planned → planning": "no code makes it: an edited plan becomes a run of its own",
    "run running → planning": "needs a request in words whose every tool fails",
    "run succeeded → planning": "no code makes it: a run that succeeded is done again from a step",
    "step ready → skipped": "needs a run that fails in the milliseconds between a step's time and its claim",
    "step ready → waiting": "needs a paid call whose turn comes while others hold the rest of the budget",
    "step succeeded → skipped": _NEVER_SKIPPED,
    "step low_quality → skipped": _NEVER_SKIPPED,
    "step failed → skipped": _NEVER_SKIPPED,
    "step poisoned → skipped": _NEVER_SKIPPED,
    "step low_quality → pending": _FROM_ABOVE,
    "step poisoned → pending": _FROM_ABOVE,
}
