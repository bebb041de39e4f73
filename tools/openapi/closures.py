"""A schema with all the definitions it needs, and no more bytes than a record should have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from tools.openapi.documents import Lost
from tools.openapi.schemas import (
    LISTS,
    LISTS_OF_THE_SAME,
    MAPS,
    MAPS_OF_THE_SAME,
    ONE,
    ONE_OF_THE_SAME,
    REFERENCE,
    Definition,
    Schema,
)

_WORDS = ("description", "title")


class Closures:
    """Puts definitions into schemas: in full, without their words, or the nearest only.

    With `strict` a definition that is not known is refused, else left open. `full` are the bytes up to
    which definitions keep their descriptions, `most` those up to which all are kept; beyond, the
    farthest are cut down to their type, which accepts more and never less.
    """

    def __init__(
        self, definitions: dict[str, Definition], *, full: int, most: int, strict: bool = False
    ) -> None:
        self._definitions = definitions
        self._strict = strict
        self._full, self._most = full, most
        self._sizes: dict[str, tuple[int, int]] = {}
        self._bare: dict[str, Schema] = {}
        self._unrolled: set[str] = set()

    def close(self, schema: dict[str, Any], needs: Iterable[str]) -> tuple[dict[str, Any], bool]:
        """The schema with its `$defs`, and whether some of them had to be cut. Raises `Lost`."""
        needs = list(needs)
        order = list(self._in_reach(needs))
        lost = next((self._definitions[name].lost for name in order if self._definitions[name].lost), "")
        if lost and self._strict:
            raise Lost(lost)
        if not order:
            return schema, False
        self._end_circles(order)
        sizes = [self._size(name) for name in order]
        if sum(full for full, _ in sizes) <= self._full:
            return {**schema, "$defs": {name: self._definitions[name].schema for name in order}}, False
        if sum(bare for _, bare in sizes) <= self._most:
            return {**schema, "$defs": {name: self._bare[name] for name in order}}, False
        return {**schema, "$defs": self._nearest(order, needs)}, True

    def _in_reach(self, needs: Iterable[str]) -> Iterator[str]:
        """All definitions needed, nearest first."""
        seen = dict.fromkeys(needs)
        queue = list(seen)
        for name in queue:
            yield name
            for other in self._definitions[name].needs:
                if other not in seen:
                    seen[other] = None
                    queue.append(other)

    def _size(self, name: str) -> tuple[int, int]:
        known = self._sizes.get(name)
        if known is None:
            schema = self._definitions[name].schema
            self._bare[name] = without_words(schema)
            known = len(orjson.dumps(schema)), len(orjson.dumps(self._bare[name]))
            self._sizes[name] = known
        return known

    def _nearest(self, order: list[str], needs: list[str]) -> dict[str, Schema]:
        kept: dict[str, Schema] = {}
        left = self._most
        for name in order:
            left -= self._sizes[name][1]
            if left < 0:
                break
            kept[name] = self._bare[name]
        wanted = {other for name in kept for other in self._definitions[name].needs} | set(needs)
        cut = {name: _cut(self._definitions[name].schema) for name in order if name in wanted - set(kept)}
        return kept | cut

    def _end_circles(self, order: list[str]) -> None:
        """A definition that is itself again, without a step into the value, would never be decided."""
        for start in order:
            if start in self._unrolled:
                continue
            self._unrolled.add(start)
            if self._comes_back(start):
                definition = self._definitions[start]
                definition.schema = _opened(definition.schema, definition.same)
                definition.same = set()

    def _comes_back(self, start: str) -> bool:
        stack, seen = list(self._definitions[start].same), set[str]()
        while stack:
            name = stack.pop()
            if name == start:
                return True
            if name not in seen:
                seen.add(name)
                stack += self._definitions[name].same
        return False


def without_words(schema: Schema) -> Schema:
    """The same schema without its descriptions."""
    if not isinstance(schema, dict):
        return schema
    made = {key: value for key, value in schema.items() if key not in _WORDS}
    for word in (*ONE, *ONE_OF_THE_SAME):
        if word in made:
            made[word] = without_words(made[word])
    for word in (*LISTS, *LISTS_OF_THE_SAME):
        if word in made:
            made[word] = [without_words(one) for one in made[word]]
    for word in (*MAPS, *MAPS_OF_THE_SAME):
        if word in made:
            made[word] = {name: without_words(one) for name, one in made[word].items()}
    return made


def _cut(schema: Schema) -> Schema:
    kinds = schema.get("type") if isinstance(schema, dict) else None
    return {"type": kinds} if kinds else True


def _opened(schema: Schema, names: set[str]) -> Schema:
    """The schema with the references to these names, about the same value, left open."""
    if not isinstance(schema, dict):
        return schema
    made = dict(schema)
    if str(made.get("$ref", "")).removeprefix(REFERENCE) in names:
        del made["$ref"]
    for word in ONE_OF_THE_SAME:
        if word in made:
            opened = _opened(made[word], names)
            if word == "not" and opened != made[word]:
                del made[word]  # to forbid what is left open would forbid everything
            else:
                made[word] = opened
    for word in LISTS_OF_THE_SAME:
        if word in made:
            made[word] = [_opened(one, names) for one in made[word]]
    for word in MAPS_OF_THE_SAME:
        if word in made:
            made[word] = {name: _opened(one, names) for name, one in made[word].items()}
    return made
