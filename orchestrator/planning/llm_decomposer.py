"""Decomposition by a language model: structured replies, read and mended, never executed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from orchestrator.domain.planning import DraftQuestion, PlanningTask
from orchestrator.errors import BudgetTooSmall, ModelFailed
from orchestrator.planning.checks import REPLY, Finding
from orchestrator.planning.drafts import Draft, DraftCall, DraftOption, DraftSubTask
from orchestrator.planning.model_calls import Bill, ModelCalls, Reply, Sampling
from orchestrator.planning.offline import AttachedInput
from orchestrator.planning.prompts import answers_message, first_messages, problems_message
from orchestrator.planning.state import Candidate
from tools.spec import Tool

#: Rounds of questions and answers; a model that keeps asking is stopped.
_MOST_ROUNDS = 3
#: Confidence of a model that does not say.
_UNSAID = 0.9
_WARM = 0.7

Talk = tuple[Mapping[str, Any], ...]


class LlmDecomposer:
    """Asks `calls` for `candidates` plans: the first at temperature 0, the others warmer, each seeded."""

    def __init__(self, calls: ModelCalls, *, candidates: int = 1) -> None:
        self._calls = calls
        self._candidates = candidates

    async def propose(
        self, task: PlanningTask, *, shown: Sequence[Tool], peek: Mapping[str, AttachedInput], bill: Bill
    ) -> tuple[Candidate, ...]:
        """Candidate drafts; one alone when it asks questions. Raises ModelFailed or BudgetTooSmall.

        A question is asked again in the same words on the next planning, since the reply that
        holds it is kept; so answers need only its id.
        """
        talk: Talk = first_messages(task, shown=shown, peek=peek)
        first = await self._planned(task, talk, bill)
        if first.draft.questions:
            return (first,)
        # What was asked and answered on the way holds for the other candidates too.
        seed, talk = _seed(task), first.talk[:-1]
        samplings = [Sampling(_WARM, seed + place) for place in range(1, self._candidates)]
        others = await asyncio.gather(*(self._another(task, talk, one, bill) for one in samplings))
        return (first, *(one for one in others if one is not None))

    async def repair(
        self, task: PlanningTask, candidate: Candidate, findings: Sequence[Finding], *, bill: Bill
    ) -> Candidate:
        """The model's next try, told what was wrong. Raises ModelFailed or BudgetTooSmall."""
        return await self._planned(task, (*candidate.talk, problems_message(findings)), bill)

    async def _planned(self, task: PlanningTask, talk: Talk, bill: Bill) -> Candidate:
        """The reply at temperature 0, questions answered as far as a person has."""
        sampling = Sampling(0.0, _seed(task))
        for _ in range(_MOST_ROUNDS):
            found = await self._ask(task, talk, sampling, bill)
            questions = found.draft.questions
            open_ones = tuple(one for one in questions if one.id not in task.answers)
            if open_ones or not questions:
                return replace(found, draft=replace(found.draft, questions=open_ones))
            talk = (*found.talk, answers_message(questions, task.answers))
        raise ModelFailed("the language model keeps asking instead of planning: use planner 'offline'")

    async def _another(
        self, task: PlanningTask, talk: Talk, sampling: Sampling, bill: Bill
    ) -> Candidate | None:
        """A further candidate; the plan does not depend on it, so it may fail."""
        try:
            found = await self._ask(task, talk, sampling, bill)
        except (ModelFailed, BudgetTooSmall):
            return None
        return None if found.draft.questions or not found.draft.subtasks else found

    async def _ask(self, task: PlanningTask, talk: Talk, sampling: Sampling, bill: Bill) -> Candidate:
        reply = await self._calls.ask(task, talk, sampling, bill=bill)
        longer = (*talk, {"role": "assistant", "content": reply.text})
        if reply.fault:
            return Candidate(talk=longer, findings=(Finding(REPLY, "", reply.fault),))
        return Candidate(read_reply(reply, task.request.request or ""), talk=longer)


def _seed(task: PlanningTask) -> int:
    return task.request.seed or 0


def read_reply(reply: Reply, request: str) -> Draft:
    """The draft in a reply that fits the schema."""
    value: Mapping[str, Any] = reply.parsed
    reason = str(value.get("reason", "")).strip()
    notes = (reason,) if reason else ()
    if value["outcome"] == "nothing_fits":
        return Draft((), uncovered=_words_of(value, without_subtasks=True), notes=notes)
    if value["outcome"] == "questions" and value.get("questions"):
        return Draft((), questions=tuple(_question(one) for one in value["questions"]), notes=notes)
    clauses = value.get("clauses", [])
    subtasks = tuple(_subtask(one, clauses, request) for one in value.get("subtasks", []))
    ids = {one.id for one in subtasks}
    uncovered = tuple(one["words"] for one in clauses if not ids & set(one["subtasks"]))
    confidence = min(1.0, max(0.05, float(value.get("confidence", _UNSAID))))
    return Draft(
        subtasks,
        clauses=_words_of(value),
        uncovered=uncovered,
        confidence=confidence,
        notes=notes,
    )


def _words_of(value: Mapping[str, Any], *, without_subtasks: bool = False) -> tuple[str, ...]:
    clauses = value.get("clauses", [])
    return tuple(one["words"] for one in clauses if not (without_subtasks and one["subtasks"]))


def _question(one: Mapping[str, Any]) -> DraftQuestion:
    return DraftQuestion(
        id=one["id"],
        text=one["text"],
        schema={"type": one["type"]},
        subtask=one.get("subtask") or None,
        argument=one.get("argument") or None,
    )


def _subtask(one: Mapping[str, Any], clauses: Sequence[Mapping[str, Any]], request: str) -> DraftSubTask:
    return DraftSubTask(
        id=one["id"],
        goal=one["goal"],
        type="",
        words=_quoted(one, clauses, request),
        options=(DraftOption((DraftCall(one["tool"], one["arguments"]),)),),
        needs=tuple(one.get("needs", ())),
    )


def _quoted(one: Mapping[str, Any], clauses: Sequence[Mapping[str, Any]], request: str) -> str:
    """The sub-task's words where they stand in the request, else its clause, else the whole request."""
    plain = " ".join(request.split()).casefold()
    serving = [clause["words"] for clause in clauses if one["id"] in clause["subtasks"]]
    for words in (one["words"], *serving):
        if words.strip() and " ".join(words.split()).casefold() in plain:
            return str(words)
    return request
