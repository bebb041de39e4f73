"""What is decided before a claim: each gate lets a step go, has it wait, or refuses it.

All gates are asked before any of them takes something, so a step that one of them holds back
leaves nothing behind in the others. They run in the claiming transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from orchestrator.store.journal import LockedRun


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now: `cause` says why, `run_at` when to look again (None: when a person has acted).

    `line` names the pool in whose line the step stands; a place that falls free there wakes it.
    """

    cause: Mapping[str, Any]
    run_at: float | None
    line: str | None = None


@dataclass(frozen=True, slots=True)
class Refuse:
    """Never: the step fails with this error, and another path is searched."""

    error: Mapping[str, Any]


class Gate(Protocol):
    """Made once for a packet, with all that it must read and lock for it.

    `row` is a due step: run_id, idx, key, subtask, tool, worst_nano, once, gated, status, priority,
    run_at. Rows are decided one after the other; what one takes, the next finds taken.
    """

    def decide(self, run: LockedRun, row: Any) -> Wait | Refuse | None:
        """None lets it go. May write what a wait needs (a question), but takes nothing."""
        ...

    def take(self, run: LockedRun, row: Any) -> None:
        """All gates let it go: reserve, count, hold."""
        ...
