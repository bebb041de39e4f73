"""What a webhook is told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from orchestrator.domain.retry import RetryPolicy
from orchestrator.domain.run import RunStatus
from orchestrator.execution.webhook import WebhookNotifier


async def test_a_webhook_is_told_the_end_as_a_time_in_utc():
    run = SimpleNamespace(id="run_1", status=RunStatus.SUCCEEDED, error=None, finished_at=0.5, last_event=7)
    sent = []

    async def view(run_id):
        return SimpleNamespace(run=run)

    async def request(method, url, **more):
        sent.append(more["json"])
        return SimpleNamespace(status=200)

    net: Any = SimpleNamespace(request=request)
    store: Any = SimpleNamespace(view=view)
    await WebhookNotifier(net=net, store=store, retry=RetryPolicy()).notify("run_1", "http://127.0.0.1/")
    assert sent[0]["finished_at"] == "1970-01-01T00:00:00.500Z"
