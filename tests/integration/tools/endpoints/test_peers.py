"""Real servers of others, by `make test-peers`: MLServer for KServe V2, litellm's proxy."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers import free_port
from tools.adapter import CallContext
from tools.endpoints.probes import probe
from tools.endpoints.record import Endpoint, Fallback, Protocol, Replica
from tools.endpoints.router import Router
from tools.errors import BadArguments, RateLimited
from tools.net import Net
from tools.processes import Processes
from tools.spec import Kind, Tool
from tools.testing import MemoryFiles
from tools.toolbox import Toolbox

pytestmark = pytest.mark.peers
ENVIRONMENTS = Path(__file__).parents[4] / ".bench"
RUNTIME = """
from mlserver import MLModel
from mlserver.types import InferenceResponse, MetadataModelResponse, MetadataTensor, ResponseOutput

class Double(MLModel):
    async def load(self):
        self.inputs = [MetadataTensor(name="x", datatype="FP32", shape=[-1, 2])]
        return True

    async def predict(self, payload):
        outputs = [
            ResponseOutput(name=one.name, shape=one.shape, datatype=one.datatype,
                           data=[value * 2 for value in one.data])
            for one in payload.inputs
        ]
        return InferenceResponse(model_name=self.name, outputs=outputs)
"""
OPEN = {
    "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
}
GOOD = {"model": "openai/x", "api_key": "k", "mock_response": "hello"}
PROXY = {
    "model_list": [
        {"model_name": "good", "litellm_params": GOOD},
        {"model_name": "busy", "litellm_params": {**GOOD, "mock_response": "litellm.RateLimitError"}},
    ],
    "litellm_settings": {"num_retries": 0},
}


def program(environment: str, name: str) -> Path:
    found = ENVIRONMENTS / environment / "bin" / name
    assert found.exists(), f"{environment} is not installed: make bench-peers"
    return found


@contextmanager
def running(command: Sequence[str | Path], folder: Path, **environment: str) -> Iterator[None]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **environment}, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


class Known:
    def __init__(self) -> None:
        self.endpoints: dict[str, Endpoint] = {}

    async def find(self, name: str) -> Endpoint | None:
        return self.endpoints.get(name)


@pytest.fixture
async def net() -> AsyncIterator[Net]:
    net = Net(allow=["127.0.0.1"])
    yield net
    await net.aclose()


@pytest.fixture
def known() -> Known:
    return Known()


@pytest.fixture
async def toolbox(net: Net, known: Known) -> AsyncIterator[Toolbox]:
    async with Processes() as processes:
        toolbox = Toolbox(net=net, processes=processes, router=Router(known))
        yield toolbox
        await toolbox.aclose()


@pytest.fixture
def context(tmp_path: Path) -> CallContext:
    return CallContext("key-1", MemoryFiles(tmp_path / "store"), tmp_path, timeout=20)


async def up(net: Net, endpoint: Endpoint, seconds: float = 90.0) -> tuple[str, ...]:
    """The models of the server, once it answers."""
    async with asyncio.timeout(seconds):
        while True:
            report = await probe(endpoint, endpoint.replicas[0], net=net, headers={})
            if report.up:
                return report.models
            await asyncio.sleep(0.3)


def ask(model: str, **more) -> Tool:
    return Tool(
        name="ask",
        summary="Ask.",
        kind=Kind.MODEL,
        input_schema={"type": "object"},
        output_schema={"type": "object"},
        binding={"endpoint": "here", "model": model, **more},
    )


@pytest.mark.timeout(150)
async def test_mlserver_is_found_looked_at_and_asked(
    net: Net, known: Known, toolbox: Toolbox, context: CallContext, tmp_path: Path
) -> None:
    mlserver = program("mlserver", "mlserver")
    port = free_port()
    settings = {"host": "127.0.0.1", "http_port": port, "grpc_port": free_port(), "parallel_workers": 0}
    (tmp_path / "settings.json").write_text(json.dumps({**settings, "metrics_port": free_port()}))
    model = {"name": "double", "implementation": "double.Double"}
    (tmp_path / "model-settings.json").write_text(json.dumps(model))
    (tmp_path / "double.py").write_text(RUNTIME)
    endpoint = Endpoint("here", Protocol.KSERVE, (Replica(f"http://127.0.0.1:{port}"),))
    known.endpoints["here"] = endpoint
    with running([mlserver, "start", tmp_path], tmp_path, PYTHONPATH=str(tmp_path)):
        assert await up(net, endpoint) == ("double",)
        made = await toolbox.call(ask("double"), {"x": [1.5, 2]}, context)
        assert made.output == {"x": [3.0, 4.0]}
        with pytest.raises(BadArguments):
            await toolbox.call(ask("nothing"), {"x": [1.5, 2]}, context)


@pytest.mark.timeout(150)
async def test_the_proxy_of_litellm_is_asked_and_its_pauses_are_kept(
    net: Net, known: Known, toolbox: Toolbox, context: CallContext, tmp_path: Path
) -> None:
    litellm = program("litellm", "litellm")
    port = free_port()
    (tmp_path / "config.yaml").write_text(json.dumps(PROXY))
    here = Endpoint("here", Protocol.OPENAI, (Replica(f"http://127.0.0.1:{port}/v1"),))
    known.endpoints["here"] = here
    command: list[str | Path] = [
        litellm,
        "--config",
        "config.yaml",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    with running([*command, "--telemetry", "False"], tmp_path, **OPEN):
        assert set(await up(net, here)) == {"good", "busy"}
        made = await toolbox.call(ask("good", prompt="Say hello"), {}, context)
        assert made.output == {"text": "hello"}
        assert made.usage.tokens_out > 0
        streamed = await toolbox.call(ask("good", prompt="Say hello", stream=True), {}, context)
        assert streamed.output == {"text": "hello"}
        with pytest.raises(RateLimited):
            await toolbox.call(ask("busy", prompt="Say hello"), {}, context)
        known.endpoints["spare"] = Endpoint("spare", Protocol.OPENAI, here.replicas)
        known.endpoints["here"] = Endpoint(
            "here", Protocol.OPENAI, here.replicas, fallbacks=(Fallback("spare", "good"),)
        )
        made = await toolbox.call(ask("busy", prompt="Say hello"), {}, context)
        assert made.output == {"text": "hello"}
