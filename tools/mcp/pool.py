"""The sessions of this process: kept warm, few, and opened anew when they have ended."""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from tools.errors import RateLimited, ToolError, Unavailable, Unreachable
from tools.mcp.clients import Opener, http_opener, stdio_opener
from tools.mcp.complaints import Complaints
from tools.mcp.servers import Address, StdioServer, session_key, unknown
from tools.mcp.session import Session
from tools.net import Net

#: Seconds after which a session that nobody uses is closed.
IDLE_SECONDS = 300.0
#: Sessions open at once.
MOST_SESSIONS = 32
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0


@dataclass(slots=True)
class _Slot:
    """The place of one server: its session, and how often in a row it could not be opened."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    session: Session | None = None
    failures: int = 0
    not_before: float = -math.inf

    def used(self, since: float) -> bool:
        """Whether it has, or is getting, a session, or could not get one since then."""
        alive = self.session is not None and self.session.alive
        return alive or self.lock.locked() or self.not_before > since


class Sessions:
    """Opens, shares and closes sessions. `servers` are the programs that the operator has named."""

    def __init__(
        self,
        net: Net,
        servers: Mapping[str, StdioServer],
        *,
        most: int = MOST_SESSIONS,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._net = net
        self._servers = servers
        self._most = most
        self._idle_seconds = idle_seconds
        self._slots: dict[str, _Slot] = {}
        self._alone: set[Session] = set()
        self._salt = os.urandom(32)
        self._closed = False

    async def get(
        self,
        address: Address,
        *,
        auth: Mapping[str, object],
        secrets: Mapping[str, str],
        headers: Mapping[str, str],
    ) -> Session:
        """A session that is ready, shared by those whose `secrets`, which `auth` names, have the same values.

        Requests over the network carry `headers`. Raises `ToolError`.
        """
        key = session_key(address, auth, secrets, salt=self._salt)
        if key not in self._slots:
            self._forget()
        slot = self._slots.setdefault(key, _Slot())
        async with slot.lock:
            session = slot.session
            if session is None or not session.alive:
                session = await self._open(slot, address, headers)
            session.headers.update(headers)
            session.used_at = time.monotonic()
            return session

    async def alone(self, address: Address, headers: Mapping[str, str]) -> Session:
        """A session for one caller, who retires it. Raises `ToolError`."""
        self._alone = {session for session in self._alone if session.alive}
        slot = _Slot()
        session = await self._open(slot, address, headers)
        self._alone.add(session)
        return session

    async def aclose(self) -> None:
        """End every session, and open none any more."""
        self._closed = True
        sessions = [slot.session for slot in self._slots.values() if slot.session is not None]
        sessions += self._alone
        await asyncio.gather(*(session.close() for session in sessions))
        self._slots.clear()

    async def _open(self, slot: _Slot, address: Address, headers: Mapping[str, str]) -> Session:
        if self._closed:
            raise Unreachable("the service is being stopped")
        rest = slot.not_before - time.monotonic()
        if rest > 0:
            words = f"{address.label} could not be started; it is tried again in {rest:.1f} s"
            raise RateLimited(words, retry_after=rest)
        self._make_room()
        session = self._new(address, headers)
        slot.session = session
        try:
            await session.ready()
        except ToolError:
            slot.session = None
            slot.failures += 1
            slot.not_before = time.monotonic() + min(_FIRST_PAUSE * 2 ** (slot.failures - 1), _LONGEST_PAUSE)
            raise
        except BaseException:
            session.retire()
            raise
        slot.failures = 0
        return session

    def _new(self, address: Address, headers: Mapping[str, str]) -> Session:
        opener, complaints = self._opener(address)
        session = Session(address, open_client=opener, complaints=complaints, idle_seconds=self._idle_seconds)
        session.headers.update(headers)
        return session

    def _opener(self, address: Address) -> tuple[Opener, Complaints]:
        if address.server is None:
            return http_opener(self._net, address.url or ""), Complaints()
        server = self._servers.get(address.server)
        if server is None:
            raise Unavailable(unknown(address.server, self._servers))
        return stdio_opener(server), Complaints(server.env.values())

    def _forget(self) -> None:
        """Drop the places of sessions that are over, except of those that could not be opened of late."""
        since = time.monotonic() - _LONGEST_PAUSE
        self._slots = {key: slot for key, slot in self._slots.items() if slot.used(since)}

    def _make_room(self) -> None:
        """Retire who has been idle longest. Raises `RateLimited` when all are busy."""
        open_ones = [slot.session for slot in self._slots.values() if slot.session and slot.session.alive]
        if len(open_ones) < self._most:
            return
        idle = [session for session in open_ones if not session.in_flight]
        if not idle:
            raise RateLimited(f"all {self._most} MCP sessions are in use", retry_after=1.0)
        min(idle, key=lambda session: session.used_at).retire()
