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


_REASONS: dict[str, str] = {}
