"""Group commit: one thread writes, and everything that waits at that moment shares one commit.

What a person or a sweep asks for while the database's disk is full fails at once. What became of a
call does not: the call has been made, and perhaps paid. It is kept and tried again until there is room.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from orchestrator.errors import StorageFull
from orchestrator.store.engine import DatabaseClock, is_sqlite
from orchestrator.store.faults import first_line, is_away, is_transient, told
from orchestrator.store.journal import Journal

T = TypeVar("T")
log = structlog.get_logger(__name__)

#: At most so many acts share a commit, so that one commit stays short.
LARGEST_GROUP = 512
#: The kind of the acts that record outcomes.
RECORD = "record"
#: Seconds between tries while the database is away or has no room; the first tries come sooner.
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 1.0
#: Seconds after a fault of the database in which nothing is taken from whoever holds it: others could
#: neither prolong their leases nor record what has ended meanwhile, and are at it now.
GRACE = 2.5


@dataclass(slots=True)
class Act:
    """One thing to write. Acts with the same `kind` are handed together to one function.

    `durable` asks for a commit that survives a power cut before the answer is given; `keep` says
    that it must not be forgotten for want of room.
    """

    kind: str
    item: Any
    durable: bool = False
    keep: bool = False
    future: asyncio.Future[Any] | None = None
    loop: asyncio.AbstractEventLoop | None = None
    result: Any = None
    error: BaseException | None = None


#: Writes all items of its kind; answers one result, or exception, for each.
Handler = Callable[[Journal, Sequence[Any]], Sequence[Any]]


class Writer:
    """Owns the one connection that writes. `start` and `stop` bracket its thread."""

    def __init__(
        self,
        engine: Engine,
        clock: DatabaseClock,
        *,
        handlers: dict[str, Handler],
        after_commit: Callable[[set[str], bool], None],
        ring_in: Callable[[float], None],
    ) -> None:
        self._engine = engine
        self._ring_in = ring_in
        self._clock = clock
        self._handlers = handlers
        self._after_commit = after_commit
        self._acts: queue.SimpleQueue[Act | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._connection: Connection | None = None
        self._synchronous = "NORMAL"
        self._stopping = False
        #: What found no room, and when it is tried again (monotonic seconds).
        self._kept: deque[Act] = deque()
        self._pause = FIRST_PAUSE
        self._again_at = 0.0
        self._calm_from = 0.0

    def start(self) -> None:
        """Begin to write."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="toolpath-writer", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Write what has been handed in, then end the thread; without database or room that fails."""
        if self._thread is not None:
            self._stopping = True
            self._acts.put(None)
            self._thread.join()
            self._thread = None

    async def submit(self, kind: str, item: Any, *, durable: bool = False, keep: bool = False) -> Any:
        """The result of `item` once it is committed; raises what its handler raised.

        While there is no room for it `StorageFull` is raised; with `keep` it is waited for.
        """
        loop = asyncio.get_running_loop()
        act = Act(kind, item, durable=durable, keep=keep, future=loop.create_future(), loop=loop)
        self._acts.put(act)
        assert act.future is not None
        return await act.future

    # --- the thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            acts, last = self._take()
            self._write_all(acts)
            if self._kept and (last or time.monotonic() >= self._again_at):
                self._write_kept()
            if last:
                break
        self._drop_connection()

    def _take(self) -> tuple[list[Act], bool]:
        """What waits now, and whether the end was asked for; nothing when what was kept is due first."""
        acts: list[Act] = []
        try:
            patience = max(0.0, self._again_at - time.monotonic()) if self._kept else None
            item = self._acts.get(timeout=patience)
        except queue.Empty:
            return acts, False
        while True:
            if item is None:
                return acts, True
            acts.append(item)
            if len(acts) >= LARGEST_GROUP:
                return acts, False
            try:
                item = self._acts.get_nowait()
            except queue.Empty:
                return acts, False

    def _write_all(self, acts: Sequence[Act]) -> None:
        """Outcomes lock their runs in order and beliefs last; with other acts in the same transaction,
        which lock runs as they come, two processes would deadlock.
        """
        for group in ([a for a in acts if a.kind == RECORD], [a for a in acts if a.kind != RECORD]):
            if group:
                self._write(group)

    def _write(self, acts: list[Act]) -> None:
        """Write a group, trying again while the database is away; then answer everyone."""
        pause = FIRST_PAUSE
        while True:
            try:
                group = self._try(acts)
            except DBAPIError as fault:
                if not self._may_try_again(fault):
                    self._write_apart(acts, told(fault))
                    return
                if self._stopping:
                    self._fail(acts, fault)
                    return
                log.warning("database.away", error=first_line(fault), acts=len(acts), pause=pause)
                time.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            except Exception as fault:  # noqa: BLE001 - whoever handed it in is told, and it is logged there
                self._write_apart(acts, fault)
                return
            else:
                self._answer(acts)
                self._after_commit(group.changed, group.ring)
                if group.ring_at is not None:
                    self._ring_in(group.ring_at - group.now)
                return

    def _write_apart(self, acts: list[Act], fault: Exception) -> None:
        """One bad act must not undo the others of its group: halve the group until it stands alone."""
        if isinstance(fault, StorageFull):
            self._calm_from = time.monotonic() + GRACE
            acts = self._keep(acts)
        elif len(acts) > 1:
            half = len(acts) // 2
            self._write(acts[:half])
            self._write(acts[half:])
            return
        self._drop_connection()
        if acts:
            self._fail(acts, fault)
            log.error("database.write_failed", acts=len(acts), exc_info=fault)

    def _keep(self, acts: list[Act]) -> list[Act]:
        """Put by what must not be forgotten, to try it again later; answers the rest of the acts."""
        kept = [] if self._stopping else [act for act in acts if act.keep]
        if kept:
            self._kept.extend(kept)
            self._again_at = time.monotonic() + self._pause
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
        return [act for act in acts if self._stopping or not act.keep]

    def _write_kept(self) -> None:
        """One act alone, since it may be the only one that does not fit; once it is written, the others."""
        kept, self._kept = self._kept, deque()
        log.warning("database.full", kept=len(kept), pause=self._pause)
        first = kept.popleft()
        self._write([first])
        if self._kept:
            self._kept.extendleft(reversed(kept))
            return
        self._pause = FIRST_PAUSE
        self._write_all(kept)

    def _try(self, acts: list[Act]) -> Journal:
        connection = self._open()
        self._set_durability(connection, any(act.durable for act in acts))
        with connection.begin():
            calm = time.monotonic() >= self._calm_from
            group = Journal(connection, self._clock.now(connection), calm=calm)
            for kind, handler in self._handlers.items():
                _handle(handler, group, [act for act in acts if act.kind == kind])
            group.flush()
        return group

    def _open(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect().execution_options(writes=True)
        return self._connection

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        self._synchronous = "NORMAL"
        if connection is not None:
            try:
                connection.invalidate()
                connection.close()
            except Exception:
                log.debug("database.close_failed", exc_info=True)

    def _set_durability(self, connection: Connection, durable: bool) -> None:
        """SQLite only: an fsync for each commit costs ten times as much, so only where it is asked for."""
        wanted = "FULL" if durable else "NORMAL"
        if is_sqlite(connection) and wanted != self._synchronous:
            raw: Any = connection.connection.dbapi_connection
            raw.execute(f"PRAGMA synchronous={wanted}")
            self._synchronous = wanted

    def _may_try_again(self, fault: DBAPIError) -> bool:
        if is_transient(fault):
            return True
        gone = is_away(fault)
        if gone:
            self._calm_from = time.monotonic() + GRACE
            self._drop_connection()
        return gone

    def _answer(self, acts: Sequence[Act]) -> None:
        """Wake the waiting tasks: one call into each event loop, not one per act."""
        loops: dict[asyncio.AbstractEventLoop, list[Act]] = {}
        for act in acts:
            if act.loop is not None:
                loops.setdefault(act.loop, []).append(act)
        for loop, mine in loops.items():
            try:
                loop.call_soon_threadsafe(_settle, mine)
            except RuntimeError:  # the loop has ended; what was written is written
                log.debug("writer.loop_closed", acts=len(mine))

    def _fail(self, acts: Sequence[Act], fault: BaseException) -> None:
        for act in acts:
            act.result, act.error = None, fault
        self._answer(acts)


def _handle(handler: Handler, group: Journal, acts: Sequence[Act]) -> None:
    if not acts:
        return
    for act, result in zip(acts, handler(group, [act.item for act in acts]), strict=True):
        failed = isinstance(result, BaseException)
        act.result, act.error = (None, result) if failed else (result, None)


def _settle(acts: Sequence[Act]) -> None:
    for act in acts:
        if act.future is None or act.future.done():
            continue
        if act.error is not None:
            act.future.set_exception(act.error)
        else:
            act.future.set_result(act.result)
