"""One plan out of the candidates that passed: merged where they agree, with the quality of each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from orchestrator.domain.ids import new_id
from orchestrator.domain.plan import Plan, SubTask
from orchestrator.domain.planning import PlanningTask
from orchestrator.planning.drafts import Draft
from orchestrator.planning.merging import merged
from orchestrator.planning.state import Candidate, Source


def assembled(
    candidates: Sequence[Candidate], task: PlanningTask, *, source: Source, notes: Sequence[str] = ()
) -> Plan:
    """The plan of grounded candidates; two that say the same count once, with the better quality."""
    named = {f"p{place}": candidate for place, candidate in enumerate(candidates, 1)}
    subtasks, conflicts = merged({name: c.grounded for name, c in named.items() if c.grounded is not None})
    kept = _different(subtasks, {name: quality_of(c.draft) for name, c in named.items()})
    used = [subtask for subtask in subtasks if set(subtask.plans) & set(kept)]
    said = [note for candidate in candidates for note in candidate.draft.notes]
    return Plan(
        id=new_id("plan"),
        subtasks=tuple(replace(subtask, plans=_labels(subtask, kept)) for subtask in used),
        source=source,
        request=task.request.request or "",
        quality=max(kept.values()),
        plan_quality=kept if len(kept) > 1 else {},
        conflicts=conflicts,
        notes=tuple(dict.fromkeys([*notes, *said])),
    )


def quality_of(draft: Draft) -> float:
    """The share of the request's clauses that a draft covers, times its confidence; at least 0.001."""
    clauses = max(len(draft.clauses), len(draft.uncovered))
    covered = 1 - len(draft.uncovered) / clauses if clauses else 1.0
    return min(1.0, max(covered * draft.confidence, 0.001))


def _different(subtasks: Sequence[SubTask], quality: Mapping[str, float]) -> dict[str, float]:
    """The plans that differ in at least one sub-task; of equal ones the best."""
    best: dict[frozenset[str], str] = {}
    for name in sorted(quality, key=lambda one: -quality[one]):
        best.setdefault(frozenset(s.id for s in subtasks if name in s.plans), name)
    return {name: quality[name] for name in sorted(best.values())}


def _labels(subtask: SubTask, kept: Collection[str]) -> tuple[str, ...]:
    """The plans of a sub-task; none when it belongs to all."""
    labels = tuple(name for name in subtask.plans if name in kept)
    return () if len(labels) == len(kept) else labels
