"""What processes tell each other of the replicas they call, so that all choose by the whole load.

Without a broker there is one process and nothing to tell. Each process keeps one short-lived key in
Redis and reads those of the others a few times a second; whoever dies takes its load along within
seconds. When Redis is away each process goes by what it knows itself.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import orjson
import redis.asyncio as redis
from redis.exceptions import RedisError

_PREFIX = "toolpath:loads:"
_MEMBERS = "toolpath:loads"
#: Seconds that a word counts.
_COUNTS = 3.0

#: What a process knows of replicas (`LiveReplica.snapshot`), by the endpoint's name and their address.
Known = Mapping[str, Mapping[str, Any]]


class Loads(Protocol):
    """Where processes meet."""

    async def exchange(self, mine: Known) -> list[Known]:
        """Tell the others, and hear what each of them knows. Never raises."""
        ...

    async def aclose(self) -> None:
        """Say nothing more."""
        ...


class Alone:
    """One process knows all there is."""

    async def exchange(self, mine: Known) -> list[Known]:
        """Nobody."""
        del mine
        return []

    async def aclose(self) -> None:
        """Nothing to close."""


class RedisLoads:
    """Processes that share a broker."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1)
        self._me = secrets.token_hex(8)

    async def exchange(self, mine: Known) -> list[Known]:
        """Two round trips; nobody where Redis is away."""
        now = time.time()
        try:
            pipe = self._client.pipeline(transaction=False)
            pipe.set(_PREFIX + self._me, orjson.dumps(mine), px=int(_COUNTS * 1000))
            pipe.zadd(_MEMBERS, {self._me: now})
            pipe.zremrangebyscore(_MEMBERS, "-inf", now - 60)
            pipe.zrange(_MEMBERS, 0, -1)
            members = (await pipe.execute())[-1]
            others = [name.decode() for name in members if name.decode() != self._me]
            words = await self._client.mget([_PREFIX + name for name in others]) if others else []
            return list(_read(words))
        except (RedisError, OSError):
            return []

    async def aclose(self) -> None:
        """Take our own load away."""
        try:
            await self._client.delete(_PREFIX + self._me)
            await self._client.zrem(_MEMBERS, self._me)
        except (RedisError, OSError):
            pass
        await self._client.aclose()


def _read(words: Iterable[bytes | str | None]) -> Iterable[Known]:
    for word in words:
        try:
            known = orjson.loads(word or b"null")
        except ValueError:
            continue
        if isinstance(known, dict):
            yield known
