"""JSON that comes from outside: what of it can be kept and told again as it is."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

from tools.errors import BadOutput, TooLarge

#: Levels of a value; answers wrap what was sent into some more, and JSON writers stop at 254.
DEEPEST = 100
#: Bytes of JSON that a tool may answer with; what is larger belongs into a file.
MAX_INLINE = 4_000_000
_WRITERS_STOP = 254
_NUL_SIGNS = rb"\u0000"
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def unkept(value: Any) -> str | None:
    """What is wrong with JSON that came in, or None: all of it must be kept and told again as it is."""
    return _weighed(value)[0]


def check_inline(value: Any) -> None:
    """Raises `BadOutput` or `TooLarge` for an output that cannot be kept beside its step."""
    fault, size = _weighed(value)
    if fault is not None:
        raise BadOutput(f"the tool's answer cannot be kept: {fault}")
    if size > MAX_INLINE:
        raise too_large()


def too_large() -> TooLarge:
    """The refusal of an answer over the limit."""
    return TooLarge(
        f"the tool's answer is over {MAX_INLINE:,} bytes of JSON: ask for less, or let the tool return a file"
    )


def _weighed(value: Any) -> tuple[str | None, int]:
    """The fault of a value, and its bytes."""
    try:
        written = orjson.dumps(value)
        # The exact looks cost more, so they are had only where there is reason.
        if written.count(b"[") + written.count(b"{") > DEEPEST:
            orjson.dumps(_wrapped(value))
        if b"null" in written:
            json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        if isinstance(error, RecursionError) or "ecursion" in str(error):
            return f"it is nested deeper than {DEEPEST} levels", 0
        return f"it holds a value that JSON cannot hold: {error}", 0
    # The expression is slow, and hardly anything has these signs at all.
    has_nul = _NUL_SIGNS in written and _NUL.search(written) is not None
    return ("it holds the character NUL, which no text may hold" if has_nul else None), len(written)


def _wrapped(value: Any) -> Any:
    for _ in range(_WRITERS_STOP - DEEPEST):
        value = [value]
    return value
