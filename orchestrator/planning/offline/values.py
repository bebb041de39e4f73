"""Values in a request: addresses, quoted texts, numbers, calculations, languages, inputs called by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from orchestrator.planning.offline.arithmetic import expressions
from orchestrator.planning.offline.columns import named_columns
from orchestrator.planning.offline.lexicon import ENDINGS, LANGUAGES
from orchestrator.planning.offline.number_words import number_phrases
from orchestrator.planning.offline.peek import AttachedInput, Column


@dataclass(frozen=True, slots=True)
class Value:
    """A value that stands at `start:end` of the request; `types` are the port types it may fill."""

    kind: str
    types: tuple[str, ...]
    value: Any
    start: int
    end: int
    #: What else is known: the media type behind an address, the word before a name or language.
    more: Mapping[str, str] = field(default_factory=dict)


_URL = re.compile(r"\bhttps?://[^\s<>\"“”«»`]+|\bwww\.[a-z0-9-]+\.[^\s<>\"“”«»`,]+", re.IGNORECASE)
_BARE = re.compile(
    r"(?<![\w@./-])(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|edu|gov|info|eu|uk|de|fr|es|it|nl|ch|at)(?:/[^\s<>\"]*)?(?![\w@])",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)++\b")
_QUOTED = re.compile(
    r'"([^"]+)"|“([^”]+)”|«([^»]+)»|„([^“”]+)[“”]|`([^`]+)`|(?<![\w])[\'‘]([^\'’\n]+(?:[\'’]\w[^\'’\n]*){0,200})[\'’](?!\w)'
)
_AFTER_COLON = re.compile(r":[ \t]*\n?\s*(?=\S)")
_FILE = re.compile(
    r"(?<![\w/.@-])[\w-]++(?:\.[\w-]++)*\.(?:" + "|".join(sorted(ENDINGS)) + r")\b", re.IGNORECASE
)
_NUMBER = re.compile(
    r"(?<![\w.])[-−]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|(?:(?<![\w.])[-−]?|(?<=\d[x×]))\d+(?:\.\d+)?"
)
_PERCENT = re.compile(r"\s*(?:%|per\s?cent\b)", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+", re.UNICODE)
_SHARES = {"half": 50.0, "a third": 33.33, "one third": 33.33, "a quarter": 25.0, "one quarter": 25.0,
           "two thirds": 66.67, "three quarters": 75.0}  # fmt: skip
_TIMES = {"twice": 200.0, "double": 200.0, "triple": 300.0, "three times": 300.0, "four times": 400.0}
_SIZED = (
    r"(?:of\s+)?(?:(?:the|its|their|it's)\s+)?(?:(?:original|current|present)\s+)?"
    r"(?:size|dimensions|width|height)"
)
_MORE_OR_LESS = re.compile(
    r"(?:by\s+)?(?<!\d)(\d++(?:\.\d++)?+)\s*+(?:%|percent|per\s+cent)\s+(smaller|less|larger|bigger|greater)",
    re.IGNORECASE,
)
_SHARE_OF = re.compile(
    rf"({'|'.join(_SHARES)})\s+(?:{_SIZED}|as\s+(?:large|big|wide))|by\s+(half)\b", re.IGNORECASE
)
_TIMES_AS = re.compile(rf"({'|'.join(_TIMES)})\s+(?:{_SIZED}|as\s+(?:large|big|wide))", re.IGNORECASE)
_TURNS = {"upside down": 180, "a half turn": 180, "half a turn": 180, "a quarter turn": 90, "sideways": 90}
_TURNED = re.compile(rf"\b({'|'.join(_TURNS)})\b", re.IGNORECASE)
_SQL = re.compile(r"\bselect\b.+?\bfrom\b[^.;\n]+(?:\.[^\s.;]+[^.;\n]*)*", re.IGNORECASE | re.DOTALL)
_NAMING = re.compile(
    r"\b(?:titled?|entitled|called|named?|heading|headed|title of|the title|as its title|name it|call it)"
    r"\s*(?:is|of|as|:)?\s*$",
    re.IGNORECASE,
)
_PARTS = re.compile(r"[,.;]|\band\b")
#: Nouns before which a language is the one that is wanted, not the one that is there.
_MADE = re.compile(
    r"[\s-]+(?:language\s+)?(?:versions?|translations?|renditions?|renderings?|speech|audio|voice|narration|edition)\b"
)
#: "The German letter" says what is there; "a German letter" may be what is wanted.
_THERE = re.compile(
    r"[\s-]+(?:language\s+)?(?:texts?|sentences?|words?|phrases?|originals?|letters?|notes?|articles?|pages?|"
    r"documents?|files?|pdfs?|scans?|images?|pictures?|photos?|signs?|passages?|paragraphs?|stor(?:y|ies)|contracts?|reports?)\b",
    re.IGNORECASE,
)
_DEFINITE = re.compile(
    r"\b(?:the|this|that|these|those|my|our|his|her|their|attached|enclosed|following)\s+$", re.IGNORECASE
)
#: Names of languages that are other words without their capital letter.
_VERBS_TOO = frozenset({"polish"})
_THE = re.compile(r"\b(?:the|these|those|both|all)\s+$", re.IGNORECASE)
_BEFORE = re.compile(
    r"(\b(?:in|into|to|from)(?=\s+(?:spoken|written|plain|simple|good|fluent)\s+$)|\w+(?=\s+$))"
)
#: Codes of languages that are no English words after "to" or "into", and what may follow one.
_CODES = frozenset(LANGUAGES.values()) - {"he", "is", "it", "la", "no"}
_CODE_ENDS = re.compile(r"\s*(?:[,.;:!?)]|and\b|then\b|$)", re.IGNORECASE)
_INTO = re.compile(r"\b(?:to|into)\s+$", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?](?=\s)|\n")
#: "Is it in German?" asks for the language; "is it possible to …" does not.
_ASKING = re.compile(r"\s*(?:is|are|was|were)\b(?!.*\b(?:to|into)\b)", re.IGNORECASE)
#: Characters before a value that are looked at.
_BEARING = 300
#: Colons of a request behind which a text to work on may begin.
_COLONS = 50
_GAP = re.compile(r"\s++")
_TRAILING = ".,;:!?)]}'’"


def find_values(
    text: str, *, attached: Mapping[str, AttachedInput], is_demand: Callable[[str], bool]
) -> list[Value]:
    """All values of the request in the order of the text, none inside another.

    `is_demand` says whether a text that follows a colon begins like something to do.
    """
    found: list[Value] = []
    for finder in (_addresses, _quoted, _queries):
        _add(found, finder(text))
    inputs = list(_attachments(text, attached))
    columns = [column for one in attached.values() for column in one.columns]
    given = _literal_text(text, found, is_demand)
    _add(found, (one for one in given if not _speaks_of(one, inputs, columns)))
    _add(found, iter(inputs))
    _add(found, _files(text))
    _add(found, _sizes(text))
    _add(found, _turns(text))
    _add(found, (Value("expression", ("expression",), *spot) for spot in expressions(_masked(text, found))))
    for finder in (_number_words, _numbers, _languages):
        _add(found, finder(text))
    return sorted(found, key=lambda value: value.start)


def _add(found: list[Value], more: Iterator[Value]) -> None:
    values = list(more)
    taken = bytearray(max((value.end for value in (*found, *values)), default=0))
    for value in found:
        taken[value.start : value.end] = b"\1" * (value.end - value.start)
    for value in values:
        if 1 not in taken[value.start : value.end]:
            found.append(value)
            taken[value.start : value.end] = b"\1" * (value.end - value.start)


def _masked(text: str, found: list[Value]) -> str:
    """The text with every value found so far blotted out, at the same length."""
    letters = list(text)
    for value in found:
        letters[value.start : value.end] = "\0" * (value.end - value.start)
    return "".join(letters)


def _addresses(text: str) -> Iterator[Value]:
    for match in _EMAIL.finditer(text):
        yield Value("email", ("email", "string"), match[0], match.start(), match.end())
    for pattern in (_URL, _BARE):
        for match in pattern.finditer(text):
            url = match[0].rstrip(_TRAILING)
            if "(" in url and match[0].startswith(url + ")"):
                url += ")"
            full = url if "://" in url else f"https://{url}"
            ending = re.search(r"://[^/?#]+/[^?#]*\.(\w{2,7})(?:$|[?#])", full)
            media = ENDINGS.get(ending[1].lower(), "") if ending else ""
            yield Value("url", ("url",), full, match.start(), match.start() + len(url), {"media": media})


def _quoted(text: str) -> Iterator[Value]:
    for match in _QUOTED.finditer(text):
        inner = next(group for group in match.groups() if group is not None)
        address = next(_addresses(inner), None)
        if address and address.end - address.start == len(inner.strip()) and address.kind == "url":
            yield Value("url", ("url",), address.value, match.start(), match.end(), address.more)
            continue
        if _SQL.match(inner.strip()):
            yield Value("sql", ("sql", "string"), inner.strip(), match.start(), match.end())
            continue
        naming = _NAMING.search(_before(text, match))
        kind = "name" if naming else "quote"
        types = ("string",) if naming else ("text", "string")
        yield Value(kind, types, inner.strip(), match.start(), match.end())


def _queries(text: str) -> Iterator[Value]:
    for match in _SQL.finditer(text):
        yield Value("sql", ("sql", "string"), match[0].strip(), match.start(), match.end())


def _literal_text(text: str, found: list[Value], is_demand: Callable[[str], bool]) -> Iterator[Value]:
    """What follows a colon, or a blank line, is material when it does not begin like a demand."""
    masked = _masked(text, found)
    for match in islice(_AFTER_COLON.finditer(masked), _COLONS):
        if not any(is_demand(part) for part in _PARTS.split(text[: match.start()])):
            continue
        rest = text[match.end() :].rstrip()
        if (
            len(rest.split()) >= 3
            and "\0" not in masked[match.end() : match.end() + 1]
            and not is_demand(rest)
        ):
            yield Value("quote", ("text", "string"), rest, match.end(), match.end() + len(rest))
            return
    gaps = (gap for gap in _GAP.finditer(masked) if gap[0].count("\n") > 1 and gap.end() < len(masked))
    block = next(gaps, None)
    if block and not is_demand(text[block.end() :]) and len(text[block.end() :].split()) >= 5:
        rest = text[block.end() :].rstrip()
        yield Value("quote", ("text", "string"), rest, block.end(), block.end() + len(rest))


def _speaks_of(literal: Value, inputs: list[Value], columns: list[Column]) -> bool:
    """Whether what might be a text to work on speaks of files or columns: then it tells what to do."""
    named = named_columns(str(literal.value), columns) if columns else ()
    return len(named) > 1 or any(literal.start <= one.start < literal.end for one in inputs)


def _attachments(text: str, attached: Mapping[str, AttachedInput]) -> Iterator[Value]:
    """Inputs that the text calls by their name or file name."""
    for one in attached.values():
        stem = one.file_name.rpartition(".")[0]
        for name in dict.fromkeys(filter(None, (one.file_name, one.name, stem))):
            telling = len(name) > 3 and (not name.isalpha() or name == one.file_name)
            match = (
                re.search(rf"(?<![\w/.]){re.escape(name)}(?![\w/])", text, re.IGNORECASE) if telling else None
            )
            if match:
                yield Value("input", one.types, one.name, match.start(), match.end())


def _files(text: str) -> Iterator[Value]:
    for match in _FILE.finditer(text):
        media = ENDINGS[match[0].rpartition(".")[2].lower()]
        yield Value("file", ("string",), match[0], match.start(), match.end(), {"media": media})


def _sizes(text: str) -> Iterator[Value]:
    """Sizes against what a thing is now, in percent: "30% smaller" is 70, "twice the size" is 200."""
    for match in _MORE_OR_LESS.finditer(text):
        change = float(match[1]) * (-1 if match[2].lower() in ("smaller", "less") else 1)
        if change > -100:
            yield _percentage(100 + change, match)
    for pattern, known in ((_SHARE_OF, _SHARES), (_TIMES_AS, _TIMES)):
        for match in pattern.finditer(text):
            said = next(group for group in match.groups() if group)
            yield _percentage(known[" ".join(said.lower().split())], match)


def _turns(text: str) -> Iterator[Value]:
    for match in _TURNED.finditer(text):
        degrees = _TURNS[match[0].lower()]
        yield Value("number", ("integer", "number"), degrees, match.start(), match.end(), {"unit": "degree"})


def _percentage(percent: float, match: re.Match[str]) -> Value:
    plain: int | float = int(percent) if percent.is_integer() else percent
    types = ("integer", "number") if percent.is_integer() else ("number",)
    return Value("number", types, plain, match.start(), match.end(), {"unit": "percent"})


def _numbers(text: str) -> Iterator[Value]:
    for match in _NUMBER.finditer(text):
        number = float(match[0].replace(",", "").replace("−", "-"))
        types = ("integer", "number") if number.is_integer() else ("number",)
        plain: int | float = int(number) if number.is_integer() else number
        more = {"unit": "percent"} if _PERCENT.match(text, match.end()) else {}
        yield Value("number", types, plain, match.start(), match.end(), more)


def _before(text: str, match: re.Match[str]) -> str:
    """The words before a match that can bear on it: the whole text for each would take quadratic time."""
    return text[max(0, match.start() - _BEARING) : match.start()]


def _number_words(text: str) -> Iterator[Value]:
    for number, start, end, said in number_phrases(text):
        types = ("integer", "number") if float(number).is_integer() and said != "half" else ("number",)
        plain: int | float = int(number) if "integer" in types else number
        the = "yes" if _THE.search(text[max(0, start - _BEARING) : start]) else ""
        more = {"unit": "percent"} if _PERCENT.match(text, end) else {}
        # Several words are as deliberate as digits; one alone may only count what is there ("both texts").
        word = said if said.isalpha() else ""
        yield Value("number", types, plain, start, end, {"word": word, "the": the, **more})


def _code_at(text: str, match: re.Match[str]) -> str | None:
    """The ISO 639-1 code that stands there by itself: "translate to es"."""
    code = match[0].lower()
    if code not in _CODES or not _CODE_ENDS.match(text, match.end()):
        return None
    return code if _INTO.search(_before(text, match)) else None


def _languages(text: str) -> Iterator[Value]:
    for match in _WORD.finditer(text):
        code = LANGUAGES.get(match[0].lower()) or _code_at(text, match)
        plain = match[0] in _VERBS_TOO and not re.search(r"\b(?:in|into|to|from)\s+$", _before(text, match))
        if code and not plain:
            before = _BEFORE.search(_before(text, match))
            there = _THERE.match(text, match.end()) and _DEFINITE.search(_before(text, match))
            yield Value(
                "language", ("language",), code, match.start(), match.end(),
                {
                    "before": "from" if there else before[1].lower() if before else "",
                    "asking": "yes" if _ASKING.match(_SENTENCE_END.split(_before(text, match))[-1]) else "",
                    "made": "yes" if _MADE.match(text[match.end() :]) else "",
                },
            )  # fmt: skip
