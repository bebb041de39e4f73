"""What goes into planning and what comes out of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.domain.path import Path
from orchestrator.domain.plan import Plan
from orchestrator.domain.run import RunRequest
from tools.spec import Usage


def canonical(arguments: Mapping[str, Any]) -> str:
    """Arguments as text that is equal when they are."""
    return json.dumps(arguments, sort_keys=True, default=str)


@dataclass(frozen=True, slots=True)
class FinishedCall:
    """A call of the run that has succeeded; a plan that asks for it again gets it for nothing.

    `arguments` are those of the step, as canonical JSON, with references but without inputs.
    """

    subtask: str
    part: int
    tool: str
    version: int
    arguments: str


@dataclass(frozen=True, slots=True)
class Used:
    """What a run has used before it is planned again: money, seconds of its limit, and what stands."""

    usd: float = 0.0
    seconds: float = 0.0
    finished: frozenset[FinishedCall] = frozenset()


@dataclass(frozen=True, slots=True)
class PlanningTask:
    """A request to plan; `run_id` is None for a plan without a run.

    `answers` are those given so far to questions of this run, by question id. `failed` names what
    an earlier plan of the run tried in vain: (sub-task type, tool name) pairs to avoid. `key_id` is
    the API key that pays for a plan without a run.
    """

    request: RunRequest
    run_id: str | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)
    failed: tuple[tuple[str, str], ...] = ()
    used: Used = Used()
    key_id: str | None = None


@dataclass(frozen=True, slots=True)
class DraftQuestion:
    """A value that is missing. `id` is stable: the same request asks under the same id."""

    id: str
    text: str
    schema: Mapping[str, Any]
    subtask: str | None = None
    argument: str | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A checked plan with its best path, and what planning took (tokens and money of the model)."""

    plan: Plan
    path: Path
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class NeedsAnswers:
    """Planning cannot end without a person."""

    questions: tuple[DraftQuestion, ...]
    usage: Usage = field(default_factory=Usage)
