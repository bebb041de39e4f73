"""What one planning knows while it goes on; working memory only, the truth is rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

from orchestrator.domain.path import Path
from orchestrator.domain.plan import Plan
from orchestrator.domain.planning import DraftQuestion, PlanningTask
from orchestrator.planning.checks import Finding, Scene
from orchestrator.planning.drafts import Draft
from orchestrator.planning.grounding import Grounded
from orchestrator.planning.model_calls import Bill
from orchestrator.planning.offline import AttachedInput
from tools.spec import Tool

Source = Literal["given", "offline", "llm"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One draft and what became of it.

    `findings` are against the draft itself (a reply that was no plan); `grounded` has those
    against its tools, references and types. `talk` is the conversation with the model so far.
    """

    draft: Draft = field(default_factory=lambda: Draft(()))
    #: Sub-tasks that keep the tool they name.
    pinned: frozenset[str] = frozenset()
    findings: tuple[Finding, ...] = ()
    grounded: Grounded | None = None
    talk: tuple[Mapping[str, Any], ...] = ()
    seed: int | None = None

    @property
    def positions(self) -> dict[str, int]:
        """Places of the sub-tasks in what was written, for messages."""
        return {subtask.id: place for place, subtask in enumerate(self.draft.subtasks)}

    @property
    def against(self) -> tuple[Finding, ...]:
        """Everything that stands against it."""
        return (*self.findings, *(self.grounded.findings if self.grounded else ()))


class State(TypedDict, total=False):
    """The state of the planning graph; each node answers the fields that it changes."""

    task: PlanningTask
    source: Source
    scene: Scene
    peek: Mapping[str, AttachedInput]
    shown: tuple[Tool, ...]
    candidates: tuple[Candidate, ...]
    findings: tuple[Finding, ...]
    repairs: int
    #: Candidates that pass, while the model is asked about words that they do not quote.
    doubted: tuple[Candidate, ...]
    questions: tuple[DraftQuestion, ...]
    plan: Plan
    path: Path
    bill: Bill
    notes: tuple[str, ...]
    done: bool
