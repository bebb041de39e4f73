"""Results that stand for a call: what a result is the result of, and where one came from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from orchestrator.domain.step import ReusedFrom, Verdict

#: How a run meets results that may be used again: take and keep them, only keep new ones, or neither.
CacheUse = Literal["use", "refresh", "off"]

_CANONICAL = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS


@dataclass(frozen=True, slots=True)
class Kept:
    """A result that may stand for a call, and where it came from."""

    output: Mapping[str, Any]
    verdict: Verdict | None
    source: ReusedFrom


@dataclass(frozen=True, slots=True)
class CacheAnswer:
    """What the cache has for a call, and whether the result of a new call is to be kept there."""

    kept: Kept | None = None
    keeps: bool = False


def result_key(tool: str, version: int, hash: str, arguments: Mapping[str, Any]) -> str | None:
    """SHA-256, in hexadecimal, over the canonical JSON of a call: the tool as pinned, and its arguments.

    `arguments` are resolved, with files as `tools.files.by_content` gives them.
    None for what JSON cannot hold: such a call equals no other.
    """
    try:
        text = orjson.dumps([tool, version, hash, arguments], option=_CANONICAL)
    except TypeError:
        return None
    return hashlib.sha256(text).hexdigest()


def artifacts_in(value: Any) -> set[str]:
    """The artifacts that an output refers to."""
    if isinstance(value, Mapping):
        inner = [artifacts_in(one) for one in value.values()]
        named = value.get("artifact")
        return set().union(*inner, {named} if isinstance(named, str) else ())
    if isinstance(value, (list, tuple)):
        return set().union(*(artifacts_in(one) for one in value))
    return set()
