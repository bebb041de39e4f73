"""The offline decomposer: words, typed ports and a small search, and no language model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from orchestrator.domain.planning import PlanningTask
from orchestrator.domain.run import ToolFilter
from orchestrator.errors import FieldProblem, Invalid
from orchestrator.planning.drafts import Draft
from orchestrator.planning.offline.absent import ABSENT, QUESTION, absent_file, asking_for_it, with_file
from orchestrator.planning.offline.choosing import Choosing
from orchestrator.planning.offline.clauses import Token, is_stop, tokens_of, without_list_marks
from orchestrator.planning.offline.coverage import COVERED, converts, may_ask, shares_of, unused_values
from orchestrator.planning.offline.evidence import COLUMN, Evidence, weigh
from orchestrator.planning.offline.jobs import Job, jobs_of
from orchestrator.planning.offline.lexicon import GENERIC_VERBS
from orchestrator.planning.offline.negations import without_denied
from orchestrator.planning.offline.ordinals import with_names
from orchestrator.planning.offline.peek import AttachedInput
from orchestrator.planning.offline.thesaurus import SYNONYMS
from orchestrator.planning.offline.values import find_values
from orchestrator.ports import Retriever
from orchestrator.retrieval.stem import stem, words
from tools.spec import Tool

#: Up to so many tools all are looked at; beyond, those that the retriever finds.
_FEW = 300
_FOUND = 60
_NEAREST = 5
#: Telling words and values of a request, each; a long text in quotes is one value.
_MOST_PARTS = 120
_ASKING = frozenset("what which who how where when why".split())


class OfflineDecomposer:
    """Decomposes requests by the records of the registered tools alone."""

    def __init__(self, *, retriever: Retriever) -> None:
        self._retriever = retriever
        self._jobs: dict[str, tuple[tuple[int, ...], Job]] = {}

    async def draft(
        self, task: PlanningTask, *, tools: Sequence[Tool], peek: Mapping[str, AttachedInput]
    ) -> Draft:
        """A draft for the request; without sub-tasks when nothing registered fits."""
        text = without_list_marks(task.request.request or "")
        allowed = [tool for tool in tools if allows(task.request.tools, tool)]
        chosen = await self._candidates(text, allowed)
        jobs = jobs_of(chosen, cache=self._jobs)
        nearest = await self._nearest(text, allowed)
        return await asyncio.to_thread(_draft, task, text, jobs, peek, nearest)

    async def _candidates(self, text: str, tools: Sequence[Tool]) -> list[Tool]:
        """The tools to look at: all of them when they are few."""
        if len(tools) <= _FEW:
            return list(tools)
        names = {tool.name for tool in tools}
        found: dict[str, Tool] = {}
        for query in (text, *text.replace(";", ",").replace(".", ",").split(",")):
            hits = await self._retriever.search(query, k=_FOUND, accept=lambda tool: tool.name in names)
            found.update({hit.tool.name: hit.tool for hit in hits if hit.score > 0})
        mates = {does for tool in found.values() for does in tool.does[:1]}
        near = {name for tool in found.values() for name in (*tool.docs.run_before, *tool.docs.run_after)}
        return [t for t in tools if t.name in found or t.name in near or set(t.does[:1]) & mates]

    async def _nearest(self, text: str, tools: Sequence[Tool]) -> tuple[str, ...]:
        names = {tool.name for tool in tools}
        hits = await self._retriever.search(text, k=_NEAREST, accept=lambda tool: tool.name in names)
        return tuple(hit.tool.name for hit in hits if hit.score > 0)


def allows(choice: ToolFilter, tool: Tool) -> bool:
    """Whether a run's filter (names, or `tag:…`) lets a tool in."""
    marks = {tool.name, *(f"tag:{tag}" for tag in tool.tags)}
    return (not choice.include or bool(marks & set(choice.include))) and not marks & set(choice.exclude)


def _check_length(parts: Sequence[object]) -> None:
    """Raises `Invalid` for a request whose reading would take minutes: it grows faster than its parts."""
    if len(parts) <= _MOST_PARTS:
        return
    detail = (
        f"the offline planner reads at most {_MOST_PARTS} telling words and values; put a text to work on "
        "in quotes or attach it as a file, or send the jobs as several requests"
    )
    raise Invalid(detail, problems=[FieldProblem("/request", detail)])


def _draft(
    task: PlanningTask,
    text: str,
    jobs: Sequence[Job],
    peek: Mapping[str, AttachedInput],
    nearest: tuple[str, ...],
) -> Draft:
    answer = task.answers.get(QUESTION)
    if answer is not None and ABSENT in peek:
        draft = _read(task, text, jobs, peek, nearest)
        return replace(draft, subtasks=tuple(with_file(draft.subtasks, answer)))
    draft = _read(task, text, jobs, peek, nearest)
    if draft.subtasks and not draft.uncovered and not draft.questions:
        return draft
    values = find_values(text, attached=peek, is_demand=_demand_test(jobs))
    absent = absent_file(tokens_of(text, values), values, peek)
    if absent is None:
        return draft
    found = asking_for_it(_read(task, text, jobs, {ABSENT: absent}, nearest), absent)
    return found if found.questions and not found.uncovered else draft


def _read(
    task: PlanningTask,
    text: str,
    jobs: Sequence[Job],
    peek: Mapping[str, AttachedInput],
    nearest: tuple[str, ...],
) -> Draft:
    is_demand = _demand_test(jobs)
    values = find_values(text, attached=peek, is_demand=is_demand)
    for told in (without_denied, partial(with_names, attached=peek)):
        plain = told(text, values, is_demand=is_demand)
        if plain != text:
            text, values = plain, find_values(plain, attached=peek, is_demand=is_demand)
    _check_length(values)
    tokens = tokens_of(text, values)
    _check_length(tokens)
    evidence = weigh(tokens, jobs, peek)
    best = Choosing(task, text, tokens, values, evidence, peek).best()
    shares = shares_of(text, tokens, evidence, best.reading if best else None, best.subtasks if best else ())
    asked = tuple(clause for clause, _ in shares) or (text.strip(),)
    uncovered = tuple(clause for clause, share in shares if share < COVERED)
    if best is not None:
        ignored = [
            one for one in unused_values(values, best.subtasks) if one.kind in ("number", "url", "input")
        ]
        uncovered += tuple(text[one.start : one.end] for one in ignored)
    least = min((share for _, share in shares), default=0.0)
    asking = best.drafting.asking() if best else []
    lacking = best.drafting.questions if best else []
    bare = len(lacking) > 1 and len(asking) == 1 and converts(asking[0].job)
    unclear = bool(asking) and (
        bare or not may_ask(asking, tokens, least) or _names_unknown(tokens, evidence)
    )
    if best is None or unclear or len(uncovered) >= len(shares):
        return Draft((), asked, uncovered or asked, nearest=nearest, confidence=0.1)
    return Draft(
        best.subtasks,
        asked,
        uncovered,
        tuple(best.drafting.questions),
        nearest if uncovered else (),
        confidence=max(0.1, min(1.0, least)),
    )


def _names_unknown(tokens: Sequence[Token], evidence: Evidence) -> bool:
    """Whether a name that nothing knows stands there, such as "into Klingon": no answer mends that."""
    return any(
        token.value is None
        and token.text[0].isupper()
        and token.gap not in ("start", "sentence")
        and not token.media
        and evidence.known[place] < COLUMN
        and max(evidence.strengths[place], default=0.0) < COLUMN
        for place, token in enumerate(tokens)
    )


def _demand_test(jobs: Sequence[Job]) -> Callable[[str], bool]:
    """A test whether a text begins like something to do: its first telling word is a verb of a job's name."""
    verbs = {stem(words(does)[0]) for job in jobs for tool in job.tools for does in tool.does if words(does)}
    verbs |= {other for verb in verbs for other in SYNONYMS.get(verb, ())}

    def is_demand(rest: str) -> bool:
        for word in words(rest)[:5]:
            if word in _ASKING or word in GENERIC_VERBS or stem(word) in verbs:
                return True
            if not is_stop(word):
                return False
        return False

    return is_demand


__all__ = ["OfflineDecomposer", "allows"]
