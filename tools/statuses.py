"""What an HTTP status means for the caller."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from tools.errors import BadArguments, BadOutput, NotAuthorised, RateLimited, ServerFault, ToolError

#: Longer pauses than a day are a mistake of the peer.
_LONGEST_PAUSE = 86_400.0


def status_error(status: int, headers: Mapping[str, str], *, host: str, excerpt: str = "") -> ToolError:
    """The error for a status that is no success; `excerpt` of the body holds no secret."""
    words = f"{host} answered {status}"
    details = f"{words}: {excerpt}" if excerpt else words
    pause = retry_after(headers)
    if status in (401, 403, 407):
        return NotAuthorised(f"{details} (check the tool's credentials)")
    if status in (425, 429):
        return RateLimited(details, retry_after=pause)
    if status == 408 or status >= 500:
        return ServerFault(details, retry_after=pause)
    return BadArguments(details) if status >= 400 else BadOutput(details)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by the header Retry-After, in both its forms (RFC 9110, 10.2.3); None without one."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = _seconds_until(text)
    return min(max(seconds, 0.0), _LONGEST_PAUSE) if math.isfinite(seconds) else None


def _seconds_until(date: str) -> float:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return math.nan
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - datetime.now(UTC)).total_seconds()
