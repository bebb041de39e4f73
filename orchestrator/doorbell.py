"""Bells and signals: local for the embedded service, Celery by name and Redis for production."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import redis
import structlog

if TYPE_CHECKING:
    from celery import Celery

log = structlog.get_logger(__name__)

#: The task that rings a worker, and the Redis channel that tells of new events.
RING_TASK = "toolpath.ring"
CHANNEL = "toolpath:events"

#: Seconds between two messages that ring: sending one costs a millisecond of this process.
BETWEEN_RINGS = 0.02
#: Seconds between two messages that tell of new events; many commits in a short time share one.
BETWEEN_SIGNALS = 0.005
#: Seconds Celery waits before it takes a message for lost; long, since the lease in SQL decides.
VISIBILITY = 3600
#: What client and worker must agree on. Early acknowledgement: a message is only a bell.
CELERY_OPTIONS: dict[str, Any] = {
    "task_acks_late": False,
    "task_reject_on_worker_lost": False,
    "task_ignore_result": True,
    "task_create_missing_queues": True,
    "task_serializer": "json",
    "accept_content": ["json"],
    "worker_prefetch_multiplier": 1,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "worker_send_task_events": False,
    "worker_soft_shutdown_timeout": 30,
    "worker_enable_soft_shutdown_on_idle": True,
    "broker_connection_retry_on_startup": True,
    "redis_max_connections": 64,
    "broker_transport_options": {
        "visibility_timeout": VISIBILITY,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 30,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "retry_on_timeout": True,
        "health_check_interval": 25,
        "max_connections": 64,
        "global_keyprefix": "toolpath:",
    },
    "task_publish_retry_policy": {
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.1,
        "interval_max": 0.2,
    },
}


def celery_app(broker_url: str) -> Celery:
    """A Celery application for this broker; importing Celery is left to those who have one."""
    from celery import Celery  # noqa: PLC0415

    app = Celery("toolpath", broker=broker_url)
    app.conf.update(CELERY_OPTIONS)
    return app


class LocalDoorbell:
    """Rings a runner of the same process, if there is one."""

    def __init__(self) -> None:
        self._wake: Callable[[], None] | None = None

    def answer(self, wake: Callable[[], None]) -> None:
        """From now on `ring` calls `wake`."""
        self._wake = wake

    def ring(self) -> None:
        """Wake the runner."""
        if self._wake is not None:
            self._wake()

    def stop(self) -> None:
        """Nothing to end."""


class CeleryDoorbell:
    """Sends the ring task by name; many rings in a short time become one message a queue.

    The first is sent at once, those of the next `BETWEEN_RINGS` seconds together.

    A thread of its own sends, since a broker that is away must not hold up a commit.
    """

    def __init__(self, broker_url: str, queues: Sequence[str], *, local: LocalDoorbell) -> None:
        self._broker_url, self._queues, self._local = broker_url, tuple(queues), local
        self._wanted = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._send, name="toolpath-bell", daemon=True)
        self._thread.start()

    def ring(self) -> None:
        """Wake this process's runner, and tell one worker for each queue."""
        self._local.ring()
        self._wanted.set()

    def stop(self) -> None:
        """End the sending thread."""
        self._stopping.set()
        self._wanted.set()
        self._thread.join(timeout=5)

    def _send(self) -> None:
        app = celery_app(self._broker_url)
        while True:
            self._wanted.wait()
            if self._stopping.is_set():
                app.close()
                return
            self._wanted.clear()
            for queue in self._queues:
                try:
                    app.send_task(RING_TASK, queue=queue, expires=60)
                except Exception as error:  # noqa: BLE001 - whatever it is, the sweeper rings again
                    log.warning("bell.not_heard", queue=queue, error=type(error).__name__)
            self._stopping.wait(BETWEEN_RINGS)


class LocalSignals:
    """Tells followers in the same process."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listeners: list[Callable[[Sequence[str]], None]] = []

    async def start(self) -> None:
        """Remember the loop that followers wait on."""
        self._loop = asyncio.get_running_loop()

    async def stop(self) -> None:
        """Wake everybody who waits."""
        self._tell(list(self._waiting))

    def listen(self, told: Callable[[Sequence[str]], None]) -> None:
        """From now on call `told` with all that is published."""
        self._listeners.append(told)

    def publish(self, run_ids: Sequence[str]) -> None:
        """Wake those who follow one of the runs."""
        self._say(run_ids)
        loop = self._loop
        followed = [run_id for run_id in run_ids if run_id in self._waiting]
        if loop is None or not followed:
            return
        try:
            loop.call_soon_threadsafe(self._tell, followed)
        except RuntimeError:
            log.debug("signals.loop_closed")

    def _say(self, run_ids: Sequence[str]) -> None:
        for told in self._listeners:
            told(run_ids)

    def _tell(self, run_ids: Sequence[str]) -> None:
        for run_id in run_ids:
            for event in self._waiting.get(run_id, ()):
                event.set()

    async def wait(self, run_id: str, *, timeout: float) -> None:
        """Until something is published for the run, or the time is over."""
        event = asyncio.Event()
        waiting = self._waiting.setdefault(run_id, set())
        waiting.add(event)
        try:
            async with asyncio.timeout(timeout):
                await event.wait()
        except TimeoutError:
            return
        finally:
            waiting.discard(event)
            if not waiting:
                self._waiting.pop(run_id, None)


class RedisSignals(LocalSignals):
    """Tells followers in all processes: one subscription a process, one message a commit."""

    def __init__(self, broker_url: str) -> None:
        super().__init__()
        self._url = broker_url
        self._changed: set[str] = set()
        self._lock = threading.Lock()
        self._wanted = threading.Event()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._send, name="toolpath-signal-out", daemon=True),
            threading.Thread(target=self._listen, name="toolpath-signal-in", daemon=True),
        ]

    async def start(self) -> None:
        """Begin to send and to listen."""
        await super().start()
        for thread in self._threads:
            thread.start()

    async def stop(self) -> None:
        """End both threads."""
        self._stopping.set()
        self._wanted.set()
        await super().stop()
        for thread in self._threads:
            if thread.is_alive():
                await asyncio.to_thread(thread.join, 5)

    def publish(self, run_ids: Sequence[str]) -> None:
        """Tell this process at once, the others by Redis."""
        super().publish(run_ids)
        with self._lock:
            self._changed.update(run_ids)
        self._wanted.set()

    def _send(self) -> None:
        client = redis.Redis.from_url(self._url, socket_connect_timeout=5, socket_timeout=5)
        while True:
            self._wanted.wait()
            if self._stopping.is_set():
                client.close()
                return
            self._wanted.clear()
            with self._lock:
                changed, self._changed = self._changed, set()
            try:
                client.publish(CHANNEL, " ".join(changed))
            except redis.RedisError as error:
                # Followers also look by themselves, only less often.
                log.warning("signals.not_sent", error=type(error).__name__)
            self._stopping.wait(BETWEEN_SIGNALS)

    def _listen(self) -> None:
        client = redis.Redis.from_url(self._url, socket_connect_timeout=5, socket_timeout=None)
        while not self._stopping.is_set():
            try:
                self._hear(client)
            except redis.RedisError as error:
                log.warning("signals.not_heard", error=type(error).__name__)
                self._stopping.wait(1.0)
        client.close()

    def _hear(self, client: redis.Redis) -> None:
        with client.pubsub(ignore_subscribe_messages=True) as subscription:  # type: ignore[no-untyped-call]
            subscription.subscribe(CHANNEL)
            self._say(())  # what was published before is missed
            while not self._stopping.is_set():
                message = subscription.get_message(timeout=1.0)
                if message is not None:
                    super().publish(message["data"].decode().split())
