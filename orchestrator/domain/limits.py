"""Limits on calls and caps on money: what they are called, and the rules they follow."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from tools.spec import Kind, Tool

Period = Literal["total", "day", "month"]

#: What the name of a limit begins with.
SCOPES = ("tool", "key", "endpoint", "group")
#: Stands between the name of a tool's limit and the value that names one of its buckets.
BUCKET = "#"
#: The end of a tool's `limits.by` that takes the host of a URL.
HOST = ".host"
_LONGEST_VALUE = 80
_AUTHORITY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#@]+)")


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `usd` in all, or in each day or month (UTC); `spent` and `reserved` are of the present one."""

    usd: Decimal
    per: Period = "total"
    spent: Decimal = Decimal(0)
    reserved: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Limit:
    """What holds for all calls under one name.

    `concurrency` calls at once; `rate` calls a second, of which `burst` may come at once after a
    pause; `by` is the argument whose values are counted apart. `source` says who set it:
    "operator", or "record" for what the tool's own record states.
    """

    name: str
    concurrency: int | None = None
    rate: float | None = None
    burst: float | None = None
    by: str | None = None
    caps: tuple[Cap, ...] = ()
    source: str = "operator"
    #: Whether a person holds all of its calls back.
    paused: bool = False
    #: Calls that run, and steps that wait in line.
    running: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is shown: never the secret. `used_at` is right to the minute."""

    id: str
    name: str
    created_at: float
    used_at: float | None = None
    revoked_at: float | None = None
    limit: Limit = field(default_factory=lambda: Limit(""))


def key_pool(key_id: str) -> str:
    """The name under which a key's calls are limited."""
    return f"key:{key_id}"


def tool_pool(tool: str) -> str:
    """The name under which a tool's calls are limited."""
    return f"tool:{tool}"


def endpoint_pool(endpoint: str) -> str:
    """The name under which the calls of an endpoint are limited."""
    return f"endpoint:{endpoint}"


def shared_pools(tool: Tool) -> tuple[str, ...]:
    """What calls of it share with those of other tools: its endpoint, and groups by tags `group:…`.

    An endpoint is the `endpoint` a model tool names, else the host (with its port) it is called at.
    """
    named = tool.binding.get("endpoint") if tool.kind is Kind.MODEL else None
    url = tool.binding.get("base_url") or tool.binding.get("url")
    found = []
    if isinstance(named, str):
        found.append(endpoint_pool(named))
    elif isinstance(url, str) and (host := _host(url)) is not None:
        found.append(endpoint_pool(host))
    return (*found, *(tag for tag in tool.tags if tag.startswith("group:")))


def bucket(pool: str, by: str, arguments: Mapping[str, Any]) -> str:
    """The name of the bucket that a call falls into; absent values share one.

    >>> bucket("tool:get", "url.host", {"url": "https://a.example:8443/x"})
    'tool:get#a.example:8443'
    """
    name = by.removesuffix(HOST)
    value = arguments.get(name)
    if by != name:
        value = _host(value) if isinstance(value, str) else None
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    if len(text) > _LONGEST_VALUE:
        text = hashlib.sha256(text.encode()).hexdigest()
    return f"{pool}{BUCKET}{text}"


def _host(url: str) -> str | None:
    """The host of an absolute URL, with its port; None where a parameter stands in it."""
    found = _AUTHORITY.match(url)
    return found[1].lower() if found and "{" not in found[1] else None


def period_start(period: str, now: float) -> float:
    """When the present period began: 0 for "total", else midnight UTC of the day or of the month's first."""
    if period == "total":
        return 0.0
    moment = datetime.fromtimestamp(now, tz=UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (moment if period == "day" else moment.replace(day=1)).timestamp()


def period_end(period: str, now: float) -> float | None:
    """When the next period begins; None for "total"."""
    if period == "total":
        return None
    begun = datetime.fromtimestamp(period_start(period, now), tz=UTC)
    if period == "day":
        return (begun + timedelta(days=1)).timestamp()
    return (begun + timedelta(days=32)).replace(day=1).timestamp()


def most_tokens(rate: float, burst: float | None) -> float:
    """How many calls may come at once after a pause: `burst`, else those of one second; at least one."""
    return max(1.0, rate if burst is None else burst)


def tokens_at(
    now: float, *, rate: float, burst: float | None, tokens: float | None, filled_at: float | None
) -> float:
    """What a token bucket holds: it fills at `rate` up to its burst, and is full at first."""
    most = most_tokens(rate, burst)
    if tokens is None or filled_at is None:
        return most
    return min(most, tokens + max(0.0, now - filled_at) * rate)
