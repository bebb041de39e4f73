from __future__ import annotations

import pytest

from orchestrator.planning.offline.negations import without_denied
from orchestrator.planning.offline.values import Value


def _is_demand(text: str) -> bool:
    return text.startswith(("translat", "summar"))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Read it aloud. Don't translate it.", "Read it aloud. ."),
        ("List the keywords, no summary needed", "List the keywords"),
        ("Save it without summarising or translating it", "Save it"),
        ("Save it as DOCX, not as a PDF", "Save it as DOCX"),
        ("Only the gist, nothing else", "Only the gist,"),
    ],
)
def test_what_is_denied_is_not_asked_for(text: str, left: str):
    found = without_denied(text, (), _is_demand)
    assert len(found) == len(text)
    assert " ".join(found.split()) == left


@pytest.mark.parametrize(
    "text", ["List links but don't include internal ones", "Keep rows where the language is not Spanish"]
)
def test_a_condition_on_the_work_stays(text: str):
    assert without_denied(text, (), _is_demand) == text


def test_quoted_words_stay():
    text = 'Say "don\'t translate it"'
    quote = Value("quote", ("text",), text[5:-1], 4, len(text))
    assert without_denied(text, (quote,), _is_demand) == text
