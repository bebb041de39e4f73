"""The offline decomposer: words, typed ports and a small search, and no language model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from orchestrator.domain.planning import PlanningTask
from orchestrator.domain.run import ToolFilter
from orchestrator.planning.drafts import Draft, DraftSubTask
from orchestrator.planning.offline.bridges import Bridges
from orchestrator.planning.offline.clauses import Token, clauses_of, is_generic, is_stop, tokens_of
from orchestrator.planning.offline.drafting import Drafting
from orchestrator.planning.offline.evidence import Evidence, weigh
from orchestrator.planning.offline.flow import Flow
from orchestrator.planning.offline.jobs import (
    Job,
    input_types,
    is_material,
    jobs_of,
    main_output,
    required,
    takes_many,
)
from orchestrator.planning.offline.lexicon import GENERIC_VERBS, MATERIAL
from orchestrator.planning.offline.linking import Linker
from orchestrator.planning.offline.peek import AttachedInput
from orchestrator.planning.offline.reading import Reading, read
from orchestrator.planning.offline.thesaurus import SYNONYMS
from orchestrator.planning.offline.values import Value, find_values
from orchestrator.planning.offline.wanted import Wanted, in_order, wanted_of
from orchestrator.ports import Retriever
from orchestrator.retrieval.stem import stem, stems, words
from tools.spec import Tool, fits

#: Up to so many tools all are looked at; beyond, those that the retriever finds.
_FEW = 300
_FOUND = 60
#: Share of a clause's words that must speak for what is planned.
_COVERED = 0.5
#: Share needed before a question is asked about what to work on.
_ASK = 0.6
_LEAST = 0.2
#: Below this share the words must name the job, not only speak for it.
_SURE = 0.75
_MATERIAL_STEMS = frozenset(stem(word) for word in MATERIAL)
_INVERSION = 0.15
_GAP = 1.0
_OPEN = 0.4
_NEAREST = 5
#: How often a plan that lacks something is tried again without the jobs that lack it.
_RETRIES = 3
_ASKING = frozenset("what which who how where when why".split())


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A linked reading and what it is worth."""

    worth: float
    reading: Reading
    wanted: tuple[Wanted, ...]
    flow: Flow
    drafting: Drafting
    subtasks: tuple[DraftSubTask, ...]


class OfflineDecomposer:
    """Decomposes requests by the records of the registered tools alone."""

    def __init__(self, *, retriever: Retriever) -> None:
        self._retriever = retriever
        self._jobs: dict[str, tuple[tuple[int, ...], Job]] = {}

    async def draft(
        self, task: PlanningTask, *, tools: Sequence[Tool], peek: Mapping[str, AttachedInput]
    ) -> Draft:
        """A draft for the request; without sub-tasks when nothing registered fits."""
        text = task.request.request or ""
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


def _draft(
    task: PlanningTask,
    text: str,
    jobs: Sequence[Job],
    peek: Mapping[str, AttachedInput],
    nearest: tuple[str, ...],
) -> Draft:
    values = find_values(text, attached=peek, is_demand=_demand_test(jobs))
    tokens = tokens_of(text, values)
    evidence = weigh(tokens, jobs, peek)
    best = _best_of_several(task, text, tokens, values, evidence, peek)
    clauses = _clauses(text, tokens, evidence, best.reading if best else None)
    asked = tuple(clause for clause, _ in clauses)
    uncovered = tuple(clause for clause, share in clauses if share < _COVERED)
    whole = min((share for _, share in clauses), default=0.0)
    if best is None or len(uncovered) == len(asked) or (best.drafting.gaps and not _may_ask(best, tokens, whole)):
        return Draft(
            (),
            asked or (text.strip(),),
            uncovered or asked or (text.strip(),),
            nearest=nearest,
            confidence=0.1,
        )
    return Draft(
        best.subtasks,
        asked,
        uncovered,
        tuple(best.drafting.questions),
        nearest if uncovered else (),
        confidence=max(0.1, min(1.0, whole)),
    )


def _best_of_several(
    task: PlanningTask,
    text: str,
    tokens: Sequence[Token],
    values: Sequence[Value],
    evidence: Evidence,
    peek: Mapping[str, AttachedInput],
) -> _Candidate | None:
    """The best candidate, tried again without the jobs for which something is missing."""
    banned: frozenset[str] = frozenset()
    best = _best(task, text, tokens, values, evidence, peek)
    latest = best
    for _ in range(_RETRIES):
        short = _short_of_something(latest) or _dangling(latest)
        if not short - banned:
            break
        banned |= short
        latest = _best(task, text, tokens, values, evidence, peek, banned)
        if best is None or (latest is not None and latest.worth > best.worth):
            best = latest
    return best


def _short_of_something(candidate: _Candidate | None) -> frozenset[str]:
    if candidate is None:
        return frozenset()
    asked = {question.subtask for question in candidate.drafting.questions}
    return frozenset(subtask.type for subtask in candidate.subtasks if subtask.id in asked)


def _dangling(candidate: _Candidate | None) -> frozenset[str]:
    """The first job whose result nothing takes up though it is not the last."""
    if candidate is None:
        return frozenset()
    needed = {one for subtask in candidate.subtasks for one in subtask.needs}
    loose = [subtask.type for subtask in candidate.subtasks[:-1] if subtask.id not in needed]
    return frozenset(loose[:1])


def _readings(tokens: Sequence[Token], evidence: Evidence, banned: frozenset[str]) -> list[Reading]:
    if not banned:
        return read(tokens, evidence)
    kept = [place for place, job in enumerate(evidence.jobs) if job.does not in banned]
    rows = tuple(tuple(row[place] for place in kept) for row in evidence.strengths)
    jobs = tuple(evidence.jobs[place] for place in kept)
    return read(tokens, Evidence(jobs, evidence.weights, rows, evidence.known))


def _best(
    task: PlanningTask,
    text: str,
    tokens: Sequence[Token],
    values: Sequence[Value],
    evidence: Evidence,
    peek: Mapping[str, AttachedInput],
    banned: frozenset[str] = frozenset(),
) -> _Candidate | None:
    """The reading whose words and links together are worth most."""
    bridges = Bridges(evidence.jobs, lambda job: _speaks(job, evidence))
    joiners = [job for job in evidence.jobs if _joins(job)]
    best: _Candidate | None = None
    for rank, reading in enumerate(_readings(tokens, evidence, banned)):
        wanted = wanted_of(reading, tokens, text)
        if not wanted:
            continue
        shares = _clauses(text, tokens, evidence, reading)
        open_ends = _OPEN * sum(share < _COVERED for _, share in shares)
        linker = Linker(wanted, tokens, values, peek, bridges, joiners)
        for penalty, order in _orders(in_order(wanted, tokens), all_of_them=rank < 6):
            flow = linker.link(order)
            drafting = Drafting(flow, wanted, tokens, text, peek, task.answers, frozenset(task.failed))
            subtasks = drafting.subtasks()
            worth = reading.score - open_ends - flow.cost - penalty - _GAP * drafting.gaps
            if best is None or worth > best.worth + 1e-9:
                best = _Candidate(worth, reading, tuple(wanted), flow, drafting, subtasks)
    return best


def _orders(order: list[int], *, all_of_them: bool) -> list[tuple[float, list[int]]]:
    """Orders to try: the one the words suggest, and for short plans every other at a price by inversions."""
    if not all_of_them or len(order) > 4:
        return [(0.0, order)]
    found = []
    for other in permutations(order):
        places = [order.index(number) for number in other]
        wrong = sum(1 for i, one in enumerate(places) for two in places[i + 1 :] if one > two)
        found.append((_INVERSION * wrong, list(other)))
    return sorted(found)


def _speaks(job: Job, evidence: Evidence) -> float:
    number = evidence.jobs.index(job)
    return max((row[number] for row in evidence.strengths), default=0.0)


def _joins(job: Job) -> bool:
    """Whether a job makes one value of many of that same type."""
    musts = required(job.lead)
    if len(musts) != 1 or not takes_many(job.lead, musts[0]):
        return False
    return main_output(job.lead)[1] in input_types(job.lead, musts[0])


def _clauses(
    text: str, tokens: Sequence[Token], evidence: Evidence, reading: Reading | None
) -> list[tuple[str, float]]:
    """The clauses that ask for something, each with the share of its words that the plan explains."""
    labels = _labels(len(tokens), reading)
    found = _shares(text, tokens, evidence, labels, least=1.0)
    return found or _shares(text, tokens, evidence, labels, least=0.0)


def _shares(
    text: str, tokens: Sequence[Token], evidence: Evidence, labels: Sequence[Job | None], *, least: float
) -> list[tuple[str, float]]:
    """`least` 0 takes in clauses that hardly ask for anything too."""
    found: list[tuple[str, float]] = []
    for first, end in clauses_of(text, tokens):
        places = range(first, end)
        total = sum(_demand(tokens[place], evidence, place) for place in places)
        unknown = sum(_demand(tokens[place], evidence, place) * (1 - evidence.known[place]) for place in places)
        if total < _LEAST * least or unknown < _LEAST * least:
            continue
        explained = sum(
            _demand(tokens[place], evidence, place) * _explained(evidence, place, labels[place])
            for place in places
        )
        share = explained / max(total, 1e-6)
        if any(_counts_something(tokens[place], evidence, place, labels[place]) for place in places):
            share = max(share, _SURE)
        if share < _SURE and not any(_named(tokens[place], labels[place]) for place in places):
            share = min(share, _COVERED - 0.01)
        if any(_stray(tokens[place], evidence, place, labels[place]) for place in places):
            share = 0.0
        found.append((text[tokens[first].start : tokens[end - 1].end], share))
    return found


def _named(token: Token, job: Job | None, *, exactly: bool = False) -> bool:
    """Whether a word is one that the job is called by (or one that may stand for it), and says what to do."""
    if job is None or token.text.lower().rstrip("s") in MATERIAL or is_generic(token):
        return False
    if token.value is not None:
        return token.value.kind in ("expression", "sql", "language")
    names = set(stems(" ".join((job.does, *(tool.name for tool in job.tools))))) - _MATERIAL_STEMS
    words_for = {token.stem} if exactly else {token.stem, *SYNONYMS.get(token.stem, ())}
    format_made = token.media is not None and fits(main_output(job.lead)[1], token.media)
    return bool(names & words_for) or format_made or token.unit is not None


def _counts_something(token: Token, evidence: Evidence, place: int, job: Job | None) -> bool:
    """Whether a token is a number that the words beside it give to an argument of its job."""
    if job is None or token.value is None or token.value.kind != "number":
        return False
    return evidence.strengths[place][evidence.jobs.index(job)] >= 1.0


def _stray(token: Token, evidence: Evidence, place: int, job: Job | None) -> bool:
    """Whether a token is a value that must be used and that its job has no use for."""
    if token.value is None or token.value.kind not in ("email", "expression", "sql"):
        return False
    return job is None or evidence.strengths[place][evidence.jobs.index(job)] == 0.0


def _may_ask(best: _Candidate, tokens: Sequence[Token], share: float) -> bool:
    """Whether the words are clear enough to ask for what is missing instead of refusing."""
    labels = _labels(len(tokens), best.reading)
    return share >= _ASK and any(
        _named(token, job, exactly=True) for token, job in zip(tokens, labels, strict=True)
    )


def _demand(token: Token, evidence: Evidence, place: int) -> float:
    """How much a token asks for something that must be served."""
    if token.value is not None and token.value.kind not in ("language", "expression", "sql", "email"):
        return 0.0
    if is_generic(token):
        return 0.0
    return evidence.weights[place]


def _explained(evidence: Evidence, place: int, job: Job | None) -> float:
    known = evidence.known[place]
    if job is None:
        return known
    return min(1.0, max(known, evidence.strengths[place][evidence.jobs.index(job)]))


def _labels(length: int, reading: Reading | None) -> list[Job | None]:
    labels: list[Job | None] = [None] * length
    for segment in reading.segments if reading else ():
        for place in range(segment.first, segment.end):
            labels[place] = segment.job
    return labels


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
