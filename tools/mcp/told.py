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
    NotAuthorised,
    ServerFault,
    TimedOut,
    TooLarge,
    ToolError,
    Unavailable,
    Unreachable,
)
from tools.mcp.sanitising import cleaned
from tools.statuses import status_error

#: Under this key `data` of an error says what happened on the way to the server.
TOLD = "toolpath"
_LONGEST = 500
#: Fields of a question that are named.
_FIELDS = 20
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
    """What an error over the connection means for the caller."""
    words = cleaned(error.message, longest=_LONGEST)
    told = error.data.get(TOLD) if isinstance(error.data, Mapping) else None
    if isinstance(told, Mapping):
        return _on_the_way(told, words, label)
    kind = _BY_THE_SERVER.get(error.code, ServerFault)
    return kind(f"{label} answered: {words}")


def question_of(params: types.ElicitRequestParams) -> str:
    """What a server asks of a person, in words."""
    words = cleaned(params.message, longest=_LONGEST)
    if isinstance(params, types.ElicitRequestURLParams):
        return f"{words} (at {cleaned(params.url, longest=_LONGEST)})"
    fields = params.requested_schema.get("properties", {})
    wanted = ", ".join(cleaned(str(name), longest=100) for name in list(fields)[:_FIELDS])
    return f"{words} ({wanted})" if wanted else words


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
