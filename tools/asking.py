"""What a tool asks of a person in the middle of a call, and the answers it gets when it is called again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Ask:
    """One question; its answer is handed back under `key`."""

    key: str
    text: str
    #: JSON Schema of the answer, an object; None where the person is asked to visit `url` instead.
    schema: Mapping[str, Any] | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered to the questions of one call, by their keys; None where a page was visited.

    `state` is what the tool handed over with its questions, and gets back unread.
    """

    given: Mapping[str, Any]
    state: str | None = None
