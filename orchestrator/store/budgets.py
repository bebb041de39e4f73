"""The gate of a run's own budget: money and tokens."""

from __future__ import annotations

from typing import Any

from orchestrator.store.gates import Refuse, Wait
from orchestrator.store.journal import Journal, LockedRun


def binds(run: LockedRun) -> bool:
    """Whether the run has a budget at all."""
    return run["budget_nano"] is not None or run["budget_tokens"] is not None


class RunBudget:
    """The worst cost is set aside in the run's row; what the budget cannot hold waits, or fails."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def decide(self, run: LockedRun, row: Any) -> Wait | Refuse | None:
        """It waits only while calls in flight may still give something back."""
        tokens_left = run["budget_tokens"] is None or run["tokens"] < run["budget_tokens"]
        fits = run["budget_nano"] is None or row.worst_nano == 0
        fits = fits or run["spent_nano"] + run["reserved_nano"] + row.worst_nano <= run["budget_nano"]
        if fits and tokens_left:
            return None
        if run["reserved_nano"] > 0 and tokens_left:
            cause = {"reason": "budget", "detail": "other calls in flight hold the rest of the budget"}
            return Wait(cause, self._journal.now + 1.0)
        message = f"the rest of the budget cannot hold the worst cost of {row.tool!r}"
        return Refuse({"code": "budget_exhausted", "message": message})

    def take(self, run: LockedRun, row: Any) -> None:
        """Set the worst cost aside."""
        run.add("reserved_nano", row.worst_nano if run["budget_nano"] is not None else 0)
