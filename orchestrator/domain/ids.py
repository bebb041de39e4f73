"""Names for new things: sortable by the time they were made, and not to be guessed."""

from __future__ import annotations

import secrets
import time

#: Crockford's base 32 in small letters: no i, l, o, u to be misread.
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
_TIME_DIGITS = 10  # 48 bits of milliseconds, good until the year 10889
_RANDOM_DIGITS = 14  # 70 random bits


def new_id(prefix: str, *, now: float | None = None) -> str:
    """`<prefix>_` and 24 digits; ids made in different milliseconds sort by time."""
    milliseconds = int((time.time() if now is None else now) * 1000)
    random = secrets.randbits(5 * _RANDOM_DIGITS)
    return f"{prefix}_{_base32(milliseconds, _TIME_DIGITS)}{_base32(random, _RANDOM_DIGITS)}"


def _base32(number: int, digits: int) -> str:
    text = ""
    for _ in range(digits):
        number, digit = divmod(number, 32)
        text = _DIGITS[digit] + text
    return text
