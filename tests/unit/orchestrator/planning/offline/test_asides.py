from __future__ import annotations

import pytest

from orchestrator.planning.offline.asides import asides


def _said(text: str) -> list[str]:
    return [text[start:end].strip() for start, end in asides(text)]


@pytest.mark.parametrize(
    ("text", "aside"),
    [
        ("I'm too busy to read. Sum it up.", "I'm too busy to read"),
        ("Here is a picture. Read it.", "Here is a picture"),
        ("The CSV lists sales. Plot them.", "The CSV lists sales"),
        ("I photographed a sign. Read it to me.", "I photographed a sign"),
        ("Make a file I can open", "I can open"),
        ("Sum it up because my boss is waiting", "because my boss is waiting"),
    ],
)
def test_statements_and_reasons_are_set_aside(text: str, aside: str):
    assert _said(text) == [aside]


@pytest.mark.parametrize(
    "text", ["Plot the sales", "I want a chart. Make it blue.", "Can you plot this?", "This is it"]
)
def test_demands_are_kept(text: str):
    assert _said(text) == []
