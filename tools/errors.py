"""Everything that can go wrong with a call, sorted by what the caller should do next.

ToolError
├── TryAgain             the same call may work later
│   ├── TimedOut         the total time limit passed
│   ├── Unreachable      no connection, or it broke
│   ├── RateLimited      the peer said "too many", perhaps with a pause
│   ├── ServerFault      the peer failed (5xx), or a tool process died
│   └── NoRoom           the disk of the call's files is full, or their quota used up
├── FixTheCall           another try with the same arguments is useless
│   ├── BadArguments     the arguments do not fit the input schema, or the tool refused them
│   ├── InputNeeded      the tool asks for more than its arguments, in the middle of the call
│   └── BadInputFile     a file of the wrong type, or one that cannot be read
├── UseAnother           this tool cannot serve, another one may
│   ├── BadOutput        the reply does not fit the output schema, or is not what was asked for
│   ├── Unavailable      a program, a function or an endpoint is missing
│   └── TooLarge         the reply is over the size limit
└── Forbidden            policy says no: never try it again, and tell a person
    ├── AddressForbidden the address is private, or its name does not resolve to a public one
    ├── SecretExposed    the call would carry a secret in plain text over the internet
    ├── NotAuthorised    the peer wants other credentials
    ├── DefinitionChanged the server defines the tool otherwise than was approved
    └── MaybeDone        the call was cut off, and must not be made twice
"""

from __future__ import annotations

import errno
import os

from tools.asking import Ask
from tools.spec import Usage

_FULL = (errno.ENOSPC, errno.EDQUOT)
#: Characters of a message.
_LONGEST = 2_000


class ToolError(Exception):
    """A call failed; the message is for people and holds no secret."""

    #: A short, stable word for records and problem documents.
    code = "tool_error"
    #: Whether the same call may be made again with hope.
    retryable = False
    #: What the call took before it failed, where that is known.
    usage: Usage | None = None

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


class NoRoom(TryAgain):
    """The disk that the call's files are on is full, which is no fault of the tool's."""

    code = "storage_full"

    def __init__(self, message: str, *, retry_after: float | None = 5.0) -> None:
        super().__init__(message, retry_after=retry_after)


class FixTheCall(ToolError):
    """Another try with the same arguments is useless."""

    code = "fix_the_call"


class BadArguments(FixTheCall):
    """The arguments do not fit; `paths` names the bad ones, as JSON pointers."""

    code = "bad_arguments"

    def __init__(self, message: str, *, paths: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.paths = paths


class InputNeeded(FixTheCall):
    """The tool asks something of a person in the middle of the call; the message says what.

    With the answers to `asks`, and `state`, which belongs to them, the call can be made again.
    """

    code = "input_needed"

    def __init__(self, message: str, *, asks: tuple[Ask, ...] = (), state: str | None = None) -> None:
        super().__init__(message)
        self.asks = asks
        self.state = state


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


class SecretExposed(Forbidden):
    """A secret would travel in plain text; nothing was sent."""

    code = "secret_exposed"


class NotAuthorised(Forbidden):
    """The peer refused our credentials."""

    code = "not_authorised"


class DefinitionChanged(Forbidden):
    """The tool is no longer what was approved; nothing was called."""

    code = "definition_changed"


class MaybeDone(Forbidden):
    """The call was cut off after it was sent, and its effect must not happen twice."""

    code = "maybe_done"


def no_room(error: BaseException, name: str) -> NoRoom | None:
    """A full disk, or a used-up quota, as what it is; None for any other exception.

    Libraries raise exceptions of their own for it: with the system's as their cause, or in its words.
    """
    cause: BaseException | None = error
    while cause is not None:
        if any(getattr(cause, "errno", None) == one or os.strerror(one) in str(cause) for one in _FULL):
            return NoRoom(f"{name} found no room for its files; free space in the data folder and retry")
        cause = cause.__cause__ or cause.__context__
    return None


def _told(message: str) -> str:
    """The words of a peer or a tool may hold what no database keeps, and have no end."""
    cut = message if len(message) <= _LONGEST else f"{message[: _LONGEST - 1]}…"
    return cut.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", errors="replace").decode()
