"""What looks at replicas find, over real connections."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tools.endpoints.live import Report
from tools.endpoints.probes import probe
from tools.endpoints.record import Endpoint, Model, Protocol, Replica
from tools.net import Net
from tools.testing import ScriptedModel
from tools.testing_models import ScriptedTensors
from tools.testing_server import Answer, LoopbackServer, Received, json_answer


@pytest.fixture
async def net() -> AsyncIterator[Net]:
    net = Net(allow=["127.0.0.1"])
    yield net
    await net.aclose()


async def look(
    net: Net, protocol: Protocol, url: str, *models: str, metrics_url: str | None = None
) -> Report:
    replica = Replica(url, metrics_url=metrics_url)
    endpoint = Endpoint("it", protocol, (replica,), models=tuple(Model(name) for name in models))
    return await probe(endpoint, replica, net=net, headers={"Authorization": "Bearer hush"})


async def test_models_and_load_of_an_openai_server(net: Net) -> None:
    async with ScriptedModel([], models=("a", "b")) as server:
        server.metrics = 'vllm:num_requests_running{m="a"} 3\nvllm:num_requests_waiting{m="a"} 1\n'
        report = await look(net, Protocol.OPENAI, server.base_url)
        assert (report.up, report.models, report.running, report.waiting) == (True, ("a", "b"), 3, 1)
        models, metrics = server.requests
        assert models.headers["authorization"] == "Bearer hush"
        assert "authorization" not in metrics.headers


async def test_a_server_without_a_list_of_models_may_have_health(net: Net) -> None:
    async def answer(received: Received) -> Answer:
        return json_answer({}, 200 if received.path == "/health" else 404)

    async with LoopbackServer(answer) as server:
        report = await look(net, Protocol.OPENAI, f"{server.url}/v1")
        assert (report.up, report.models, report.running) == (True, (), None)


@pytest.mark.parametrize(
    ("status", "words"), [(401, "refuses our credentials"), (503, "is not well"), (302, "is not well")]
)
async def test_a_server_that_answers_otherwise_is_down(net: Net, status: int, words: str) -> None:
    async def answer(_: Received) -> Answer:
        return json_answer({}, status, location="http://169.254.169.254/")

    async with LoopbackServer(answer) as server:
        for protocol in Protocol:
            report = await look(net, protocol, server.url)
            assert not report.up
            assert words in report.reason
        assert len(server.requests) == 2


async def test_hostile_answers_are_no_models(net: Net) -> None:
    async def answer(_: Received) -> Answer:
        return json_answer({"data": [{"id": 7}, "x", {"id": "m"}, {"id": "m"}]})

    async with LoopbackServer(answer) as server:
        assert (await look(net, Protocol.OPENAI, server.url)).models == ("m",)


async def test_a_kserve_server_is_up_with_the_models_that_are_ready(net: Net) -> None:
    async with ScriptedTensors() as server:
        assert (await look(net, Protocol.KSERVE, server.url)).models == ("double",)
        assert (await look(net, Protocol.KSERVE, server.url, "double", "none")).models == ("double",)
        report = await look(net, Protocol.KSERVE, server.url, "none")
        assert not report.up
        assert "none of none ready" in report.reason


async def test_an_address_that_may_not_be_called_is_not_called(net: Net) -> None:
    async with ScriptedModel([]) as server:
        metrics_url = "http://10.1.2.3/metrics"
        assert (await look(net, Protocol.OPENAI, server.base_url, metrics_url=metrics_url)).up
    report = await look(net, Protocol.OPENAI, "http://10.1.2.3/v1")
    assert not report.up
