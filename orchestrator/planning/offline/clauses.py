"""The request as telling words with their places, the gaps between them, and its clauses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from orchestrator.planning.offline.asides import asides
from orchestrator.planning.offline.lexicon import (
    ABBREVIATED,
    DOUBTFUL_UNITS,
    FORMATS,
    GENERIC_VERBS,
    NO_SUPERLATIVES,
    STOP_WORDS,
    UNITS,
)
from orchestrator.planning.offline.thesaurus import SYNONYMS
from orchestrator.planning.offline.values import Value
from orchestrator.retrieval.stem import stem, words

Gap = Literal["start", "sentence", "comma", "then", "and", "preposition", "none"]

_WORD = re.compile(r"\be-mails?\b|[^\W_]+(?:['’][^\W\d_]+)?", re.UNICODE | re.IGNORECASE)
_SENTENCE = re.compile(r"[.!?;:\n]")
_THEN = re.compile(
    r"\b(?:then|afterwards?|after\s+that|finally|next|lastly|later|subsequently|once|before|after)\b"
)
_AND = re.compile(
    r"\b(?:and|plus|but|or|also|followed\s+by|as\s+well\s+as|along\s+with|together\s+with)\b|&|\+"
)
_PREPOSITION = re.compile(
    r"\b(?:as|at|for|from|in|into|of|on|onto|to|through|using|via|with|about|between|containing|showing|"
    r"contains|shows|holding|holds|including|based|which|that|where|who)\b"
)
#: Where what follows feeds what stands before: "a chart of …", "a document with …", "after fetching …".
_FEEDS = re.compile(
    r"\b(?:of|for|with|from|contain(?:s|ing)|show(?:s|ing)|including|about|on|using|after|once|based\s+on|h[oa]ld(?:s|ing)|"
    r"ha(?:s|ve|ving)|featur(?:es|ing))\b"
)
#: "Read … to me" and "read … aloud" ask for speech.
_READ_OUT = re.compile(
    r"read\b(?:[^.,;:!?]|[.:](?=\S))*?\s(?:aloud|loud|out(?:\s+loud)?|to\s+(?:me|us|him|her|them))\b",
    re.IGNORECASE,
)
#: What is said of a table is counted and measured; only a text is told in fewer words.
_MEASURED = frozenset(stem(word) for word in ("statistics", "stats", "table", "column"))
_OF_EACH = re.compile(
    r"\s*(?:(?:of|for|on|about|per)\b\s*)?(?:(?:the|this|that|these|those|each|every|all|any|its|my)\b\s*)*"
)
#: "What's", "they're": the word and a short form of "is", "are", "have", "will" or "would".
_SHORTENED = re.compile(r"'(?:s|re|ve|ll|d|m)$")
_WHAT_IS = re.compile(r"\bwhat(?:\s+is|['’]?s|\s+s)\s*$")


#: Nouns that make a program of "word" without its capital letter.
_OF_WORD = frozenset(("doc", "document", "file", "format"))
_GENERIC_STEMS = frozenset(stem(verb) for verb in GENERIC_VERBS)
#: "(1)" or "1)" anywhere, "1." at the start of a line.
_LIST_MARK = re.compile(r"(?m:(?<![^\s:,;])\(?(?=\d{1,2}\)|(?<=^)\d{1,2}\.)(\d{1,2})[).](?=\s+[^\W\d_]))")
_FEWEST_MARKS = 2


@dataclass(frozen=True, slots=True)
class Token:
    """A telling word or a value; `gap` is what lies between it and the token before."""

    text: str
    stem: str
    start: int
    end: int
    gap: Gap
    between: str
    value: Value | None = None
    #: Whether it is the first telling word after a border of clauses.
    head: bool = False
    unit: str | None = None
    media: str | None = None
    #: Whether it stands in words that ask for nothing.
    aside: bool = False

    @property
    def feeds_back(self) -> bool:
        """Whether the words before it say that it feeds what stands before them."""
        return self.gap in ("preposition", "then") and bool(_FEEDS.search(self.between))


def tokens_of(text: str, values: Sequence[Value]) -> list[Token]:
    """Telling words and values of the request, in order."""
    spots = _spots(text, values)
    beside = asides(text)
    found: list[Token] = []
    end, between = 0, ""
    for start, stop, value in spots:
        word = text[start:stop].lower()
        between += text[end:start].lower()
        end = stop
        if (
            value is None
            and (is_stop(word) or _compares(word, between))
            and not _ends_in_about(word, text, stop)
        ):
            between += f" {word} "
            continue
        gap = _gap(between) if found else "start"
        token = _token(text[start:stop], start, gap, between, value)
        if value is None and word == "read" and _READ_OUT.match(text[start:]):
            token = replace(token, stem=stem("speak"))
        if value is None and word == "many" and between.rstrip().endswith("how"):
            token = replace(token, stem=stem("count"))
        if value is None and word == "written" and _WHAT_IS.search(between):
            token = replace(token, stem=stem("text"))
        aside = any(a <= start < b for a, b in beside)
        found.append(replace(token, head=_starts(gap, found), aside=aside))
        between = ""
    marked = _with_units(_with_formats(_with_measures(found)))
    return [token for token in marked if not _stray_letter(token)]


def without_list_marks(text: str) -> str:
    """The text with "(1)", "2)" and, at the start of a line, "3." as borders of parts, at the same length.

    Only where they count up from one: anything else may be a number that is meant.

    >>> without_list_marks("Give me (1) the gist, (2) the keywords")
    'Give me ;   the gist, ;   the keywords'
    """
    marks = list(_LIST_MARK.finditer(text))
    if len(marks) < _FEWEST_MARKS or [int(mark[1]) for mark in marks] != list(range(1, len(marks) + 1)):
        return text
    for mark in marks:
        text = f"{text[: mark.start()]};{' ' * (mark.end() - mark.start() - 1)}{text[mark.end() :]}"
    return text


def is_stop(word: str) -> bool:
    """Whether a word asks for nothing by itself."""
    plain = word.replace("’", "'")
    if len(plain) == 1:
        return not plain.isdigit() and plain not in ("f", "c", "k", "m", "g", "l")
    return plain in STOP_WORDS or _SHORTENED.sub("", plain) in STOP_WORDS


def is_generic(token: Token) -> bool:
    """Whether a token is a verb such as "make", which does not say what is done."""
    word = token.text.lower()
    return token.value is None and (
        word in GENERIC_VERBS or (word.endswith("ed") and token.stem in _GENERIC_STEMS)
    )


def clauses_of(text: str, tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """Ranges `[first, end)` of tokens that form a clause: between sentences, commas and conjunctions."""
    borders = [0]
    for place, token in enumerate(tokens):
        if place and token.gap in ("sentence", "then", "comma", "and") and place > borders[-1]:
            borders.append(place)
    return list(zip(borders, [*borders[1:], len(tokens)], strict=True)) if tokens else []


def _spots(text: str, values: Sequence[Value]) -> list[tuple[int, int, Value | None]]:
    spots: list[tuple[int, int, Value | None]] = [(value.start, value.end, value) for value in values]
    free = (
        match.span()
        for match in _WORD.finditer(text)
        if all(match.end() <= value.start or match.start() >= value.end for value in values)
    )
    return sorted((*spots, *((*span, None) for span in free)), key=lambda spot: spot[0])


def _token(text: str, start: int, gap: Gap, between: str, value: Value | None) -> Token:
    plain = (words(text) or [text.lower()])[0] if value is None else text
    media = _media(text, plain) if value is None else None
    return Token(text, stem(plain), start, start + len(text), gap, between, value, media=media)


def _media(text: str, plain: str) -> str | None:
    """The media type that a word names; "Word" is a program only with its capital letter."""
    if plain == "word" and not text[0].isupper():
        return None
    return FORMATS.get(plain) or (
        FORMATS.get(plain[:-1]) if plain.endswith("s") and plain != "words" else None
    )


def _gap(between: str) -> Gap:
    if _SENTENCE.search(between):
        return "sentence"
    if _THEN.search(between):
        return "then"
    if "," in between:
        return "comma"
    if _AND.search(between):
        return "and"
    return "preposition" if _PREPOSITION.search(between) else "none"


def _starts(gap: Gap, before: Sequence[Token]) -> bool:
    border = gap in ("start", "sentence", "then", "comma", "and")
    return border or (bool(before) and before[-1].head and is_generic(before[-1]))


def _meant(token: Token) -> str:
    """The stem a word stands for where its own says little: superlatives, and "about" at the end."""
    word = token.text.lower()
    if token.value is not None:
        return token.stem
    if word == "about":
        return stem("gist")
    if (
        word.endswith("est")
        and len(word) > 6
        and word not in NO_SUPERLATIVES
        and not SYNONYMS.get(token.stem)
    ):
        return stem("highest")
    return token.stem


def _compares(word: str, before: str) -> bool:
    """Whether "least" or "most" belongs to "at least" and "at most", which compare and rank nothing."""
    return word in ("least", "most") and before.rstrip().endswith(" at")


def _ends_in_about(word: str, text: str, end: int) -> bool:
    """Whether "about" closes a question: "what is it about?" asks for the gist."""
    return word == "about" and not text[end:].strip(" .?!")


def _stray_letter(token: Token) -> bool:
    return token.value is None and len(token.text) == 1 and token.unit is None


def _with_measures(tokens: list[Token]) -> list[Token]:
    """Reads a summary of tables or columns, and "summary statistics", as their statistics."""
    marked = list(tokens)
    for place, (first, second) in enumerate(pairwise(tokens)):
        summary = first.value is None and first.stem == stem("summary")
        if (
            summary
            and second.value is None
            and second.stem in _MEASURED
            and _OF_EACH.fullmatch(second.between)
        ):
            marked[place] = replace(first, stem=stem("statistics"))
    return marked


def _with_formats(tokens: list[Token]) -> list[Token]:
    """Marks "text file" and "plain text" as the format they name."""
    marked = [replace(token, stem=_meant(token)) for token in tokens]
    for place in range(1, len(tokens)):
        first, second = tokens[place - 1], tokens[place]
        if second.gap == "none" and first.text.lower() == "word" and second.text.lower() in _OF_WORD:
            marked[place - 1] = replace(first, media=FORMATS["docx"])
        if second.gap == "none" and (first.text.lower(), second.stem) in (("text", "fil"), ("plain", "text")):
            marked[place] = replace(second, media="text/plain")
        if second.gap == "none" and (first.text.lower(), second.text.lower()) == ("number", "one"):
            marked[place] = replace(second, stem="top", value=None)
    return marked


def _with_units(tokens: list[Token]) -> list[Token]:
    """Marks the tokens that name a unit of measure."""
    units = [_unit_word(token) for token in tokens]
    marked: list[Token] = []
    for place, token in enumerate(tokens):
        near = tokens[max(0, place - 1) : place + 2]
        beside = any(other.value is not None and other.value.kind == "number" for other in near)
        others = sum(1 for unit in units if unit is not None)
        unit = units[place]
        doubtful = unit is not None and (token.text.lower().rstrip("s") in DOUBTFUL_UNITS)
        follows = place + 1 < len(units) and units[place + 1] is not None
        sure = unit is not None and (not doubtful or others > 1) and not (unit == "degree" and follows)
        if unit is None and token.text.lower() in ABBREVIATED and (beside or others):
            unit, sure = ABBREVIATED[token.text.lower()], True
        marked.append(replace(token, unit=unit) if sure else token)
    return marked


def _unit_word(token: Token) -> str | None:
    if token.value is not None:
        return None
    word = token.text.lower()
    return UNITS.get(word) or UNITS.get(word.removesuffix("s")) or UNITS.get(word.removesuffix("es"))
