"""API keys: made once, kept as a hash, checked in constant time."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, insert, select, update

from orchestrator.domain.ids import new_id
from orchestrator.domain.limits import ApiKey, Cap, Limit, key_pool
from orchestrator.errors import Conflict, NotFound
from orchestrator.store.database import Database
from orchestrator.store.journal import Journal
from orchestrator.store.limits import read_limits, remove_limit, set_limit
from orchestrator.store.tables import api_keys, pools

#: What a key begins with, so that one that got into the wrong place is recognised.
PREFIX = "tpk_"
_ID = "key_"
_ID_DIGITS = 24
#: Seconds after which another use of a key is noted.
_COARSE = 60.0


class SqlKeys:
    """The keys of the service, besides its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, name: str, limit: Limit) -> tuple[ApiKey, str]:
        """A new key and its secret, which is shown this once; `limit` has its limits and caps."""
        key_id = new_id("key")
        secret = f"{PREFIX}{key_id.removeprefix(_ID)}_{secrets.token_urlsafe(32)}"

        def act(journal: Journal) -> None:
            row = {"id": key_id, "name": name, "hash": _hash(secret), "created_at": journal.now}
            journal.connection.execute(insert(api_keys).values(**row))
            _set(journal, replace(limit, name=key_pool(key_id)))

        await self._database.act(act)
        return await self.get(key_id), secret

    async def all(self) -> list[ApiKey]:
        """Every key, revoked ones too, in the order they were made."""
        return await self._database.read(lambda c: _read(c, self._now(c)))

    async def get(self, key_id: str) -> ApiKey:
        """Raises `NotFound`."""
        found = await self._database.read(lambda c: _read(c, self._now(c), key_id))
        if not found:
            raise NotFound(f"there is no key {key_id!r}")
        return found[0]

    async def change(
        self,
        key_id: str,
        *,
        name: str | None = None,
        caps: Sequence[Cap] | None = None,
        limits: Limit | None = None,
    ) -> ApiKey:
        """What is given replaces what was. Raises `NotFound`, and `Conflict` for a revoked key."""
        old = await self.get(key_id)

        def act(journal: Journal) -> None:
            here = (api_keys.c.id == key_id) & api_keys.c.revoked_at.is_(None)
            changed = update(api_keys).where(here).values(name=old.name if name is None else name)
            if not journal.connection.execute(changed).rowcount:
                raise Conflict(f"key {key_id!r} is revoked")
            if caps is not None or limits is not None:
                kept = limits or old.limit
                _set(
                    journal,
                    replace(
                        kept, name=key_pool(key_id), caps=old.limit.caps if caps is None else tuple(caps)
                    ),
                )

        await self._database.act(act)
        return await self.get(key_id)

    async def revoke(self, key_id: str) -> None:
        """It opens nothing from now on; runs submitted with it go on. Raises `NotFound`."""
        await self.get(key_id)
        here = (api_keys.c.id == key_id) & api_keys.c.revoked_at.is_(None)
        revoked = update(api_keys).where(here)
        await self._database.act(
            lambda journal: journal.connection.execute(revoked.values(revoked_at=journal.now))
        )

    async def check(self, secret: str) -> str | None:
        """The id of the key, when it is one of ours and not revoked."""
        digest = _hash(secret)
        if not secret.startswith(PREFIX):
            return None
        key_id = _ID + secret[len(PREFIX) : len(PREFIX) + _ID_DIGITS]
        query = select(api_keys).where(api_keys.c.id == key_id)
        row, now = await self._database.read(lambda c: (c.execute(query).one_or_none(), self._now(c)))
        # An unknown id costs the same comparison as a known one.
        good = hmac.compare_digest(digest, "" if row is None else row.hash)
        if row is None or not good or row.revoked_at is not None:
            return None
        if row.used_at is None or now - row.used_at > _COARSE:
            await self._note_use(key_id)
        return key_id

    async def _note_use(self, key_id: str) -> None:
        def act(journal: Journal) -> None:
            used = update(api_keys).where(api_keys.c.id == key_id)
            journal.connection.execute(used.values(used_at=journal.now // _COARSE * _COARSE))

        await self._database.act(act)

    def _now(self, connection: Connection) -> float:
        return self._database.clock.now(connection)


def _hash(secret: str) -> str:
    """A fast hash will do: nobody guesses 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _set(journal: Journal, limit: Limit) -> None:
    """A key without limits and caps has no pool, so its steps need no decision."""
    if limit.caps or limit.concurrency is not None or limit.rate is not None:
        set_limit(journal, limit)
        return
    known = select(pools.c.name).where(pools.c.name == limit.name)
    if journal.connection.execute(known).first() is not None:
        remove_limit(journal, limit.name)


def _read(connection: Connection, now: float, key_id: str | None = None) -> list[ApiKey]:
    query = select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id)
    if key_id is not None:
        query = query.where(api_keys.c.id == key_id)
    rows = connection.execute(query).all()
    limits = {limit.name: limit for limit in read_limits(connection, [key_pool(r.id) for r in rows], now=now)}
    return [_key(row, limits.get(key_pool(row.id))) for row in rows]


def _key(row: Any, limit: Limit | None) -> ApiKey:
    return ApiKey(
        row.id,
        row.name,
        row.created_at,
        row.used_at,
        row.revoked_at,
        limit or Limit(key_pool(row.id)),
    )
