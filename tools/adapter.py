"""The one way to call a tool, whatever its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tools.asking import Answers
from tools.masking import Mask
from tools.spec import File, Json, ToolCall, ToolResult


class Files(Protocol):
    """Where files of a call come from and go to; the store of artifacts stands behind it."""

    async def load(self, artifact: str) -> File:
        """The file with that id, on this machine's disk, for reading only.

        Raises `BadInputFile` when there is none.
        """
        ...

    async def save(self, path: Path, *, media_type: str, name: str) -> Mapping[str, Json]:
        """Keep the file for good; answers the reference to put into an output."""
        ...


def _no_progress(_share: float, _message: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Exchange:
    """What one call sent and got, as excerpts for people: JSON, cut and without secrets.

    `error` is the message of the call's failure; `reply` is None then.
    """

    tool: str
    request: str
    reply: str | None
    error: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class CallContext:
    """What a call may use besides its arguments.

    Cancellation is the cancellation of the task that awaits the call: an adapter that is
    cancelled stops what it started (kills the process, closes the connection) before it returns.
    """

    #: The same on every attempt of the same step with the same arguments.
    idempotency_key: str
    files: Files
    #: An empty folder of this call; removed afterwards.
    scratch: Path
    #: Total seconds the call may take.
    timeout: float = 60.0
    #: W3C trace context, handed on to the peer.
    traceparent: str | None = None
    #: Values of the secrets that `tools.auth.secret_names` lists, looked up at the last moment; never logged.
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: What the call itself makes of them (access tokens): adapters add to it, and it is masked as they are.
    derived: list[str] = field(default_factory=list, repr=False)
    #: What persons answered to earlier calls of the same step, which asked in their middle; oldest first.
    answers: tuple[Answers, ...] = ()
    progress: Callable[[float, str], None] = _no_progress
    #: GPU-seconds of each try that was made at a model's replicas: adapters add to it, since a call that
    #: fails, or is ended, has taken them too.
    gpu_seconds: list[float] = field(default_factory=list, repr=False)
    #: Gets the record of the call when it is over, however it ended.
    record: Callable[[Exchange], None] | None = None
    #: The last mask, with how much had been derived then: making one costs more than using it.
    _masks: list[tuple[int, Mask]] = field(default_factory=list, repr=False, init=False)

    @property
    def mask(self) -> Mask:
        """Takes the secrets, and what the call has made of them so far, out of what comes back."""
        if not self._masks or self._masks[0][0] != len(self.derived):
            self._masks[:] = [(len(self.derived), Mask((*self.secrets.values(), *self.derived)))]
        return self._masks[0][1]


class Adapter(Protocol):
    """Calls tools of one kind."""

    async def call(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Make the call. Raises `ToolError` and nothing else (but cancellation)."""
        ...
