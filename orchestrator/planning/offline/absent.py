"""A file that a request speaks of and that nobody attached: it is planned with all the same, and asked for.

"Which product sold most per region in this CSV" without a CSV lacks one value,
however many sub-tasks need it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from orchestrator.domain.planning import DraftQuestion
from orchestrator.planning.drafts import Draft, DraftCall, DraftSubTask
from orchestrator.planning.offline.clauses import Token
from orchestrator.planning.offline.lexicon import DOCX, XLSX
from orchestrator.planning.offline.peek import AttachedInput
from orchestrator.planning.offline.values import Value
from tools.spec import file_schema

#: The input that stands for the file, and the question that asks for it.
ABSENT, QUESTION = "attached_file", "q_attached_file"
_POINTING = re.compile(r"\b(?:this|that|these|those|my|our|attached|enclosed|uploaded)\b")
_THE = re.compile(r"\bthe\b")
_FROM_HERE = ("start", "none", "preposition")
#: Nouns of files, by the type that such a file most likely has.
_NOUNS = {
    noun: kind
    for kind, nouns in {
        "image/png": "image picture photo photograph scan screenshot snapshot photos images",
        "text/csv": "csv table spreadsheet data dataset figures sheet",
        XLSX: "xlsx excel workbook",
        "application/pdf": "pdf document report paper letter contract file invoice manual",
        DOCX: "docx",
    }.items()
    for noun in nouns.split()
}


def absent_file(
    tokens: Sequence[Token], values: Sequence[Value], attached: Mapping[str, AttachedInput]
) -> AttachedInput | None:
    """The file that the request points at; None when it brings something else to work on."""
    if attached or any(value.kind in ("url", "quote", "sql") for value in values):
        return None
    here = True
    for token in tokens:
        here = here and token.gap in _FROM_HERE
        kind = _NOUNS.get(token.text.lower()) if token.value is None else None
        if kind and (_POINTING.search(token.between) or (here and _THE.search(token.between))):
            return AttachedInput(ABSENT, (kind,))
    return None


def asking_for_it(draft: Draft, absent: AttachedInput) -> Draft:
    """The draft with one question, for the file; what else is missing shows when the file is known."""
    if not draft.subtasks or draft.uncovered or not any(map(_uses_it, draft.subtasks)):
        return draft
    first = next(one for one in draft.subtasks if _uses_it(one))
    what = "image" if absent.types[0].startswith("image/") else "file"
    text = (
        f"To {first.id.replace('_', ' ')}: which {what} should be used? (Nothing is attached to the request)"
    )
    question = DraftQuestion(
        QUESTION, text, file_schema("image/*") if what == "image" else file_schema(), first.id
    )
    return replace(draft, subtasks=tuple(with_file(draft.subtasks, None)), questions=(question,), nearest=())


def with_file(subtasks: Sequence[DraftSubTask], file: Any) -> list[DraftSubTask]:
    """The sub-tasks with the file that was answered in place of the input that stood for it."""
    return [
        replace(
            one,
            options=tuple(
                replace(option, calls=tuple(_call(call, file) for call in option.calls))
                for option in one.options
            ),
        )
        for one in subtasks
    ]


def _call(call: DraftCall, file: Any) -> DraftCall:
    found = {name: _put(value, file) for name, value in call.arguments.items()}
    return replace(call, arguments={name: value for name, value in found.items() if value is not None})


def _put(value: Any, file: Any) -> Any:
    if _is_it(value):
        return file
    if isinstance(value, list):
        return [part for part in (_put(one, file) for one in value) if part is not None] or None
    return value


def _uses_it(subtask: DraftSubTask) -> bool:
    arguments = (value for call in subtask.options[0].calls for value in call.arguments.values())
    return any(_is_it(one) for value in arguments for one in (value if isinstance(value, list) else [value]))


def _is_it(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get("ref") == f"inputs.{ABSENT}"
