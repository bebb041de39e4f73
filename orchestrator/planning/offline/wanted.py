"""What a reading asks for: one `Wanted` for each job instance, with its words and what it refers to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from orchestrator.planning.offline.bridges import renders
from orchestrator.planning.offline.clauses import Token
from orchestrator.planning.offline.jobs import Job, main_output
from orchestrator.planning.offline.lexicon import JOINING, MERGING, SEPARATING
from orchestrator.planning.offline.reading import Reading, Segment
from orchestrator.planning.offline.thesaurus import SYNONYMS
from orchestrator.retrieval.stem import stems

_MATERIAL_KINDS = ("url", "quote", "input", "file")
#: What begins a noun, and what puts it beside another: both are to go where that one goes.
_NOUN = re.compile(r"\b(?:the|an?|its|their)\s*$")
_PLUS = re.compile(r"\b(?:plus|as\s+well\s+as|along\s+with|together\s+with)\b")
_SETTING_KINDS = ("language", "number", "expression", "sql")


@dataclass(slots=True)
class Wanted:
    """A job that the request asks for, the places of its tokens, and the jobs whose results it names."""

    job: Job
    places: list[int]
    refers: set[int] = field(default_factory=set)
    joins: bool = False
    merges: bool = False
    separates: bool = False

    def tokens(self, tokens: Sequence[Token]) -> list[Token]:
        """Its tokens in the order of the text."""
        return [tokens[place] for place in sorted(self.places)]


def wanted_of(reading: Reading, tokens: Sequence[Token], text: str) -> list[Wanted]:
    """Job instances in the order of the text; a job spoken of again is the same instance."""
    found: list[Wanted] = []
    for segment in (part for whole in reading.segments for part in _apart(whole, tokens)):
        if found and _the_same(segment, tokens):
            found.append(Wanted(found[-1].job, list(range(segment.first, segment.end))))
            continue
        if segment.job is None:
            continue
        again = _same(found, segment, tokens)
        if again is not None:
            again.places.extend(range(segment.first, segment.end))
        else:
            found.append(Wanted(segment.job, list(range(segment.first, segment.end))))
    for number, one in enumerate(found):
        _look_around(one, tokens, text)
        one.refers = {
            other
            for other, target in enumerate(found)
            if other != number and _names_product(one, target, tokens)
        }
    return found


def in_order(found: Sequence[Wanted], tokens: Sequence[Token]) -> list[int]:
    """Numbers of the instances in the order of the work: what feeds another stands before it."""
    order: list[int] = []
    fed: int | None = None
    for number, one in enumerate(found):
        first = tokens[min(one.places)]
        if order and ":" in first.between and _writes(found[number - 1]):
            fed = number - 1
        elif order and first.feeds_back:
            before = [other for other in order if min(found[other].places) < min(one.places)]
            near = before and before[-1] == order[-1]
            fed = order[-1] if near else number - 1 if number - 1 in order else None
        elif order and _goes_with(first):
            fed = number - 1 if _PLUS.search(first.between) and _writes(found[number - 1]) else fed
        else:
            fed = None
        order.insert(len(order) if fed is None else order.index(fed), number)
    return order


def _apart(segment: Segment, tokens: Sequence[Token]) -> list[Segment]:
    """A segment that tells one thing of one material and another of the next, once for each of them.

    "Sum up A in two sentences and B in four": the verb is left out where it is the same.
    """
    here = range(segment.first, segment.end)
    for kind in _SETTING_KINDS[:2]:
        if segment.job is None:
            break
        told = [place for place in here if _has((place,), tokens, (*_MATERIAL_KINDS, kind))]
        things = [place for place in told if _has((place,), tokens, _MATERIAL_KINDS)]
        turns = [place in things for place in told]
        if len(things) < 2 or len(told) != 2 * len(things) or any(a == b for a, b in pairwise(turns)):
            continue
        borders = [segment.first, *told[2::2], segment.end]
        return [Segment(segment.job, first, end) for first, end in pairwise(borders)]
    return [segment]


def _goes_with(first: Token) -> bool:
    """Whether words begin with a noun that stands beside what was named before: ", and the …"."""
    beside = first.gap in ("and", "comma") or _PLUS.search(first.between)
    return bool(beside and _NOUN.search(first.between))


def _writes(one: Wanted) -> bool:
    """Whether it makes a file of content, which the words after a colon or a "plus" go into."""
    return renders(one.job.lead)


def _same(found: Sequence[Wanted], segment: Segment, tokens: Sequence[Token]) -> Wanted | None:
    """The earlier instance that a segment speaks of again."""
    here = list(range(segment.first, segment.end))
    for one in reversed(found):
        if one.job is not segment.job:
            continue
        clash = any(
            (before := _told(one.places, tokens, kind))
            and (now := _told(here, tokens, kind))
            and now != before
            for kind in _SETTING_KINDS
        )
        both = _has(one.places, tokens, _MATERIAL_KINDS) and _has(here, tokens, _MATERIAL_KINDS)
        if not clash and not both:
            return one
    return None


def _the_same(segment: Segment, tokens: Sequence[Token]) -> bool:
    """Whether a segment is "… the same for <value>" and says nothing else."""
    inside = tokens[segment.first : segment.end]
    return bool(re.search(r"\bsame\b|\blikewise\b", inside[0].between)) and all(one.value for one in inside)


def _told(places: Sequence[int], tokens: Sequence[Token], kind: str) -> list[Any]:
    """What values of a kind are told at these places."""
    values = (tokens[place].value for place in places)
    return [value.value for value in values if value is not None and value.kind == kind]


def _has(places: Sequence[int], tokens: Sequence[Token], kinds: tuple[str, ...]) -> bool:
    values = (tokens[place].value for place in places)
    return any(value is not None and value.kind in kinds for value in values)


def _look_around(one: Wanted, tokens: Sequence[Token], text: str) -> None:
    """Notes the words for several things at once, or for each apart, that stand among its words."""
    said: set[str] = set()
    for place in one.places:
        end = tokens[place + 1].start if place + 1 < len(tokens) else len(text)
        said.update(re.findall(r"[a-z]+", tokens[place].between + " "))
        if place + 1 >= len(tokens) or tokens[place + 1].gap in ("sentence", "start"):
            said.update(re.findall(r"[a-z]+", text[tokens[place].end : end].lower()))
        said.add(tokens[place].text.lower())
    one.joins = bool(said & JOINING)
    one.merges = bool(said & MERGING)
    one.separates = bool(said & SEPARATING)


def _names_product(one: Wanted, target: Wanted, tokens: Sequence[Token]) -> bool:
    """Whether the words of `one` name what `target` makes, and not what it makes itself."""
    products = _products(target.job) - _products(one.job)
    words = {tokens[place].stem for place in one.places if tokens[place].value is None}
    return any(word in products or SYNONYMS.get(word, frozenset()) & products for word in words)


def _products(job: Job) -> set[str]:
    field_name, kind = main_output(job.lead)
    generic = {
        "text",
        "tabl",
        "imag",
        "docu",
        "file",
        "dat",
        "data",
        "page",
        "pag",
        "read",
        "writ",
        "write",
        "extract",
    }
    return (
        set(stems(f"{job.does} {field_name}"))
        - generic
        - set(stems(kind.replace("/", " ")) if "/" in kind else ())
    )
