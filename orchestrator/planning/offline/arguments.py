"""Arguments: fills each tool's settings from the words of its part of the request, by its own schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestrator.planning.offline.clauses import Token
from orchestrator.planning.offline.columns import choose, named_columns
from orchestrator.planning.offline.jobs import input_types, main_output, properties, required
from orchestrator.planning.offline.peek import AttachedInput, Column
from orchestrator.planning.offline.thesaurus import SYNONYMS
from orchestrator.planning.offline.values import Value
from orchestrator.retrieval.stem import stem, stems
from tools.spec import Tool

_TO = {"target", "to", "into", "destination", "dest", "out", "output"}
_FROM = {"source", "from", "origin", "src", "input"}
_UNFILLED = object()


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


@dataclass(frozen=True, slots=True)
class Filled:
    """Arguments of a tool, the starts of the values they used, and required names left without a value."""

    arguments: Mapping[str, Any]
    missing: tuple[str, ...]
    used: frozenset[int]


def fill(tool: Tool, linked: set[str], setting: Setting) -> Filled:
    """Every argument of `tool` that is not linked and that the words or the inputs give."""
    found: dict[str, Any] = {}
    used: set[int] = set()
    columns: set[str] = set()
    musts = required(tool)
    known = properties(tool)
    order = sorted(known, key=lambda name: (known[name].get("x-column") != "number", name not in musts))
    for name in order:
        schema = properties(tool)[name]
        if name in linked:
            continue
        value = _value(tool, name, schema, setting, used, columns, must=name in musts)
        if value is not _UNFILLED:
            found[name] = value
    missing = tuple(
        name
        for name in musts
        if name not in found and name not in linked and "default" not in properties(tool).get(name, {})
    )
    return Filled(found, missing, frozenset(used))


def _value(
    tool: Tool,
    name: str,
    schema: Mapping[str, Any],
    setting: Setting,
    used: set[int],
    columns: set[str],
    *,
    must: bool,
) -> Any:
    if "const" in schema:
        return schema["const"] if must else _UNFILLED
    types = set(input_types(tool, name))
    given = _given(name, types, setting)
    if given is not None:
        return given
    if "language" in types:
        return _language(tool, name, schema, setting, used, must=must)
    if "x-column" in schema or types & {"column", "columns"}:
        return _column(name, schema, setting, columns)
    if "enum" in schema:
        return _choice(tool, name, setting)
    if types & {"unit"}:
        return _unit(tool, name, setting)
    if types & {"expression", "sql", "email"}:
        return _of_kind(types, setting, used)
    if "number" in types or "integer" in types:
        number = _number(tool, name, schema, setting, used, must=must)
        if number is not _UNFILLED or "string" not in types:
            return number
    if "boolean" in types:
        return _flag(name, schema, setting)
    return _string(name, schema, setting, used, must=must) if types & {"string", "url", "text"} else _UNFILLED


def _given(name: str, types: set[str], setting: Setting) -> Mapping[str, str] | None:
    """An attached plain input of the argument's own name."""
    one = setting.attached.get(name)
    if one is not None and (set(one.types) & types or "any" in types):
        return {"ref": f"inputs.{name}"}
    return None


def _language(
    tool: Tool, name: str, schema: Mapping[str, Any], setting: Setting, used: set[int], *, must: bool
) -> Any:
    parts = set(name.lower().split("_"))
    spoken = [
        token.value for token in setting.own if token.value is not None and token.value.kind == "language"
    ]
    allowed = schema.get("enum")
    fresh = [value for value in spoken if value.start not in used]
    if parts & _FROM:
        fresh = [value for value in fresh if value.more.get("before") in ("from",)]
    elif must or parts & _TO:
        fresh = sorted(
            (value for value in fresh if value.more.get("before") != "from"),
            key=lambda value: (
                value.more.get("before") not in ("into", "in", "to", "as") and not value.more.get("made")
            ),
        )
    elif setting.language:
        return setting.language if not allowed or setting.language in allowed else _UNFILLED
    else:
        sounds = main_output(tool)[1].startswith("audio/")
        fresh = [value for value in fresh if sounds or not _asked_for(value)]
    fresh = [value for value in fresh if not allowed or value.value in allowed]
    if not fresh:
        return _UNFILLED
    used.add(fresh[0].start)
    return fresh[0].value


def _asked_for(value: Value) -> bool:
    """Whether a language is one to put a text into, not one that it is in."""
    return value.more.get("before") in ("in", "into", "to") or bool(value.more.get("made"))


def _column(name: str, schema: Mapping[str, Any], setting: Setting, taken: set[str]) -> Any:
    spans = _spans(setting)
    named = [
        one
        for start, end in spans
        for one in named_columns(setting.text[start:end], setting.columns, offset=start)
    ]
    if schema.get("type") == "array":
        per = [one.column.name for one in named if one.grouping and one.column.name not in taken]
        picked = list(dict.fromkeys(per))
        taken.update(picked)
        return picked or _UNFILLED
    found = choose(schema, name, named, setting.columns, taken)
    if found is None:
        return _UNFILLED
    taken.add(found)
    return found


def _spans(setting: Setting) -> list[tuple[int, int]]:
    """Stretches of the text that the sub-task's tokens cover, with the words between them."""
    spans: list[tuple[int, int]] = []
    positions = {token.start: place for place, token in enumerate(setting.near)}
    last = -2
    for token in setting.own:
        place = positions.get(token.start, -2)
        begin = token.start - len(token.between)
        end = setting.near[place + 1].start if 0 <= place < len(setting.near) - 1 else len(setting.text)
        if place == last + 1 and spans:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((max(0, begin), end))
        last = place
    return spans


def _choice(tool: Tool, name: str, setting: Setting) -> Any:
    """The value of an enumeration whose words stand in the text; the longest words win.

    Words that several enumerations of the tool know are left to the one with the fewest values.
    """
    schema = properties(tool)[name]
    others = [
        other
        for key, other in properties(tool).items()
        if key != name and len(other.get("enum", ())) in range(1, len(schema["enum"]))
    ]
    theirs = {
        tuple(_plain(phrase))
        for other in others
        for value in other["enum"]
        for phrase in _phrases(other, value)
    }
    said = " ".join(" ".join(_plain(setting.text[start:end])) for start, end in _spans(setting))
    best: tuple[int, Any] = (0, _UNFILLED)
    for value in schema["enum"]:
        for phrase in _phrases(schema, value):
            words = _plain(phrase)
            if not words or tuple(words) in theirs or f" {' '.join(words)} " not in f" {said} ":
                continue
            if len(words) * 10 + len(phrase) > best[0]:
                best = (len(words) * 10 + len(phrase), value)
    return best[1]


def _phrases(schema: Mapping[str, Any], value: Any) -> tuple[str, ...]:
    """The words that mean a value of an enumeration."""
    return (str(value).replace("_", " "), *dict(schema.get("x-words", {})).get(value, ()))


def _plain(text: str) -> list[str]:
    return stems(text)


def _unit(tool: Tool, name: str, setting: Setting) -> Any:
    """Units in their roles: the one beside the number is converted from, the other one to."""
    tokens = [token for token in setting.own if token.unit] or [token for token in setting.near if token.unit]
    near = setting.near
    places = {token.start: place for place, token in enumerate(near)}
    beside = [
        token
        for token in tokens
        if places[token.start]
        and (value := near[places[token.start] - 1].value) is not None
        and value.kind == "number"
    ]
    origin = beside[0] if beside else tokens[0] if tokens else None
    others = [token.unit for token in tokens if origin is not None and token.unit != origin.unit]
    roles = [one for one in properties(tool) if "unit" in input_types(tool, one)]
    is_from = bool(set(name.lower().split("_")) & _FROM) or (roles and roles[0] == name and len(roles) > 1)
    if is_from or len(roles) == 1:
        return origin.unit if origin is not None else _UNFILLED
    return others[0] if others else _UNFILLED


def _of_kind(types: set[str], setting: Setting, used: set[int]) -> Any:
    for token in (*setting.own, *setting.near):
        value = token.value
        if value is not None and value.types[0] in types and value.start not in used | setting.taken:
            used.add(value.start)
            return value.value
    return _UNFILLED


def _number(
    tool: Tool, name: str, schema: Mapping[str, Any], setting: Setting, used: set[int], *, must: bool
) -> Any:
    """A number beside the argument's unit or name; any number left where the argument must be given."""
    integers = "number" not in input_types(tool, name)
    sized = _by_size(name, setting)
    if sized is not None and _within(sized, schema):
        return sized
    called = {stem(part) for part in (*name.split("_"), *schema.get("x-unit", ()))}
    called |= {other for word in called for other in SYNONYMS.get(word, ())}
    left: list[Value] = []
    for place, token in enumerate(setting.own):
        value = token.value
        if value is None or value.kind != "number" or value.start in used:
            continue
        if (integers and "integer" not in value.types) or not _within(value.value, schema):
            continue
        around = [*setting.own[max(0, place - 1) : place], *setting.own[place + 1 : place + 4]]
        if called & {one.stem for one in around if one.value is None}:
            used.add(value.start)
            return value.value
        left.append(value)
    plain = [value for value in left if value.more.get("word") != "one" and not value.more.get("the")]
    if must and plain:
        used.add(plain[0].start)
        return plain[0].value
    if len(plain) == 1 and _numeric(tool) == 1:
        used.add(plain[0].start)
        return plain[0].value
    return dict(setting.numbers[-1]) if must and setting.numbers else _UNFILLED


def _by_size(name: str, setting: Setting) -> int | None:
    """Width or height out of "640 x 480" or "100 by 100"."""
    place = {"width": 1, "height": 2}.get(name.lower())
    for start, end in _spans(setting) if place else ():
        match = re.search(r"(\d+)\s*(?:px|pixels?)?\s*(?:x|×|by)\s*(\d+)", setting.text[start:end])
        if match and place:
            return int(match[place])
    return None


def _numeric(tool: Tool) -> int:
    """How many arguments of a tool take a number."""
    return sum(1 for name in properties(tool) if {"integer", "number"} & set(input_types(tool, name)))


def _within(number: float, schema: Mapping[str, Any]) -> bool:
    low, high = schema.get("minimum", number), schema.get("maximum", number)
    return bool(low <= number <= high)


def _flag(name: str, schema: Mapping[str, Any], setting: Setting) -> Any:
    words = {stem(part) for part in name.split("_")}
    words |= {stem(str(word)) for values in dict(schema.get("x-words", {})).values() for word in values}
    for token in setting.own:
        if token.value is None and token.stem in words:
            return not re.search(r"\b(?:without|no|not|don't|never)\b", token.between)
    return _UNFILLED


def _string(name: str, schema: Mapping[str, Any], setting: Setting, used: set[int], *, must: bool) -> Any:
    """A name or title that is given as one, a quoted text, or for a required argument the rest of the words."""
    titled = bool(
        {"title", "name", "heading", "caption", "subject", "filename"} & set(name.lower().split("_"))
    )
    values = [token.value for token in setting.own if token.value is not None]
    for value in values:
        if value.start in used | setting.taken:
            continue
        quoted = value.kind == "quote" and not titled and value.start not in setting.taken
        if (titled and value.kind == "name") or quoted or (must and value.kind in ("url", "email", "file")):
            used.add(value.start)
            return value.value
        if titled and value.kind == "file" and "name" in name.lower():
            used.add(value.start)
            return str(value.value).rpartition(".")[0]
    meant = None if titled else _cell(setting)
    if meant is not None:
        return meant
    if must and not titled:
        rest = _rest(setting)
        if rest:
            return rest
    return _UNFILLED


def _cell(setting: Setting) -> str | None:
    """A value of an attached table that the words name, as it stands in the table."""
    for column in setting.columns:
        for value in column.values if column.kind == "category" else ():
            if any(token.text.lower() == value.lower() for token in setting.own):
                return value
    return None


def _rest(setting: Setting) -> str:
    """The words after "for", "about" or "on", which say what is looked for."""
    for start, end in _spans(setting):
        match = re.search(
            r"\b(?:for|about|on|mentions?|mentioning)\s+(.+)$",
            setting.text[start:end],
            re.IGNORECASE | re.DOTALL,
        )
        if match:
            return match[1].strip(" .?!,;")
    return ""


def titles(tokens: Sequence[Token]) -> Iterator[Value]:
    """Values that are names or titles."""
    for token in tokens:
        if token.value is not None and token.value.kind == "name":
            yield token.value
