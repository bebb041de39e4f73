"""What has a known shape in a text."""

from __future__ import annotations

import time

import pytest

from tools.builtin.patterns import _PATTERNS, extract_patterns
from tools.errors import BadArguments

NOTE = (
    "Write to ada@example.org or bob.smith+x@mail.example.co.uk, "
    "see https://example.org/a?b=1, (http://x.org). "
    "Due 3 May 2024 or 2024-01-02 or June 5, 2025; costs $1,200.50, 5 euros or EUR 30. "
    "Growth 30 %, -12.5 or 1,000. Call +49 171 234567 or 555-123-4567. #solar ada@example.org"
)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("email", ["ada@example.org", "bob.smith+x@mail.example.co.uk"]),
        ("url", ["https://example.org/a?b=1", "http://x.org"]),
        ("date", ["3 May 2024", "2024-01-02", "June 5, 2025"]),
        ("money", ["$1,200.50", "5 euros", "EUR 30"]),
        ("phone", ["+49 171 234567", "555-123-4567"]),
        ("hashtag", ["#solar"]),
    ],
)
def test_each_kind_is_found_once_and_in_order(kind: str, expected: list[str]) -> None:
    assert extract_patterns(NOTE, kind) == {"matches": expected, "count": len(expected)}


def test_numbers_keep_sign_and_percent() -> None:
    assert {"30 %", "-12.5", "1,000"} <= set(extract_patterns(NOTE, "number")["matches"])


def test_repeats_are_kept_when_asked() -> None:
    assert extract_patterns(NOTE, "email", distinct=False)["count"] == 3


@pytest.mark.parametrize("kind", list(_PATTERNS))
@pytest.mark.parametrize(
    "hostile", ["a@" * 20_000, "1," * 20_000, "1 " * 20_000, "a." * 20_000, "$1" * 20_000, "(1" * 9_000]
)
def test_a_hostile_text_takes_no_long_time(kind: str, hostile: str) -> None:
    start = time.perf_counter()
    extract_patterns(hostile, kind)
    assert time.perf_counter() - start < 2


def test_an_empty_text_is_refused() -> None:
    with pytest.raises(BadArguments):
        extract_patterns("", "email")
