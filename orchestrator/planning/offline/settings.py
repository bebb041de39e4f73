"""What the words of one sub-task say about the settings of its tool, kind by kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestrator.planning.offline.clauses import Token, is_stop
from orchestrator.planning.offline.columns import choose, measure, named_columns
from orchestrator.planning.offline.jobs import input_types, main_output, properties
from orchestrator.planning.offline.peek import AttachedInput, Column
from orchestrator.planning.offline.thesaurus import RANKS, SYNONYMS
from orchestrator.planning.offline.values import Value
from orchestrator.retrieval.stem import stem, stems, words
from tools.spec import Tool

#: Words in the name of an argument that tell its role.
TO = {"target", "to", "into", "destination", "dest", "out", "output"}
FROM = {"source", "from", "origin", "src", "input"}
_TITLES = {"title", "name", "heading", "caption", "subject", "filename"}
_NOT = re.compile(r"\b(?:without|no|not|don't|never)\b")
_SIZE = re.compile(r"(?<!\d)(\d{1,9})\s*+(?:px|pixels?)?\s*+(?:x|×|by)\s*+(\d{1,9})(?!\d)")
_REST = re.compile(r"\b(?:for|about|on|mentions?|mentioning)\s+(.+)$", re.IGNORECASE | re.DOTALL)
#: Words of a name that are stop words elsewhere: "New" York.
_CAPITALS = re.compile(r"(?<=[a-z,] )(?:[A-Z][a-z]+ )+$")
#: Nouns for how much there is of something, and the words that tie them to it.
_QUANTITY = frozenset(stem(word) for word in ("number", "amount", "quantity"))
_LINKS = frozenset(("of", "the"))
#: Comparisons right before a number.
COMPARED = re.compile(
    r"\b(?:above|over|under|below|exceed(?:s|ing)?|at\s+(?:least|most)|up\s+to|(?:more|less|greater|fewer|larger|"
    r"smaller|higher|lower)\s+than)\s+$"
)
#: How much more the very name of a value counts than a word that may stand for it.
_VERY = 5
#: Stands for "the words give nothing".
UNFILLED: Any = object()


@dataclass(frozen=True, slots=True)
class Setting:
    """What arguments may be filled from: the words of one sub-task, and what flows into it.

    `own` are its tokens, `near` those of the whole request; `languages` what its text is in, as
    far as earlier sub-tasks decide it; `numbers` references to numbers that earlier ones yield.
    """

    own: Sequence[Token]
    near: Sequence[Token]
    text: str
    columns: Sequence[Column] = ()
    attached: Mapping[str, AttachedInput] = field(default_factory=dict)
    language: str | None = None
    numbers: Sequence[Mapping[str, str]] = ()
    #: Starts of values that another sub-task has taken.
    taken: frozenset[int] = frozenset()

    def spans(self) -> list[tuple[int, int]]:
        """Stretches of the text that the sub-task's tokens cover, with the words between them."""
        spans: list[tuple[int, int]] = []
        positions = {token.start: place for place, token in enumerate(self.near)}
        last = -2
        for token in self.own:
            place = positions.get(token.start, -2)
            begin = token.start - len(token.between)
            end = self.near[place + 1].start if 0 <= place < len(self.near) - 1 else len(self.text)
            if place == last + 1 and spans:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((max(0, begin), end))
            last = place
        return spans

    def pieces(self) -> list[str]:
        """The text of each of `spans`."""
        return [self.text[start:end] for start, end in self.spans()]

    def values(self, *kinds: str) -> list[Value]:
        """Values of these kinds among its tokens, in order."""
        found = (token.value for token in self.own)
        return [value for value in found if value is not None and value.kind in kinds]


@dataclass(slots=True)
class Filling:
    """One tool being filled: what of the words is used already, and which columns are taken."""

    tool: Tool
    setting: Setting
    used: set[int] = field(default_factory=set)
    columns: set[str] = field(default_factory=set)

    def schema(self, name: str) -> Mapping[str, Any]:
        """The JSON Schema of an argument."""
        return properties(self.tool)[name]

    def language(self, name: str, *, must: bool) -> Any:
        """A language in its role: what a text is put into, what it is in, or what it was put into before."""
        parts = set(name.lower().split("_"))
        allowed = self.schema(name).get("enum")
        fresh = [value for value in self.setting.values("language") if value.start not in self.used]
        if parts & FROM:
            fresh = [value for value in fresh if value.more.get("before") == "from"]
        elif must or parts & TO:
            fresh = [value for value in fresh if value.more.get("before") != "from"]
            fresh.sort(key=lambda value: not _is_target(value))
        elif self.setting.language:
            known = self.setting.language
            return known if not allowed or known in allowed else UNFILLED
        elif not main_output(self.tool)[1].startswith("audio/"):
            fresh = [value for value in fresh if not _is_target(value)]
        return self._take(value for value in fresh if not allowed or value.value in allowed)

    def column(self, name: str, *, must: bool) -> Any:
        """A column, or the columns to group by, of the table that goes in."""
        schema = self.schema(name)
        named = [
            one
            for start, end in self.setting.spans()
            for one in named_columns(self._unnamed(start, end), self.setting.columns, offset=start)
        ]
        if schema.get("type") == "array":
            per = [one.column.name for one in named if one.grouping and one.column.name not in self.columns]
            self.columns.update(per)
            return list(dict.fromkeys(per)) or UNFILLED
        compared = self._compares() and any(map(self._compared, self.setting.own))
        found = choose(schema, name, named, self.setting.columns, self.columns, compared=compared)
        if found is None and must:
            found = measure((), self.setting.columns, self.columns)
        if found is None:
            return UNFILLED
        self.columns.add(found)
        return found

    def _unnamed(self, start: int, end: int) -> str:
        """A stretch of the text without names of files, which name no columns."""
        text = self.setting.text[start:end]
        for value in self.setting.values("input", "file", "url"):
            first, last = max(value.start - start, 0), max(value.end - start, 0)
            text = f"{text[:first]}{' ' * len(text[first:last])}{text[last:]}"
        return text

    def choice(self, name: str) -> Any:
        """The value of an enumeration whose words stand in the text; the longest words win.

        Words that several enumerations of the tool know are left to the one with the fewest values.
        """
        schema = self.schema(name)
        fewer = range(1, len(schema["enum"]))
        others = [
            other
            for key, other in properties(self.tool).items()
            if key != name and len(other.get("enum", ())) in fewer
        ]
        theirs = {tuple(stems(phrase)) for other in others for _, phrase in _phrases(other)}
        if theirs & {(rank,) for rank in RANKS}:
            theirs |= {(rank,) for rank in RANKS}
        said_before = (
            (COMPARED.search(token.between) for token in self.setting.own) if is_comparing(schema) else ()
        )
        compared = [match[0] for match in said_before if match]
        pieces = (self._without_quantities(stems(piece)) for piece in compared or self.setting.pieces())
        said = f" {' '.join(word for piece in pieces for word in piece)} "
        fitting: list[tuple[int, Any, str]] = []
        for value, phrase in _phrases(schema):
            found = stems(phrase)
            weight = len(found) * 10 + len(phrase) + (_VERY * (phrase == str(value)))
            if found and tuple(found) not in theirs and f" {' '.join(found)} " in said:
                fitting.append((weight, value, " ".join(found)))
        if not fitting:
            return UNFILLED
        best = max(fitting, key=lambda one: one[0])
        # "Phone numbers" are no numbers: of two words side by side the first says which of the second.
        telling = (one for one in fitting if not all(is_stop(word) for word in one[2].split()))
        return next((one[1] for one in telling if f" {one[2]} {best[2]} " in said), best[1])

    def _without_quantities(self, said: Sequence[str]) -> list[str]:
        """The stems without "number" in "number of units" where units are a column: nothing is counted."""
        columns = {
            part for one in self.setting.columns if one.kind == "number" for part in stems(_apart(one.name))
        }
        kept = []
        for place, word in enumerate(said):
            after = [other for other in said[place + 1 : place + 3] if other not in _LINKS]
            if not (word in _QUANTITY and after and after[0] in columns):
                kept.append(word)
        return kept

    def unit(self, name: str) -> Any:
        """Units in their roles: the one beside the number is converted from, the other one to."""
        near = self.setting.near
        tokens = [token for token in self.setting.own if token.unit] or [
            token for token in near if token.unit
        ]
        places = {token.start: place for place, token in enumerate(near)}
        beside = [token for token in tokens if _after_number(near, places[token.start])]
        origin = next(iter(beside or tokens), None)
        if origin is None:
            return UNFILLED
        roles = [one for one in properties(self.tool) if "unit" in input_types(self.tool, one)]
        if set(name.lower().split("_")) & FROM or roles[0] == name:
            return origin.unit
        return next((token.unit for token in tokens if token.unit != origin.unit), UNFILLED)

    def of_kind(self, types: set[str]) -> Any:
        """A calculation, query or address of mail, from the sub-task's words or else from anywhere."""
        values = [token.value for token in (*self.setting.own, *self.setting.near) if token.value is not None]
        taken = self.setting.taken
        return self._take(one for one in values if one.types[0] in types and one.start not in taken)

    def number(self, name: str, *, must: bool) -> Any:
        """A number beside the argument's unit or name; any number left where there is but one use for it."""
        schema = self.schema(name)
        sized = self._by_size(name)
        if sized is not None and _within(sized, schema):
            return sized
        called = {stem(part) for part in (*name.split("_"), *schema.get("x-unit", ()))}
        called |= {other for word in called for other in SYNONYMS.get(word, ())}
        integers = "number" not in input_types(self.tool, name)
        left = []
        for place, token in enumerate(self.setting.own):
            value = token.value
            if value is None or value.kind != "number" or value.start in self.used:
                continue
            if (integers and "integer" not in value.types) or not _within(value.value, schema):
                continue
            if self._compared(token) and not self._compares():
                continue
            if called & (self._around(place) | {stem(value.more.get("unit", ""))}):
                return self._take([value])
            left.append(value)
        left = [value for value in left if value.more.get("word") != "one" and not value.more.get("the")]
        if left and (must or (len(left) == 1 and self._numeric() == 1)):
            return self._take(left)
        return dict(self.setting.numbers[-1]) if must and self.setting.numbers else UNFILLED

    def flag(self, name: str) -> Any:
        """True when its words stand in the text, false when "without" or "no" stands before them."""
        hints = (word for words in dict(self.schema(name).get("x-words", {})).values() for word in words)
        words = {stem(str(word)) for word in (*name.split("_"), *hints)}
        for token in self.setting.own:
            if token.value is None and token.stem in words:
                return not _NOT.search(token.between)
        return UNFILLED

    def string(self, name: str, *, must: bool) -> Any:
        """A title given as one, a quoted text, a table's value, or the words that say what is sought."""
        titled = bool(_TITLES & set(name.lower().split("_")))
        kinds = ("name",) if titled else ("quote",)
        plain = must and set(input_types(self.tool, name)) == {"string"}
        more = (
            ("url", "email", "file", *(("number",) if plain and not self._numeric() else ())) if must else ()
        )
        given = self._take(
            value for value in self.setting.values(*kinds, *more) if value.start not in self.setting.taken
        )
        if given is not UNFILLED:
            return given if isinstance(given, str) else str(given)
        if titled:
            files = [value for value in self.setting.values("file") if "name" in name.lower()]
            return str(files[0].value).rpartition(".")[0] if files else UNFILLED
        meant = self._cell()
        if meant is not UNFILLED or not must:
            return meant
        proper = self._proper(name) if set(input_types(self.tool, name)) == {"string"} else UNFILLED
        return self._rest() if proper is UNFILLED else proper

    def _take(self, values: Iterable[Value]) -> Any:
        """The first value that is not used yet; it is from now on."""
        for value in values:
            if value.start not in self.used:
                self.used.add(value.start)
                return value.value
        return UNFILLED

    def _compared(self, token: Token) -> bool:
        """Whether a comparison stands before a number: it is a limit to compare with and no amount."""
        return bool(COMPARED.search(token.between))

    def _compares(self) -> bool:
        """Whether the tool has a choice of comparisons."""
        return any(is_comparing(schema) for schema in properties(self.tool).values())

    def _around(self, place: int) -> set[str]:
        own = self.setting.own
        around = [*own[max(0, place - 1) : place], *own[place + 1 : place + 4]]
        return {token.stem for token in around if token.value is None}

    def _numeric(self) -> int:
        """How many arguments of the tool take a number."""
        names = properties(self.tool)
        return sum(1 for name in names if {"integer", "number"} & set(input_types(self.tool, name)))

    def _by_size(self, name: str) -> int | None:
        """Width or height out of "640 x 480" or "100 by 100"."""
        place = {"width": 1, "height": 2}.get(name.lower())
        matches = (_SIZE.search(piece) for piece in self.setting.pieces()) if place else ()
        return next((int(match[place]) for match in matches if match and place), None)

    def _cell(self) -> Any:
        """A value of the table that goes in, as it stands there, when the words name it."""
        said = {token.text.lower() for token in self.setting.own}
        columns = (column for column in self.setting.columns if column.kind == "category")
        cells = (value for column in columns for value in column.values)
        return next((value for value in cells if value.lower() in said), UNFILLED)

    def _proper(self, name: str) -> Any:
        """A name of the world: words with capital letters inside a sentence, in the argument's role."""
        runs: list[list[Token]] = []
        known = set(stems(f"{self.tool.name} {self.tool.summary}"))
        for token in self.setting.own:
            plain = token.value is None and not token.media and token.gap not in ("start", "sentence")
            if not plain or not token.text[0].isupper() or token.start in self.used or token.stem in known:
                continue
            if runs and token.gap == "none" and self.setting.text[runs[-1][-1].end : token.start] == " ":
                runs[-1].append(token)
            else:
                runs.append([token])
        parts = set(name.lower().split("_"))
        role = "from" if parts & FROM else "to" if parts & TO else ""
        fitting = [run for run in runs if role and role in run[0].between.split()] or runs
        if not fitting:
            return UNFILLED
        self.used.update(token.start for token in fitting[0])
        first = fitting[0][0].start
        before = _CAPITALS.search(self.setting.text[max(0, first - 60) : first])
        return self.setting.text[first - (len(before[0]) if before else 0) : fitting[0][-1].end]

    def _rest(self) -> Any:
        """The words after "for", "about" or "on", which say what is looked for."""
        matches = (_REST.search(piece) for piece in self.setting.pieces())
        found = (match[1].strip(" .?!,;\n") for match in matches if match)
        return next((rest for rest in found if not all(is_stop(word) for word in words(rest))), UNFILLED)


def is_comparing(schema: Mapping[str, Any]) -> bool:
    """Whether the words for the values of an enumeration are comparisons."""
    words = (phrase for phrases in dict(schema.get("x-words", {})).values() for phrase in phrases)
    return any(COMPARED.search(f"{phrase} ") for phrase in words)


def _apart(name: str) -> str:
    return name.lower().replace("_", " ").replace("-", " ")


def _is_target(value: Value) -> bool:
    """Whether a language is one to put a text into, not one that it is in."""
    return value.more.get("before") in ("in", "into", "to", "as") or bool(value.more.get("made"))


def _phrases(schema: Mapping[str, Any]) -> Iterator[tuple[Any, str]]:
    """The values of an enumeration, each with the words that mean it."""
    hints = dict(schema.get("x-words", {}))
    for value in schema["enum"]:
        yield value, str(value).replace("_", " ")
        yield from ((value, phrase) for phrase in hints.get(value, ()))


def _after_number(tokens: Sequence[Token], place: int) -> bool:
    value = tokens[place - 1].value if place else None
    return value is not None and value.kind == "number"


def _within(number: float, schema: Mapping[str, Any]) -> bool:
    low, high = schema.get("minimum", number), schema.get("maximum", number)
    return bool(low <= number <= high)
