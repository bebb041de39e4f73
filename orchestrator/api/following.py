"""Following a run's events: what many followers wait for is read once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import orjson

from orchestrator.api.schemas.fields import moment, shown
from orchestrator.domain.events import Event, EventType
from orchestrator.domain.run import run_ended
from orchestrator.ports import Signals, Store

#: Seconds after which a silent stream sends a comment, so that proxies keep it open.
HEARTBEAT = 15.0
#: Seconds after which the store is read again although no signal came: a signal may be lost.
PATIENCE = 5.0
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Batch:
    """Events that follow one another, as the bytes of a stream; `ended` when the last one is final."""

    data: bytes
    last: int
    ended: bool


@dataclass(slots=True)
class Followers:
    """The followers of this process. Those that wait for the same next events share one read of the store."""

    store: Store
    signals: Signals
    _reads: dict[tuple[str, int], asyncio.Task[Batch | None]] = field(default_factory=dict)
    #: By run and number: what waits for a signal since before the read that ended at that number.
    _waits: dict[tuple[str, int], asyncio.Task[None]] = field(default_factory=dict)

    async def ended_at(self, run_id: str, number: int) -> bool:
        """Whether nothing follows event `number`: it is the final one, or beyond it. Raises `NotFound`."""
        events = await self.store.events(run_id, after=max(number - 1, 0), limit=2)
        if not events:
            # A number never given out: without this, the stream of an ended run would never end.
            run = (await self.store.view(run_id)).run
            return run_ended(run.status) and number > run.last_event
        return [event.number for event in events] == [number] and _final(events[-1])

    async def stream(self, run_id: str, *, after: int) -> AsyncIterator[bytes]:
        """The bytes of a Server-Sent Events stream, from event `after` + 1 to the final one."""
        loop = asyncio.get_running_loop()
        said = loop.time()
        while True:
            batch = await asyncio.shield(self._next(run_id, after))
            if batch is not None:
                yield batch.data
                after = batch.last
                if batch.ended:
                    return
            elif loop.time() < said + HEARTBEAT:
                continue
            else:
                yield b": still here\n\n"
            said = loop.time()

    def _next(self, run_id: str, after: int) -> asyncio.Task[Batch | None]:
        key = (run_id, after)
        task = self._reads.get(key)
        if task is None:
            task = asyncio.create_task(self._read(run_id, after))
            self._reads[key] = task
            task.add_done_callback(lambda _: self._reads.pop(key, None))
        return task

    async def _read(self, run_id: str, after: int) -> Batch | None:
        """The next events, waiting for them up to `PATIENCE` seconds; None when there are still none."""
        key = (run_id, after)
        if key not in self._waits:
            batch = await self._look(run_id, after)
            if batch is not None:
                return batch
        waiting = self._waits.pop(key, None)
        if waiting is not None:  # without a signal since the read that ended here, nothing has come
            await waiting
        return await self._look(run_id, after)

    async def _look(self, run_id: str, after: int) -> Batch | None:
        """What is there, read once; a wait for what follows it is left behind."""
        # Waiting begins before reading: what is published in between is not missed.
        waiting = asyncio.create_task(self.signals.wait(run_id, timeout=PATIENCE))
        await asyncio.sleep(0)
        try:
            events = await self.store.events(run_id, after=after, limit=_BATCH)
        except BaseException:
            waiting.cancel()
            raise
        more = len(events) == _BATCH
        batch = _batch(events, ended=not more and _final(events[-1])) if events else None
        if more or (batch is not None and batch.ended):
            waiting.cancel()
        else:
            self._keep((run_id, batch.last if batch is not None else after), waiting)
        return batch

    def _keep(self, key: tuple[str, int], waiting: asyncio.Task[None]) -> None:
        """Until it is over, or somebody who has read so far takes it up."""
        self._waits[key] = waiting
        waiting.add_done_callback(lambda _: self._waits.get(key) is waiting and self._waits.pop(key))


def _batch(events: Sequence[Event], *, ended: bool) -> Batch:
    return Batch(b"".join(encoded(event) for event in events), events[-1].number, ended)


def encoded(event: Event) -> bytes:
    """One event as a stream has it."""
    body = {
        "run": event.run_id,
        "number": event.number,
        "type": event.type,
        "at": moment(event.at),
        "data": shown(event.data),
    }
    text = orjson.dumps(body, default=dict)
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.number, event.type.encode(), text)


def _final(event: Event) -> bool:
    """Runs are judged only when they have ended."""
    return event.type in (EventType.RUN_ENDED, EventType.FEEDBACK_GIVEN)
