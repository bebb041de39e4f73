"""Looks at a replica: is it up, which models does it have, how busy is it?"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from tools.endpoints.live import Report
from tools.endpoints.metrics import Load, load_of
from tools.endpoints.record import Endpoint, Protocol, Replica
from tools.errors import ToolError
from tools.net import Net, Reply

#: Seconds for one look, and bytes of an answer.
_TIMEOUT = 5.0
_LARGEST = 4_000_000
_MOST_MODELS = 1_000


async def probe(
    endpoint: Endpoint, replica: Replica, *, net: Net, headers: Mapping[str, str], load: bool = True
) -> Report:
    """What the replica says of itself, and with `load` of its load. Never raises for what it does."""
    looks = _Looks(net, headers)
    started = time.perf_counter()
    try:
        if endpoint.protocol is Protocol.KSERVE:
            models = await _kserve(looks, replica, tuple(model.name for model in endpoint.models))
        else:
            models = await _openai(looks, replica)
    except ToolError as error:
        return Report(up=False, reason=str(error)[:300])
    seconds = time.perf_counter() - started
    told = await _load(looks, replica) if load else None
    busy = told or Load()
    return Report(
        up=True,
        seconds=seconds,
        models=models,
        running=busy.running,
        waiting=busy.waiting,
        kv_use=busy.kv_use,
        tells_load=None if told is None else told != Load(),
    )


class _Looks:
    """Short requests with an endpoint's credentials."""

    def __init__(self, net: Net, headers: Mapping[str, str]) -> None:
        self._net, self._headers = net, headers

    async def at(self, url: str, method: str = "GET", json: Any = None, *, secret: bool = True) -> Reply:
        if secret and self._headers:
            await self._net.check_secrecy(url)
        return await self._net.request(
            method,
            url,
            headers=self._headers if secret else {},
            json=json,
            timeout=_TIMEOUT,
            max_bytes=_LARGEST,
            follow_redirects=False,
        )


async def _openai(looks: _Looks, replica: Replica) -> tuple[str, ...]:
    """The models of /models; servers without it may have /health."""
    reply = await looks.at(f"{replica.base_url.rstrip('/')}/models")
    if reply.status in (404, 405):
        reply = await looks.at(f"{_origin(replica.base_url)}/health")
        _must_be_well(reply)
        return ()
    _must_be_well(reply)
    listed = reply.json()
    return _names(listed.get("data") if isinstance(listed, dict) else None, "id")


async def _kserve(looks: _Looks, replica: Replica, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """The models that are ready: those wanted, else those of the server's index."""
    base = replica.base_url.rstrip("/")
    _must_be_well(await looks.at(f"{base}/v2/health/ready"))
    if not wanted:
        reply = await looks.at(f"{base}/v2/repository/index", "POST", {"ready": True})
        return _names(reply.json(), "name") if reply.status == 200 else ()
    ready = []
    for name in wanted:
        reply = await looks.at(f"{base}/v2/models/{quote(name, safe='')}/ready")
        if reply.status == 200:
            ready.append(name)
    if not ready:
        raise ToolError(f"{urlsplit(base).netloc} has none of {', '.join(wanted)} ready")
    return tuple(ready)


def _must_be_well(reply: Reply) -> None:
    if reply.status != 200:
        words = "refuses our credentials" if reply.status in (401, 403) else "is not well"
        raise ToolError(f"{urlsplit(reply.url).netloc} {words}: it answered {reply.status}")


def _names(items: Any, field: str) -> tuple[str, ...]:
    if not isinstance(items, list):
        return ()
    names = [item.get(field) for item in items if isinstance(item, dict)]
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str)))[:_MOST_MODELS]


async def _load(looks: _Looks, replica: Replica) -> Load:
    url = replica.metrics_url or f"{_origin(replica.base_url)}/metrics"
    try:
        # Metrics need no credentials, and may lie on another host.
        reply = await looks.at(url, secret=False)
    except ToolError:
        return Load()
    return load_of(reply.text) if reply.status == 200 else Load()


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
