"""Choosing: among the readings of a request the one whose words and links together are worth most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from orchestrator.domain.planning import PlanningTask
from orchestrator.planning.drafts import DraftSubTask
from orchestrator.planning.offline.bridges import Bridges
from orchestrator.planning.offline.clauses import Token, is_generic
from orchestrator.planning.offline.columns import named_columns
from orchestrator.planning.offline.coverage import (
    COVERED,
    labelled,
    may_ask,
    shares_of,
    strings_of,
    unused_values,
)
from orchestrator.planning.offline.drafting import Drafting
from orchestrator.planning.offline.evidence import PLAIN_STEMS, Evidence
from orchestrator.planning.offline.jobs import Job, input_types, main_output, required, takes_many
from orchestrator.planning.offline.linking import Linker
from orchestrator.planning.offline.mentions import named_by_nouns
from orchestrator.planning.offline.peek import AttachedInput
from orchestrator.planning.offline.reading import Reading, read
from orchestrator.planning.offline.thesaurus import RANKS, SYNONYMS
from orchestrator.planning.offline.values import Value
from orchestrator.planning.offline.wanted import Wanted, in_order, wanted_of
from orchestrator.retrieval.stem import stems

_INVERSION = 0.15
_GAP = 1.0
#: A verb that no job serves though one is called by it, a value that no argument takes, a ranking of nothing.
_UNSERVED, _UNUSED, _UNRANKED = 0.45, 0.8, 0.8
_OPEN = 0.4
#: A job of which nothing is said but a verb that so many share.
_UNNAMED, _SEVERAL = 0.3, 3
#: How often a plan that lacks something is tried again without the jobs that lack it.
_RETRIES = 3
#: How strongly a verb must speak for the job that is called by it.
_NAMING = 0.8
#: From here on a word is clear without a job.
_CLEAR = 0.9
#: Readings for which every order of the jobs is tried, and jobs up to which that is done.
_FIRST, _SHORT = 6, 4


@dataclass(frozen=True, slots=True)
class Candidate:
    """A linked reading, its sub-tasks, and what it is worth."""

    worth: float
    reading: Reading
    drafting: Drafting
    subtasks: tuple[DraftSubTask, ...]


@dataclass(frozen=True, slots=True)
class Choosing:
    """A request taken apart, ready for the choice of its best plan."""

    task: PlanningTask
    text: str
    tokens: Sequence[Token]
    values: Sequence[Value]
    evidence: Evidence
    attached: Mapping[str, AttachedInput]

    def best(self) -> Candidate | None:
        """The best candidate, tried again without the jobs for which something is missing."""
        banned: frozenset[str] = frozenset()
        best = latest = self._best(banned)
        for _ in range(_RETRIES):
            short = _short_of_something(latest) or _dangling(latest)
            if not short - banned:
                break
            banned |= short
            latest = self._best(banned)
            if best is None or (latest is not None and self._rank(latest) > self._rank(best)):
                best = latest
        return best

    def _rank(self, candidate: Candidate) -> tuple[bool, float]:
        """A plan that would be refused for what it lacks comes after any that would not."""
        asking = candidate.drafting.asking()
        if not asking:
            return True, candidate.worth
        shares = shares_of(self.text, self.tokens, self.evidence, candidate.reading)
        least = min((share for _, share in shares), default=0.0)
        return may_ask(asking, self.tokens, least), candidate.worth

    def _best(self, banned: frozenset[str]) -> Candidate | None:
        bridges = Bridges(self.evidence.jobs, lambda job: _speaks(job, self.evidence))
        joiners = [job for job in self.evidence.jobs if _joins(job)]
        best: Candidate | None = None
        for rank, reading in enumerate(read(self.tokens, _without(self.evidence, banned))):
            for candidate in self._candidates(reading, bridges, joiners, thorough=rank < _FIRST):
                if best is None or candidate.worth > best.worth + 1e-9:
                    best = candidate
        return best

    def _must_use(self) -> tuple[frozenset[str], frozenset[str]]:
        """Columns that the request groups by ("per region"), and inputs that its nouns name."""
        columns = tuple(column for one in self.attached.values() for column in one.columns)
        named = named_columns(self.text, columns) if columns else ()
        groups = frozenset(one.column.name for one in named if one.grouping and one.sure > 1)
        return groups, named_by_nouns(self.tokens, self.attached)

    def _candidates(
        self, reading: Reading, bridges: Bridges, joiners: Sequence[Job], *, thorough: bool
    ) -> list[Candidate]:
        """A reading linked in every order that is worth a try."""
        wanted = wanted_of(reading, self.tokens, self.text)
        if not wanted:
            return []
        shares = shares_of(self.text, self.tokens, self.evidence, reading)
        words = reading.score - _OPEN * sum(share < COVERED for _, share in shares)
        unserved = _UNSERVED * sum(
            _goes_unserved(self.tokens, place, job, self.evidence) for place, job in labelled(reading)
        ) + _UNRANKED * (
            sum(_ranks_nothing(one, self.tokens) for one in wanted)
            + _leaves_unranked(self.tokens, reading, self.evidence)
        )
        unserved += _UNNAMED * sum(_goes_unnamed(one, self.tokens, self.evidence.jobs) for one in wanted)
        groups, named = self._must_use()
        linker = Linker(wanted, self.tokens, self.values, self.attached, bridges, joiners)
        found = []
        for penalty, order in _orders(in_order(wanted, self.tokens), thorough=thorough):
            flow = linker.link(order)
            drafting = Drafting(
                flow,
                wanted,
                self.tokens,
                self.text,
                self.attached,
                self.task.answers,
                frozenset(self.task.failed),
            )
            subtasks = drafting.subtasks()
            worth = words - flow.cost - penalty - _GAP * drafting.gaps - unserved
            worth -= _UNUSED * len(unused_values(self.values, subtasks))
            worth -= _UNUSED * (len(groups - strings_of(subtasks)) + len(named - drafting.inputs()))
            found.append(Candidate(worth, reading, drafting, subtasks))
        return found


def _goes_unserved(tokens: Sequence[Token], place: int, job: Job | None, evidence: Evidence) -> bool:
    """Whether a verb at the start of a later clause is given to a job while it names another."""
    token = tokens[place]
    if not token.head or token.gap in ("start", "none") or token.value is not None or is_generic(token):
        return False
    near = {token.stem, *SYNONYMS.get(token.stem, ())}
    if job is not None and near & set(stems(" ".join((job.does, *(tool.name for tool in job.tools))))):
        return False
    rows = zip(evidence.strengths[place], evidence.jobs, strict=True)
    return any(strength >= _NAMING and near & set(stems(other.does)[:1]) for strength, other in rows)


def _goes_unnamed(one: Wanted, tokens: Sequence[Token], jobs: Sequence[Job]) -> bool:
    """Whether a job shares its verb with several and no word says what tells it from them.

    "Extract the text" speaks of no keywords, though these are extracted of a text too.
    """
    verb, *named = stems(one.job.does)
    if sum(stems(job.does)[0] == verb for job in jobs) < _SEVERAL:
        return False
    said = {near for token in one.tokens(tokens) for near in (token.stem, *SYNONYMS.get(token.stem, ()))}
    telling = set(named) - PLAIN_STEMS
    return bool(telling) and not telling & said


def _ranks_nothing(one: Wanted, tokens: Sequence[Token]) -> bool:
    """Whether a job that is called by a rank has no word that ranks."""
    own = one.tokens(tokens)
    return bool(set(stems(one.job.does)) & RANKS) and not any(token.stem in RANKS for token in own)


def _leaves_unranked(tokens: Sequence[Token], reading: Reading, evidence: Evidence) -> bool:
    """Whether a word that ranks is given to jobs that rank nothing though there is one that does."""
    ranking = [place for place, job in enumerate(evidence.jobs) if job.hints & RANKS]
    places = [
        place
        for place, token in enumerate(tokens)
        if token.stem in RANKS
        and evidence.known[place] < _CLEAR
        and any(evidence.strengths[place][number] >= _NAMING for number in ranking)
    ]
    labels = dict(labelled(reading))
    return bool(places) and not any((job := labels[place]) and job.hints & RANKS for place in places)


def _without(evidence: Evidence, banned: frozenset[str]) -> Evidence:
    if not banned:
        return evidence
    kept = [place for place, job in enumerate(evidence.jobs) if job.does not in banned]
    rows = tuple(tuple(row[place] for place in kept) for row in evidence.strengths)
    jobs = tuple(evidence.jobs[place] for place in kept)
    places = {place: number for number, place in enumerate(kept)}
    objects = tuple(frozenset(places[one] for one in row if one in places) for row in evidence.objects)
    return Evidence(jobs, evidence.weights, rows, evidence.known, objects)


def _short_of_something(candidate: Candidate | None) -> frozenset[str]:
    if candidate is None:
        return frozenset()
    asked = {question.subtask for question in candidate.drafting.questions}
    return frozenset(subtask.type for subtask in candidate.subtasks if subtask.id in asked)


def _dangling(candidate: Candidate | None) -> frozenset[str]:
    """The first job whose result nothing takes up though it is not the last."""
    if candidate is None:
        return frozenset()
    needed = {one for subtask in candidate.subtasks for one in subtask.needs}
    loose = [subtask.type for subtask in candidate.subtasks[:-1] if subtask.id not in needed]
    return frozenset(loose[:1])


def _orders(order: list[int], *, thorough: bool) -> list[tuple[float, list[int]]]:
    """Orders to try: the one the words suggest, and for short plans every other at a price by inversions."""
    if not thorough or len(order) > _SHORT:
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
