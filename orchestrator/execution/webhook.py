"""Telling a run's webhook that the run has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

from orchestrator.domain.retry import RetryPolicy
from orchestrator.ports import Store
from tools.errors import ToolError, TryAgain
from tools.net import Net


class WebhookNotifier:
    """POSTs `{"id", "status", "error", "finished_at"}`; the receiver reads the rest over REST."""

    def __init__(self, *, net: Net, store: Store, retry: RetryPolicy, timeout: float = 10.0) -> None:
        self._net, self._store, self._retry, self._timeout = net, store, retry, timeout

    async def notify(self, run_id: str, url: str) -> None:
        """Deliver. Raises the last `ToolError` when all tries failed."""
        run = (await self._store.view(run_id)).run
        body = {
            "id": run.id,
            "status": run.status.value,
            "error": run.error,
            "finished_at": None if run.finished_at is None else _rfc3339(run.finished_at),
        }
        tries = 0
        while True:
            tries += 1
            try:
                await self._post(url, body, key=f"{run_id}:ended:{run.last_event}")
            except ToolError as error:
                asked = error.retry_after if isinstance(error, TryAgain) else None
                pause = self._retry.pause(tries, asked=asked) if error.retryable else None
                if pause is None:
                    raise
                await asyncio.sleep(pause)
            else:
                return

    async def _post(self, url: str, body: Mapping[str, object], *, key: str) -> None:
        reply = await self._net.request(
            "POST", url, json=body, headers={"Idempotency-Key": key}, timeout=self._timeout
        )
        if reply.status >= 500 or reply.status == 429:
            raise TryAgain(f"the webhook answered {reply.status}")


def _rfc3339(seconds: float) -> str:
    at = datetime.fromtimestamp(seconds, tz=UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
