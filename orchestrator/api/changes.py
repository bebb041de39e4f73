"""The stream over all runs: which of them change. It tells where to look; the lists tell the rest."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import threading
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import Annotated

import orjson
from fastapi import APIRouter, Header, Request
from starlette.responses import StreamingResponse

from orchestrator.api.following import HEARTBEAT
from orchestrator.ports import Signals

router = APIRouter(prefix="/v1/runs", tags=["runs"])

#: Seconds in which all changes become one message.
TOGETHER = 0.3
#: The latest changes are kept for who comes back after a break.
_KEPT = 10_000
_RESET = b'id: %s\nevent: reset\ndata: {"runs":[]}\n\n'
_CHANGED = b"id: %s\nevent: changed\ndata: %s\n\n"


class Changes:
    """What this process has lately heard of, in the order in which it heard it."""

    def __init__(self, signals: Signals) -> None:
        # Numbers of another process, or of one before, mean nothing here.
        self._epoch = secrets.token_hex(4)
        self._count = 0
        self._kept: deque[str] = deque(maxlen=_KEPT)
        self._lock = threading.Lock()
        self._waiting: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        signals.listen(self._note)

    async def stream(self, last: str | None) -> AsyncIterator[bytes]:
        """The bytes of a stream that goes on behind message `last`; without end.

        It begins with `reset`, which says to look at everything anew, unless all since `last` is kept.
        """
        number, woken = self._number(last), asyncio.Event()
        self._waiting[woken] = asyncio.get_running_loop()
        try:
            while True:
                woken.clear()
                number, message = self._since(number)
                if message is not None:
                    yield message
                    await asyncio.sleep(TOGETHER)
                elif not await _within(HEARTBEAT, woken):
                    yield b": still here\n\n"
        finally:
            del self._waiting[woken]

    def _note(self, run_ids: Sequence[str]) -> None:
        """From any thread; no ids stand for changes that were missed."""
        with self._lock:
            self._kept.extend(run_ids)
            self._count += len(run_ids)
            if not run_ids:
                self._kept.clear()
                self._count += 1
        for woken, loop in list(self._waiting.items()):
            with contextlib.suppress(RuntimeError):  # that loop is closed
                loop.call_soon_threadsafe(woken.set)

    def _number(self, last: str | None) -> int:
        """How many changes who saw message `last` knows of; below 0 where nobody can say."""
        epoch, _, number = (last or "").partition("-")
        known = (
            epoch == self._epoch and number.isascii() and number.isdigit() and len(number) < len(str(2**63))
        )
        return int(number) if known else -1

    def _since(self, number: int) -> tuple[int, bytes | None]:
        """The number of the latest change, and a message of all behind `number`; None where none is."""
        with self._lock:
            count, missed = self._count, self._count - number
            if missed == 0:
                return count, None
            id = f"{self._epoch}-{count}".encode()
            if number < 0 or not 0 < missed <= len(self._kept):
                return count, _RESET % id
            latest = list(self._kept)[-missed:]
        return count, _CHANGED % (id, orjson.dumps({"runs": list(dict.fromkeys(latest))}))


async def _within(seconds: float, woken: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await woken.wait()
    except TimeoutError:
        return False


@router.get(
    "/changes",
    summary="Follow which runs change",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {"text/event-stream": {"schema": {"$ref": "#/components/schemas/ChangesOut"}}},
            "description": "messages `changed`, and `reset`: some changes may have been missed",
        },
    },
)
async def follow(
    request: Request, last_event_id: Annotated[str | None, Header()] = None
) -> StreamingResponse:
    """Server-Sent Events without end: `changed` names runs, `reset` says to read all that is shown anew.

    A stream begins with `reset` unless `Last-Event-ID` is of a message behind which nothing is forgotten.
    """
    changes: Changes = request.app.state.changes
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(changes.stream(last_event_id), media_type="text/event-stream", headers=headers)
