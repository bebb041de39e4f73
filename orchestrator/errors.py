"""Everything the orchestrator refuses or fails with, in one tree.

OrchestratorError
├── Invalid              the request itself is wrong; `problems` says where and how
│   └── PlanRejected     a plan does not pass its checks
├── NotFound             no such run, plan, tool, artifact
├── Conflict             the thing is not in a state that allows this
│   └── IdempotencyReused   the same Idempotency-Key came with another body
├── NotBuilt             a known field that this version does not serve
├── NoSuitableTool       nothing registered can serve the request; `nearest` are the closest tools
├── Forbidden            the key that was sent may not do this
├── LimitReached         a limit on calls allows no more at this moment
├── BudgetTooSmall       no path meets the limits; `cheapest` says what each limit alone would need
├── NoOptionLeft         every way known to do a sub-task was tried in vain: plan again
├── StorageFull          the disk or the database has no room
└── ModelFailed          the planner's language model could not be used
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One bad field: `path` is a JSON pointer into the request, `subtask` that of a plan it lies in."""

    path: str
    detail: str
    subtask: str | None = None


class OrchestratorError(Exception):
    """The base; the message is for people."""

    code = "error"


class Invalid(OrchestratorError):
    """The request is wrong."""

    code = "invalid"

    def __init__(self, message: str, *, problems: Sequence[FieldProblem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class PlanRejected(Invalid):
    """The plan does not pass its checks."""

    code = "plan_rejected"


class NotFound(OrchestratorError):
    """There is no such thing."""

    code = "not_found"


class Conflict(OrchestratorError):
    """The thing's state does not allow this."""

    code = "conflict"


class IdempotencyReused(Conflict):
    """The same Idempotency-Key came with another body."""

    code = "idempotency_key_reused"


class NotBuilt(OrchestratorError):
    """A known field that this version does not serve yet."""

    code = "not_built"

    def __init__(self, message: str, *, problems: Sequence[FieldProblem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class NoSuitableTool(OrchestratorError):
    """Nothing registered can serve the request, or a part of it."""

    code = "no_suitable_tool"

    def __init__(self, message: str, *, nearest: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.nearest = tuple(nearest)


class Forbidden(OrchestratorError):
    """The key that was sent may not do this."""

    code = "forbidden"


class LimitReached(OrchestratorError):
    """A limit on calls allows no more at this moment."""

    code = "limit_reached"


class BudgetTooSmall(OrchestratorError):
    """No path meets the limits."""

    code = "budget_too_small"

    def __init__(self, message: str, *, cheapest: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.cheapest = dict(cheapest or {})


class PlanningTooLong(OrchestratorError):
    """No plan was found in the time allowed."""

    code = "planning_too_long"


class DeadlineExceeded(OrchestratorError):
    """The time limit of a run has passed."""

    code = "deadline_exceeded"


class NoOptionLeft(OrchestratorError):
    """Every option of a sub-task is ruled out."""

    code = "no_option_left"

    def __init__(self, subtask: str) -> None:
        super().__init__(f"every way known to do sub-task {subtask!r} was tried in vain or ruled out")
        self.subtask = subtask


class StorageFull(OrchestratorError):
    """The disk or the database has no room."""

    code = "storage_full"


class ModelFailed(OrchestratorError):
    """The planner's language model could not be used."""

    code = "model_failed"
