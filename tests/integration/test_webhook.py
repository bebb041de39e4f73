"""What a webhook is told, and what its answer means, against a receiver on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator

import orjson
import pytest

from orchestrator.domain.retry import RetryPolicy
from orchestrator.domain.run import DeliveryStatus, Run, RunRequest, RunStatus
from orchestrator.execution.webhook import TRIES, WebhookNotifier
from tools.net import Net
from tools.testing_server import Answer, LoopbackServer

RUN = Run("run_1", RunRequest(request="x"), RunStatus.SUCCEEDED, 0.0, 1.0, finished_at=0.5, last_event=7)


@pytest.fixture
async def net() -> AsyncIterator[Net]:
    net = Net(allow=["127.0.0.1"])
    yield net
    await net.aclose()


async def test_it_is_told_the_end_as_a_time_in_utc(net: Net) -> None:
    async with LoopbackServer(_answering(Answer(204))) as receiver:
        told = await WebhookNotifier(net=net).notify(RUN, receiver.url, tries=1)
    assert (told.status, told.error, told.pause) == (DeliveryStatus.DELIVERED, None, None)
    (got,) = receiver.requests
    assert orjson.loads(got.body)["finished_at"] == "1970-01-01T00:00:00.500Z"
    assert got.headers["idempotency-key"] == "run_1:ended:7"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Answer(200), "delivered"),
        (Answer(304), "refused"),
        (Answer(400), "refused"),
        (Answer(401), "refused"),
        (Answer(404), "refused"),
        (Answer(410), "refused"),
        (Answer(408), "waiting"),
        (Answer(429), "waiting"),
        (Answer(500), "waiting"),
        (Answer(503), "waiting"),
        (Answer(drop=True), "waiting"),
    ],
)
async def test_only_a_good_answer_is_a_delivery(net: Net, answer: Answer, status: str) -> None:
    async with LoopbackServer(_answering(answer)) as receiver:
        told = await WebhookNotifier(net=net).notify(RUN, receiver.url, tries=1)
        last = await WebhookNotifier(net=net).notify(RUN, receiver.url, tries=TRIES.tries)
    assert told.status.value == status
    assert (told.pause is not None) == (status == "waiting")
    assert (told.error is None) == (status == "delivered")
    assert last.status.value == ("failed" if status == "waiting" else status)


async def test_the_pause_that_it_asks_for_is_kept(net: Net) -> None:
    async with LoopbackServer(_answering(Answer(503, {"retry-after": "90"}))) as receiver:
        told = await WebhookNotifier(net=net).notify(RUN, receiver.url, tries=1)
        too_long = WebhookNotifier(net=net, retry=RetryPolicy(longest_asked=60))
        failed = await too_long.notify(RUN, receiver.url, tries=1)
    assert (told.status, told.pause) == (DeliveryStatus.WAITING, 90.0)
    assert failed.status is DeliveryStatus.FAILED


async def test_an_address_that_may_not_be_called_is_refused_in_words(net: Net) -> None:
    told = await WebhookNotifier(net=net).notify(RUN, "http://10.0.0.1/hook", tries=1)
    assert told.status is DeliveryStatus.REFUSED
    assert "10.0.0.1" in (told.error or "")


def _answering(answer: Answer):
    async def serve(_: object) -> Answer:
        return answer

    return serve
