"""Everything that can go wrong with a call, sorted by what the caller should do next.

ToolError
├── TryAgain             the same call may work later
│   ├── TimedOut         the total time limit passed
│   ├── Unreachable      no connection, or it broke
│   ├── RateLimited      the peer said "too many", perhaps with a pause
│   └── ServerFault      the peer failed (5xx), or a tool process died
├── FixTheCall           another try with the same arguments is useless
│   ├── BadArguments     the arguments do not fit the input schema, or the tool refused them
│   └── BadInputFile     a file of the wrong type, or one that cannot be read
├── UseAnother           this tool cannot serve, another one may
│   ├── BadOutput        the reply does not fit the output schema, or is not what was asked for
│   ├── Unavailable      a program, a function or an endpoint is missing
│   └── TooLarge         the reply is over the size limit
└── Forbidden            policy says no: never try it again, and tell a person
    ├── AddressForbidden the address is private, or its name does not resolve to a public one
    └── NotAuthorised    the peer wants other credentials
"""

from __future__ import annotations

#: Characters of a message.
_LONGEST = 2_000


class ToolError(Exception):
    """A call failed; the message is for people and holds no secret."""

    #: A short, stable word for records and problem documents.
    code = "tool_error"
    #: Whether the same call may be made again with hope.
    retryable = False

    def __init__(self, message: str = "") -> None:
        super().__init__(_told(message))


class TryAgain(ToolError):
    """The same call may work later; `retry_after` is a pause in seconds the peer asked for."""

    code = "try_again"
    retryable = True

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TimedOut(TryAgain):
    """The call's total time limit passed."""

    code = "timed_out"


class Unreachable(TryAgain):
    """No connection could be made, or it broke before the reply was whole."""

    code = "unreachable"


class RateLimited(TryAgain):
    """The peer asks for fewer calls."""

    code = "rate_limited"


class ServerFault(TryAgain):
    """The peer failed, or the process that ran the tool died."""

    code = "server_fault"


class FixTheCall(ToolError):
    """Another try with the same arguments is useless."""

    code = "fix_the_call"


class BadArguments(FixTheCall):
    """The arguments do not fit; `paths` names the bad ones, as JSON pointers."""

    code = "bad_arguments"

    def __init__(self, message: str, *, paths: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.paths = paths


class BadInputFile(FixTheCall):
    """A file is of the wrong type, empty, or cannot be read."""

    code = "bad_input_file"


class UseAnother(ToolError):
    """This tool cannot serve; another one may."""

    code = "use_another"


class BadOutput(UseAnother):
    """The reply does not fit the output schema."""

    code = "bad_output"


class Unavailable(UseAnother):
    """Something the tool needs is missing; the message says how to install it."""

    code = "unavailable"


class TooLarge(UseAnother):
    """The reply is larger than allowed."""

    code = "too_large"


class Forbidden(ToolError):
    """Policy says no."""

    code = "forbidden"


class AddressForbidden(Forbidden):
    """The address is not one that this service may dial."""

    code = "address_forbidden"


class NotAuthorised(Forbidden):
    """The peer refused our credentials."""

    code = "not_authorised"


def _told(message: str) -> str:
    """The words of a peer or a tool may hold what no database keeps, and have no end."""
    cut = message if len(message) <= _LONGEST else f"{message[: _LONGEST - 1]}…"
    return cut.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", errors="replace").decode()
