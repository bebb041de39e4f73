"""Telling a run's webhook that the run has ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from orchestrator.domain.retry import RetryPolicy
from orchestrator.domain.run import DeliveryStatus, Run
from tools.errors import ToolError
from tools.net import Net
from tools.statuses import status_error

#: A receiver may be away for an hour and a half; between the tries nothing waits for it.
TRIES = RetryPolicy(tries=8, first=2.0, factor=4.0, longest=3_600.0, longest_asked=3_600.0)


@dataclass(frozen=True, slots=True)
class Told:
    """What one try came to; with a `pause`, in seconds, there is to be another."""

    status: DeliveryStatus
    error: str | None = None
    pause: float | None = None


class WebhookNotifier:
    """POSTs `{"id", "status", "error", "finished_at"}`; the receiver reads the rest over REST."""

    def __init__(self, *, net: Net, retry: RetryPolicy = TRIES, timeout: float = 10.0) -> None:
        self._net, self._retry, self._timeout = net, retry, timeout

    async def notify(self, run: Run, url: str, *, tries: int) -> Told:
        """The try of that number, from 1. Only a 2xx answer says that the receiver has it."""
        body = {
            "id": run.id,
            "status": run.status.value,
            "error": run.error,
            "finished_at": None if run.finished_at is None else _rfc3339(run.finished_at),
        }
        key = {"Idempotency-Key": f"{run.id}:ended:{run.last_event}"}
        try:
            reply = await self._net.request("POST", url, json=body, headers=key, timeout=self._timeout)
            if not 200 <= reply.status < 300:
                raise status_error(reply.status, reply.headers, host="the webhook")
        except ToolError as error:
            asked = getattr(error, "retry_after", None)
            pause = self._retry.pause(tries, asked=asked) if error.retryable else None
            if pause is not None:
                return Told(DeliveryStatus.WAITING, str(error), pause)
            return Told(DeliveryStatus.FAILED if error.retryable else DeliveryStatus.REFUSED, str(error))
        return Told(DeliveryStatus.DELIVERED)


def _rfc3339(seconds: float) -> str:
    at = datetime.fromtimestamp(seconds, tz=UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
