"""How many of the requests the offline planner reads right: a table by group, and what went wrong.

Run with `python -m tests.eval.paraphrases [-v]`; `measure` is what the test beside it calls.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.domain.planning import PlanningTask
from orchestrator.domain.run import RunRequest
from orchestrator.planning.drafts import Draft
from orchestrator.planning.offline import AttachedInput, OfflineDecomposer
from orchestrator.retrieval.retriever import Bm25Retriever
from tests.eval.requests import SERVABLE, UNSERVABLE, Case
from tools.builtin import TOOLS
from tools.spec import Tool


class Listed:
    """A catalog that is only a list; `active` is all a retriever asks for."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self.tools = tools

    async def active(self) -> Sequence[Tool]:
        return self.tools


@dataclass(frozen=True, slots=True)
class Judged:
    """A request with what was planned for it and what is wrong about that ("" when nothing is)."""

    group: str
    request: str
    planned: str
    wrong: str


#: The groups that are measured; "refuse" holds requests that nothing can serve.
GROUPS = (*dict.fromkeys(case.group for case in SERVABLE), "refuse")


async def measure(group: str) -> list[Judged]:
    """Every request of a group judged."""
    decomposer = OfflineDecomposer(retriever=Bm25Retriever(Listed(TOOLS)))  # type: ignore[arg-type]
    found = []
    for case in (case for case in SERVABLE if case.group == group):
        draft = await _draft(decomposer, case.request, case.attached)
        found.append(Judged(case.group, case.request, planned(draft), wrong(draft, case)))
    for request, attached in UNSERVABLE if group == "refuse" else ():
        draft = await _draft(decomposer, request, attached)
        served = draft.subtasks and not draft.uncovered
        found.append(Judged("refuse", request, planned(draft), "served" if served else ""))
    return found


async def _draft(decomposer: OfflineDecomposer, request: str, attached: Mapping[str, AttachedInput]) -> Draft:
    task = PlanningTask(RunRequest(request=request))
    return await decomposer.draft(task, tools=TOOLS, peek=attached)


def planned(draft: Draft) -> str:
    """The jobs of a draft in its order, and what it leaves open."""
    jobs = " > ".join(subtask.type for subtask in draft.subtasks)
    asks = " ".join(f"?{question.id}" for question in draft.questions)
    return " ".join(filter(None, (jobs, asks, f"uncovered {draft.uncovered}" if draft.uncovered else "")))


def wrong(draft: Draft, case: Case) -> str:
    """What is wrong about a draft for a request that can be served."""
    if draft.uncovered:
        return "refused"
    if case.asks:
        return "" if [case.asks in one.id for one in draft.questions] == [True] else "does not ask that alone"
    if draft.questions:
        return "asks"
    jobs = Counter(subtask.type for subtask in draft.subtasks)
    if all(jobs != Counter(right.split()) for right in (case.jobs, *case.also)):
        return "jobs"
    for name, value in case.arguments.items():
        if value not in _arguments(draft, name):
            return f"{name} is {_arguments(draft, name)}"
    for pair in case.before:
        if not _feeds(draft, *pair.split()):
            return f"{pair}: not fed"
    return ""


def _arguments(draft: Draft, name: str) -> list[Any]:
    job, _, argument = name.partition(".")
    return [
        option.calls[-1].arguments.get(argument)
        for subtask in draft.subtasks
        for option in subtask.options
        if subtask.type == job
    ]


def _feeds(draft: Draft, first: str, second: str) -> bool:
    types = {subtask.id: subtask.type for subtask in draft.subtasks}
    return any(first in {types[need] for need in one.needs} for one in draft.subtasks if one.type == second)


def main() -> None:
    """Print the table."""
    found: list[Judged] = []
    for group in GROUPS:
        mine = asyncio.run(measure(group))
        right = sum(not one.wrong for one in mine)
        sys.stdout.write(f"{group:8} {right:3} of {len(mine):3}\n")
        found.extend(mine)
    for one in found:
        if one.wrong or "-v" in sys.argv:
            sys.stdout.write(f"[{one.group}] {one.request}\n     {one.wrong}: {one.planned}\n")


if __name__ == "__main__":
    main()
