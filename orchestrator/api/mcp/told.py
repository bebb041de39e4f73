"""What the tools of the service answer: runs and questions in few words, with where to find the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orchestrator.api.render import question_out, run_line, run_out
from orchestrator.domain.views import InboxItem, RunSummary, RunView
from orchestrator.ports import Hit

#: What of a whole run a caller needs to follow it.
_RUN = (
    "id",
    "status",
    "request",
    "created_at",
    "finished_at",
    "spend",
    "waiting_on",
    "error",
    "result",
    "links",
)


def run_told(view: RunView, *, now: float) -> dict[str, Any]:
    """A run: where it stands, what it asks, what has come of it."""
    whole = run_out(view, now=now).model_dump(mode="json", by_alias=True)
    told = {name: whole[name] for name in _RUN}
    told["questions"] = [one for one in whole["questions"] if one["answered_at"] is None]
    told["steps"] = [
        {name: one[name] for name in ("key", "subtask", "tool", "status", "error")} for one in whole["steps"]
    ]
    return told


def runs_told(runs: Sequence[RunSummary]) -> dict[str, Any]:
    """Runs, one line each."""
    return {"runs": [run_line(run).model_dump(mode="json", by_alias=True) for run in runs]}


def questions_told(items: Sequence[InboxItem]) -> dict[str, Any]:
    """Open questions, each with its run."""
    return {
        "questions": [
            {
                "run": item.question.run_id,
                "request": item.request,
                "question": question_out(item.question).model_dump(mode="json", by_alias=True),
            }
            for item in items
        ]
    }


def hits_told(hits: Sequence[Hit]) -> dict[str, Any]:
    """Tools, best first."""
    return {
        "tools": [
            {
                "name": hit.tool.name,
                "summary": hit.tool.summary,
                "kind": hit.tool.kind.value,
                "effect": hit.tool.effect.value,
                "score": hit.score,
                "input_schema": dict(hit.tool.input_schema),
            }
            for hit in hits
        ]
    }
