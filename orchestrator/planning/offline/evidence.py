"""How strongly each token of a request speaks for each job, and how much each token matters."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.planning.offline.clauses import Token, is_generic
from orchestrator.planning.offline.jobs import (
    Job,
    input_types,
    main_output,
    material_inputs,
    properties,
    required,
)
from orchestrator.planning.offline.lexicon import CALLED, FORMATS, MATERIAL
from orchestrator.planning.offline.mentions import names_input
from orchestrator.planning.offline.peek import AttachedInput
from orchestrator.planning.offline.phrases import asks_nothing
from orchestrator.planning.offline.settings import COMPARED, is_comparing
from orchestrator.planning.offline.thesaurus import RANKS, SYNONYMS
from orchestrator.planning.offline.values import Value
from orchestrator.retrieval.stem import stem, stems
from tools.spec import Tool, fits

_UNKNOWN = 0.5
_FLOOR = 0.2
_HEAD = 1.5
_GENERIC = 0.2
_MATERIAL = 0.45
_FORMAT = 0.9
_BORROWED = 0.35
_EXCLUSIVE = 3
#: From here on a word is clear without a job.
_CLEAR = 0.9
#: How strongly a verb must speak for a job that takes its object.
_VERB = 0.9
_RANK = 1.3
_UNRANKED = 0.4
_OWN_WORD = 0.7
_COMPARISON = 0.9
#: How far the name of a column speaks for a job over columns, and how far it is clear without one.
COLUMN = 0.6
#: Verbs that act on the world outside: only a job that is called by them does that.
_OUTWARD = frozenset(
    stem(word)
    for word in (
        "share email mail post upload publish forward tweet fax buy pay call remind delete print"
    ).split()
)
_DETERMINER = re.compile(r"\b(?:a|an|the|all|any|every|each|my|its)\b")
_AS_ITS = re.compile(r"\bas\s+(?:its|the|a|an)\s*$")
#: "Biggest first" is an order of all, and no pick.
_OF = re.compile(r"\s*of\b")
_FIRST = re.compile(r"\s*(?:ones?\s+)?first\b")
_DEFINITE = re.compile(r"\b(?:the|this|that|my|our)\s*$")
_HAVING = re.compile(r"\b(?:with|having|has|have|had)\b")
_WEIGHTY = frozenset(
    "important relevant central significant interesting telling essential frequent common".split()
)
_ROWS = frozenset(stem(word) for word in "row line record entry entries".split())
#: Stems of nouns for what is worked on: a job is told from others by what else it is called.
PLAIN_STEMS = frozenset(stem(word) for word in (*MATERIAL, *FORMATS))
_JOINING = frozenset(stem(word) for word in "combine merge join unite put together both".split())
_VALUE_WEIGHTS = {"url": 0.3, "quote": 0.3, "name": 0.15, "email": 0.7, "number": 0.3, "expression": 1.0,
                  "language": 1.0, "file": 0.3, "input": 0.2, "sql": 1.0}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Evidence:
    """`weights[t]` of token t; `strengths[t][j]` in [0, 1.2] for job j; `known[t]`: clear without a job."""

    jobs: tuple[Job, ...]
    weights: tuple[float, ...]
    strengths: tuple[tuple[float, ...], ...]
    known: tuple[float, ...]
    #: Places of jobs whose verb stands right before a file that they take as it is: "read the scan".
    objects: tuple[frozenset[int], ...] = ()


def weigh(tokens: Sequence[Token], jobs: Sequence[Job], attached: Mapping[str, AttachedInput]) -> Evidence:
    """The evidence of `tokens` for `jobs`."""
    owners = _owners(jobs)
    ranking = {job.does for job in jobs if job.hints & RANKS}
    strengths = tuple(
        tuple(_strength(tokens, place, job, attached, owners) for job in jobs) for place in range(len(tokens))
    )
    made = {main_output(job.lead)[1] for job in jobs}
    ranked = [_ranked_product(tokens, place, owners, ranking, attached) for place in range(len(tokens))]
    strengths = tuple(row if at is None else strengths[at] for row, at in zip(strengths, ranked, strict=True))
    known = tuple(
        _CLEAR
        if ranked[place] is not None
        or (
            not _acts_outside(tokens, place)
            and asks_nothing(tokens, place, made, attached, strength=max(row, default=0.0))
        )
        else _known(tokens, place, attached)
        for place, row in enumerate(strengths)
    )
    weights = tuple(
        _weight(token, row, certain) for token, row, certain in zip(tokens, strengths, known, strict=True)
    )
    objects = tuple(_object_of(tokens, place, jobs, attached, strengths) for place in range(len(tokens)))
    return Evidence(tuple(jobs), weights, strengths, known, objects)


def _object_of(
    tokens: Sequence[Token],
    place: int,
    jobs: Sequence[Job],
    attached: Mapping[str, AttachedInput],
    strengths: Sequence[Sequence[float]],
) -> frozenset[int]:
    value = tokens[place].value
    verb = tokens[place - 1] if place and tokens[place].gap == "none" else None
    if verb is None or not verb.head or is_generic(verb):
        return frozenset()
    said = {token.stem for token in tokens}
    named = value is not None and value.kind == "input"
    types = attached[value.value].types if value and named else names_input(tokens, place, attached)
    return frozenset(
        number
        for number, job in enumerate(jobs)
        if types
        and strengths[place - 1][number] >= _VERB
        and any(fits(types[0], want) for want in _main_types(job))
        and not set(stems(job.does)[1:]) - PLAIN_STEMS - said
    )


def _weight(token: Token, strengths: Sequence[float], known: float) -> float:
    if token.value is not None:
        if token.value.kind == "number" and COMPARED.search(token.between):
            return _COMPARISON
        return _VALUE_WEIGHTS.get(token.value.kind, 0.3)
    holding = sum(1 for one in strengths if one >= 0.6)
    if is_generic(token):
        return _GENERIC
    total = max(len(strengths), 20)
    weight = _UNKNOWN
    if any(one >= 0.4 for one in strengths):
        weight = max(_FLOOR, math.log((total + 1) / (holding + 0.5)) / math.log((total + 1) / 1.5))
    if token.media and known < 0.9:
        return max(weight, _FORMAT)
    if token.text.lower() in MATERIAL or token.text.lower().rstrip("s") in MATERIAL:
        weight *= _MATERIAL
    if token.stem in RANKS and max(strengths, default=0.0) >= _OWN_WORD:
        weight = max(weight, _RANK)
    if known >= 0.9:
        weight *= 0.3
    return weight * _HEAD if token.head else weight


def _known(tokens: Sequence[Token], place: int, attached: Mapping[str, AttachedInput]) -> float:
    """Near 1 for tokens that need no job to be understood: what is attached, its columns, asides."""
    token = tokens[place]
    if token.aside and token.value is None:
        return 0.95
    if token.value is not None:
        return {"url": 0.9, "quote": 0.8, "number": 0.6, "input": 1.0, "name": 1.0, "file": 0.5}.get(
            token.value.kind, 0.0
        )
    if names_input(tokens, place, attached):
        return 1.0
    if column_named(token, attached):
        return COLUMN
    return _clear_by_word(tokens, place)


def _clear_by_word(tokens: Sequence[Token], place: int) -> float:
    """How far the word itself is clear without a job."""
    token = tokens[place]
    if token.text.lower() == "many":
        return 0.8 if token.stem == stem("count") else 0.0
    after = bool(place) and tokens[place - 1].gap == "none" and not token.head
    if (token.text.lower() == "long" and after) or token.stem in _JOINING or _only_degree(tokens, place):
        return _CLEAR
    material = token.text.lower() in MATERIAL or token.text.lower().rstrip("s") in MATERIAL
    return 0.5 if material and not token.media else 0.0


def _ranked_product(
    tokens: Sequence[Token],
    place: int,
    owners: Mapping[str, frozenset[str]],
    ranking: set[str],
    attached: Mapping[str, AttachedInput],
) -> int | None:
    """The place of rows, or of what a job makes by itself, behind a rank: "top 5 keywords" rank no item."""
    near = range(place + 1, min(place + 3, len(tokens)))
    at = next((other for other in near if not _is_number(tokens[other])), None)
    if at is None or tokens[at].gap != "none" or tokens[place].stem not in RANKS:
        return None
    after = tokens[at]
    if after.stem in _ROWS:
        return at
    if column_named(after, attached):
        return None
    makers = owners.get(after.stem, frozenset())
    return at if 0 < len(makers) <= _EXCLUSIVE and not makers & ranking else None


def _is_number(token: Token) -> bool:
    return token.value is not None and token.value.kind == "number"


def _share_of_rank(
    tokens: Sequence[Token], place: int, job: Job, attached: Mapping[str, AttachedInput]
) -> float:
    """What is left of a ranking word's strength for a job that does not rank, or only finds extremes."""
    token = tokens[place]
    if token.stem not in RANKS:
        return 1.0
    ranks = {token.stem, *SYNONYMS.get(token.stem, ())} & job.hints
    called = bool(set(stems(job.does)) & RANKS)
    if called and place + 1 < len(tokens) and _FIRST.match(tokens[place + 1].between):
        return _UNRANKED
    picks = _picks_an_item(tokens, place, attached) and not called
    return (1.0 if ranks else _UNRANKED) * (_UNRANKED if picks else 1.0)


def _picks_an_item(tokens: Sequence[Token], place: int, attached: Mapping[str, AttachedInput]) -> bool:
    """Whether a rank says which item is meant: "the product with the largest …" is no highest value."""
    if not place or not _HAVING.search(tokens[place].between):
        return False
    return column_named(tokens[place - 1], attached)


def _only_degree(tokens: Sequence[Token], place: int) -> bool:
    """Whether "most" or "least" only heightens the word that follows ("most important")."""
    after = tokens[place + 1] if place + 1 < len(tokens) else None
    plain = tokens[place].text.lower() in ("most", "least")
    return plain and after is not None and after.gap == "none" and after.text.lower() in _WEIGHTY


def column_named(token: Token, attached: Mapping[str, AttachedInput]) -> bool:
    """Whether a word names a column, or a value in one, of an attached table."""
    return any(
        token.stem in {stem(part) for part in column.name.lower().replace("_", " ").split()}
        or (column.kind == "category" and token.text.lower() in {value.lower() for value in column.values})
        for one in attached.values()
        for column in one.columns
    )


def _strength(
    tokens: Sequence[Token],
    place: int,
    job: Job,
    attached: Mapping[str, AttachedInput],
    owners: Mapping[str, frozenset[str]],
) -> float:
    token = tokens[place]
    if token.value is not None:
        return _value_strength(tokens, place, job, attached)
    if _acts_outside(tokens, place) and token.stem not in stems(job.does):
        return 0.0
    best = job.strength(token.stem)
    near = {token.stem, *SYNONYMS.get(token.stem, ())}
    owned, limit = owners.get(token.stem, frozenset()), _EXCLUSIVE
    if not owned and job.profile.get(token.stem, 0.0) < _OWN_WORD:
        owned, limit = frozenset().union(*(owners.get(one, frozenset()) for one in near)), 2 * _EXCLUSIVE
    if 0 < len(owned) <= limit and job.does not in owned and not near & set(stems(job.does)):
        best *= _BORROWED
    best *= _share_of_rank(tokens, place, job, attached)
    kind, types = main_output(job.lead)[1], _main_types(job)
    if token.media and not names_input(tokens, place, attached):
        same = kind == token.media or (fits(kind, token.media) and "*" not in kind) or token.stem in job.hints
        same = same and not _is_worked_on(tokens, place, job)
        best = max(best, 1.1) if same else best * 0.4
    plain = token.text.lower() in MATERIAL or token.media
    if not plain and token.stem in _arguments(job.lead) and _AS_ITS.search(token.between):
        best = max(best, 1.1)
    if token.unit and _counts(job, "unit") >= 2:
        best = max(best, 1.1)
    if column_named(token, attached) and _counts(job, "column", "columns"):
        best = max(best, COLUMN)
    if (
        names_input(tokens, place, attached)
        and types
        and any(fits(one, wanted) for one in names_input(tokens, place, attached) for wanted in types)
    ):
        best = max(best, 0.6)
    return best


def _is_worked_on(tokens: Sequence[Token], place: int, job: Job) -> bool:
    """Whether a verb that is not the job's has the noun as its object: "transcribe the recording"."""
    first = place
    while first and tokens[first].gap == "none" and not _DETERMINER.search(tokens[first].between):
        first -= 1
    verb = tokens[first - 1] if first else None
    definite = _DEFINITE.search(tokens[first].between)
    if verb is None or not definite or tokens[first].gap != "none" or not verb.head or is_generic(verb):
        return False
    names = set(stems(" ".join((job.does, *(tool.name for tool in job.tools)))))
    return verb.value is None and not names & {verb.stem, *SYNONYMS.get(verb.stem, ())}


def _arguments(tool: Tool) -> frozenset[str]:
    """Stems of the names of a tool's arguments."""
    return frozenset(stem(name.lower()) for name in properties(tool))


def _acts_outside(tokens: Sequence[Token], place: int) -> bool:
    """Whether a token is a verb at the start of a clause that acts on the world outside."""
    token = tokens[place]
    noun = place + 1 < len(tokens) and _OF.match(tokens[place + 1].between) is not None
    first = token.head and token.gap != "none" and not _DETERMINER.search(token.between)
    return first and token.stem in _OUTWARD and not noun


def _owners(jobs: Sequence[Job]) -> dict[str, frozenset[str]]:
    """Jobs by the stems of what they are called: elsewhere such a word often names what is worked on."""
    found: dict[str, set[str]] = {}
    for job in jobs:
        for name in stems(job.does):
            found.setdefault(name, set()).add(job.does)
    return {name: frozenset(owners) for name, owners in found.items()}


def _value_strength(
    tokens: Sequence[Token], place: int, job: Job, attached: Mapping[str, AttachedInput]
) -> float:
    value = tokens[place].value
    assert value is not None
    if value.kind == "number":
        return _number_strength(tokens, place, job)
    if value.kind == "language":
        return _language_strength(value, job)
    if value.kind == "input":
        one = attached[value.value]
        return 1.0 if any(fits(kind, wanted) for kind in one.types for wanted in _main_types(job)) else 0.3
    if value.kind in ("expression", "sql", "email"):
        return 1.2 if _counts(job, value.types[0]) else 0.0
    if value.kind == "file":
        same = value.more.get("media") == main_output(job.lead)[1]
        return 1.1 if same else 0.2
    takes = any(fits(kind, wanted) for kind in value.types[:1] for wanted in _main_types(job))
    if value.kind == "quote" and _wants_words(job):
        return 1.0
    return 0.6 if takes else 0.3


def _language_strength(value: Value, job: Job) -> float:
    """1 for a job that must be told a language, or one whose result it is that a question asks about."""
    if value.more.get("asking"):
        return float(main_output(job.lead)[1] == "language")
    if any("language" in input_types(job.lead, name) for name in required(job.lead)):
        return 1.0
    asked = value.more.get("before") in ("in", "into", "to") or value.more.get("made")
    return (0.1 if asked else 0.35) if _counts(job, "language") else 0.0


def _wants_words(job: Job) -> bool:
    """Whether the job must be given a string of its own, such as what to search for."""
    lead = job.lead
    return any(
        set(input_types(lead, name)) == {"string"} and "enum" not in properties(lead)[name]
        for name in required(lead)
    )


def _number_strength(tokens: Sequence[Token], place: int, job: Job) -> float:
    """1 where a neighbour of the number names a numeric argument of the job."""
    value = tokens[place].value
    if COMPARED.search(tokens[place].between):
        return 1.2 if any(is_comparing(one) for one in properties(job.lead).values()) else 0.0
    near = {one.stem for one in tokens[max(0, place - 1) : place + 4] if one.value is None}
    near |= {stem(value.more["unit"])} if value and "unit" in value.more else set()
    for tool in job.tools:
        for name, schema in properties(tool).items():
            if not {"integer", "number"} & set(input_types(tool, name)):
                continue
            called = {stem(word) for word in (name, *name.split("_"), *schema.get("x-unit", ()))}
            if near & called:
                return 1.0
    units = any(one.unit for one in tokens[place : place + 3])
    return 1.0 if units and _counts(job, "unit") >= 2 else 0.3


def _counts(job: Job, *kinds: str) -> int:
    tool = job.lead
    return sum(1 for name in properties(tool) if set(kinds) & set(input_types(tool, name)))


def _main_types(job: Job) -> tuple[str, ...]:
    names = material_inputs(job.lead)
    return input_types(job.lead, names[0]) if names else ()


__all__ = ["CALLED", "Evidence", "column_named", "weigh"]
