"""A draft: what decomposition yields before it is grounded in registered tools, checked and searched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.domain.planning import DraftQuestion


@dataclass(frozen=True, slots=True)
class DraftCall:
    """A tool by name with its arguments; references as in a plan."""

    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DraftOption:
    """One way to do a drafted sub-task; `aliases` as in `domain.plan.Option`."""

    calls: tuple[DraftCall, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DraftSubTask:
    """A drafted sub-task; `words` are the words of the request it came from, `deadline` in seconds."""

    id: str
    goal: str
    type: str
    words: str
    options: tuple[DraftOption, ...]
    needs: tuple[str, ...] = ()
    deadline: float | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """One candidate decomposition of a request.

    `clauses` are the parts of the request that ask for something, `uncovered` those that no
    sub-task serves, with the `nearest` tools; `confidence` in (0, 1] is the planner's own.
    """

    subtasks: tuple[DraftSubTask, ...]
    clauses: tuple[str, ...] = ()
    uncovered: tuple[str, ...] = ()
    questions: tuple[DraftQuestion, ...] = ()
    nearest: tuple[str, ...] = ()
    confidence: float = 1.0
    notes: tuple[str, ...] = ()
