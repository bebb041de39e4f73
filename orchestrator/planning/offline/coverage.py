"""Coverage: how far a reading explains each clause of a request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestrator.planning.drafts import DraftSubTask
from orchestrator.planning.offline.clauses import Token, clauses_of, is_generic
from orchestrator.planning.offline.evidence import COLUMN, Evidence
from orchestrator.planning.offline.jobs import Job, input_types, main_output, properties
from orchestrator.planning.offline.lexicon import MATERIAL
from orchestrator.planning.offline.reading import Reading
from orchestrator.planning.offline.thesaurus import SYNONYMS
from orchestrator.planning.offline.values import Value
from orchestrator.planning.offline.wanted import Wanted
from orchestrator.retrieval.stem import stem, stems
from tools.spec import fits

#: Share of a clause's words that must speak for what is planned.
COVERED = 0.5
#: Share needed before a question is asked about what to work on.
_ASK = 0.6
#: Weight below which the words of a clause ask for nothing.
_LEAST = 0.2
#: Below this share the words must name the job, not only speak for it.
_SURE = 0.75
_MATERIAL_STEMS = frozenset(stem(word) for word in MATERIAL)
_MUST_BE_USED = ("email", "expression", "sql")


def shares_of(
    text: str,
    tokens: Sequence[Token],
    evidence: Evidence,
    reading: Reading | None,
    subtasks: Sequence[DraftSubTask] = (),
) -> list[tuple[str, float]]:
    """The clauses that ask for something, each with the share of its words that the plan explains.

    Words that an argument of `subtasks` holds as they stand are explained by that.
    """
    labels = _labels(len(tokens), reading)
    held = _held_places(text, tokens, evidence, subtasks)
    found = _shares(text, tokens, evidence, labels, held, least=1.0)
    return found or _shares(text, tokens, evidence, labels, held, least=0.0)


def _held_places(
    text: str, tokens: Sequence[Token], evidence: Evidence, subtasks: Sequence[DraftSubTask]
) -> frozenset[int]:
    """Places of plain words that stand in an argument, as what is searched for or a town do."""
    tools = {tool.name: tool for job in evidence.jobs for tool in job.tools}
    literals = {
        value
        for subtask in subtasks
        for call in subtask.options[0].calls
        for name, value in call.arguments.items()
        if isinstance(value, str) and set(input_types(tools[call.tool], name)) == {"string"}
    }
    spans = [(at, at + len(one)) for one in literals if (at := text.find(one)) >= 0]
    return frozenset(
        place
        for place, token in enumerate(tokens)
        if token.value is None and any(start <= token.start and token.end <= end for start, end in spans)
    )


def _shares(
    text: str,
    tokens: Sequence[Token],
    evidence: Evidence,
    labels: Sequence[Job | None],
    held: frozenset[int],
    *,
    least: float,
) -> list[tuple[str, float]]:
    """`least` 0 takes in clauses that hardly ask for anything too."""
    found: list[tuple[str, float]] = []
    for first, end in clauses_of(text, tokens):
        places = range(first, end)
        total = sum(_demand(tokens[place], evidence, place) for place in places)
        unknown = sum(
            _demand(tokens[place], evidence, place) * (1 - evidence.known[place]) for place in places
        )
        if total < _LEAST * least or unknown < _LEAST * least:
            continue
        explained = sum(
            _demand(tokens[place], evidence, place)
            * (1.0 if place in held else _explained(evidence, place, labels[place]))
            for place in places
        )
        share = explained / max(total, 1e-6)
        if any(_counts_something(tokens[place], evidence, place, labels[place]) for place in places):
            share = max(share, _SURE)
        named = any(place in held or _named(tokens[place], labels[place]) for place in places) or all(
            _fills_column(evidence, place, labels[place])
            for place in places
            if _demand(tokens[place], evidence, place)
        )
        if share < _SURE and not named:
            share = min(share, COVERED - 0.01)
        if any(_stray(tokens[place], evidence, place, labels[place]) for place in places):
            share = 0.0
        found.append((text[tokens[first].start : tokens[end - 1].end], share))
    return found


def labelled(reading: Reading) -> Iterator[tuple[int, Job | None]]:
    """Each place of the request with the job that its token is given to."""
    for segment in reading.segments:
        yield from ((place, segment.job) for place in range(segment.first, segment.end))


def unused_values(values: Sequence[Value], subtasks: Sequence[DraftSubTask]) -> list[Value]:
    """Numbers in digits, addresses, named files, and languages to put into, that no argument holds."""
    given = [
        literal
        for subtask in subtasks
        for call in subtask.options[0].calls
        for literal in literals(call.arguments)
    ]
    return [
        value
        for value in values
        if _must_be_held(value) and _held(value) not in given and str(value.value) not in given
    ]


def _held(value: Value) -> Any:
    """What an argument that holds the value has in it."""
    return f"inputs.{value.value}" if value.kind == "input" else value.value


def _must_be_held(value: Value) -> bool:
    """Numbers and languages; addresses and files called by their names are held as they are."""
    if value.kind == "language":
        return value.more.get("before") in ("in", "into", "to") and not value.more.get("asking")
    return value.kind in ("url", "input") or (value.kind == "number" and not value.more.get("word"))


def strings_of(subtasks: Sequence[DraftSubTask]) -> frozenset[str]:
    """All strings that arguments of the plan hold."""
    calls = (call for subtask in subtasks for call in subtask.options[0].calls)
    return frozenset(one for call in calls for one in literals(call.arguments) if isinstance(one, str))


def literals(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from (one for part in value.values() for one in literals(part))
    elif isinstance(value, (list, tuple)):
        yield from (one for part in value for one in literals(part))
    else:
        yield value


def may_ask(asking: Sequence[Wanted], tokens: Sequence[Token], share: float) -> bool:
    """Whether the words name each job that lacks something, so that asking for it beats refusing."""
    named = (any(_named(token, one.job, exactly=True) for token in one.tokens(tokens)) for one in asking)
    return share >= _ASK and all(named)


def _named(token: Token, job: Job | None, *, exactly: bool = False) -> bool:
    """Whether a word is one that the job is called by (or one that may stand for it), and says what to do."""
    if job is None or token.text.lower().rstrip("s") in MATERIAL or is_generic(token):
        return False
    if token.value is not None:
        return token.value.kind in ("expression", "sql", "language")
    names = set(stems(" ".join((job.does, *(tool.name for tool in job.tools))))) - _MATERIAL_STEMS
    words_for = {token.stem} if exactly else {token.stem, *SYNONYMS.get(token.stem, ())}
    format_made = token.media is not None and fits(main_output(job.lead)[1], token.media)
    return bool(names & words_for) or format_made or (token.unit is not None and converts(job))


def converts(job: Job) -> bool:
    """Whether a unit of measure says what the job does."""
    return sum("unit" in input_types(job.lead, name) for name in properties(job.lead)) > 1


def _counts_something(token: Token, evidence: Evidence, place: int, job: Job | None) -> bool:
    """Whether a token is a number that the words beside it give to an argument of its job."""
    if job is None or token.value is None or token.value.kind != "number":
        return False
    return evidence.strengths[place][evidence.jobs.index(job)] >= 1.0


def _fills_column(evidence: Evidence, place: int, job: Job | None) -> bool:
    """Whether a word is a column of an attached table, and its job works on columns."""
    if job is None or evidence.known[place] != COLUMN:
        return False
    return evidence.strengths[place][evidence.jobs.index(job)] >= COLUMN


def _stray(token: Token, evidence: Evidence, place: int, job: Job | None) -> bool:
    """Whether a token is a value that must be used and that its job has no use for."""
    if token.value is None or token.value.kind not in _MUST_BE_USED:
        return False
    return job is None or evidence.strengths[place][evidence.jobs.index(job)] == 0.0


def _demand(token: Token, evidence: Evidence, place: int) -> float:
    """How much a token asks for something that must be served."""
    if token.value is not None and token.value.kind not in ("language", *_MUST_BE_USED):
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
