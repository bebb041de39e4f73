"""Errors of the protocol as errors of a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mcp_types as types
from mcp import MCPError

from tools.errors import (
    AddressForbidden,
    BadArguments,
    BadOutput,
    InputNeeded,
    NotAuthorised,
    ServerFault,
    TimedOut,
    TooLarge,
    ToolError,
    Unavailable,
    Unreachable,
)
from tools.mcp.asking import VISIT_FIRST, asked_in_words, visits_of
from tools.mcp.sanitising import cleaned
from tools.statuses import status_error

#: Under this key `data` of an error says what happened on the way to the server.
TOLD = "toolpath"
_LONGEST = 500
#: What may happen on the way, by code; all else is a failure to reach the server.
_ON_THE_WAY: Mapping[str, type[ToolError]] = {
    one.code: one for one in (AddressForbidden, BadOutput, NotAuthorised, TimedOut, TooLarge, Unavailable)
}
_BY_THE_SERVER: Mapping[int, type[ToolError]] = {
    types.INVALID_PARAMS: BadArguments,
    types.METHOD_NOT_FOUND: Unavailable,
    types.REQUEST_TIMEOUT: TimedOut,
    types.INVALID_REQUEST: BadOutput,
    types.PARSE_ERROR: BadOutput,
    types.MISSING_REQUIRED_CLIENT_CAPABILITY: Unavailable,
    types.UNSUPPORTED_PROTOCOL_VERSION: Unavailable,
}


class Lost(ServerFault):
    """The connection broke after the call was sent: it may have been made."""

    code = "connection_lost"


class SessionOver(Unreachable):
    """The server has forgotten the session: the call was not made, a new session can make it."""

    code = "session_over"


def error_told(error: MCPError, label: str) -> ToolError:
    """What an error over the connection means for the caller. Raises `BadOutput` for a broken one."""
    words = cleaned(error.message, longest=_LONGEST)
    told = error.data.get(TOLD) if isinstance(error.data, Mapping) else None
    if isinstance(told, Mapping):
        return _on_the_way(told, words, label)
    if error.code == VISIT_FIRST:
        asks = visits_of(error.data)
        return InputNeeded(f"{label} wants a page visited first: {asked_in_words(asks)}", asks=asks)
    kind = _BY_THE_SERVER.get(error.code, ServerFault)
    return kind(f"{label} answered: {words}")


def _on_the_way(told: Mapping[str, Any], words: str, label: str) -> ToolError:
    status = told.get("status")
    if status == 404 and told.get("session"):
        return SessionOver(f"{label} has forgotten the session")
    if isinstance(status, int):
        pause = told.get("retry_after")
        headers = {} if pause is None else {"retry-after": str(pause)}
        return status_error(status, headers, host=label, excerpt=words)
    if told.get("sent"):
        return Lost(words)
    return _ON_THE_WAY.get(str(told.get("code")), Unreachable)(words)
