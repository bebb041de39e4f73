"""What model tools do besides chats, through the toolbox and scripted servers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tools.adapter import CallContext
from tools.endpoints.record import Endpoint, Model, Protocol, Replica
from tools.endpoints.router import Router
from tools.errors import BadArguments, BadOutput, RateLimited, ServerFault, TimedOut, Unavailable
from tools.net import Net
from tools.processes import Processes
from tools.spec import Kind, Price, Tool, file_schema
from tools.testing import MemoryFiles, Rule, ScriptedModel
from tools.testing_models import ScriptedTensors, png, vector, wav
from tools.toolbox import Toolbox

RULES = [
    Rule("busy", status=429, retry_after=2),
    Rule("broken", malformed=True),
    Rule("slow", delay=30),
    Rule("mood", json={"mood": "good"}),
    Rule(text="one two three"),
]
TEXT = {"text": {"type": "string"}}


class Known:
    def __init__(self) -> None:
        self.endpoints: dict[str, Endpoint] = {}

    async def find(self, name: str) -> Endpoint | None:
        return self.endpoints.get(name)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedModel]:
    async with ScriptedModel(RULES) as server:
        yield server


@pytest.fixture
async def tensors() -> AsyncIterator[ScriptedTensors]:
    told = [{"name": "x", "datatype": "FP32", "shape": [-1, 2]}]
    async with ScriptedTensors(told=told) as server:
        yield server


@pytest.fixture
def known() -> Known:
    return Known()


@pytest.fixture
async def toolbox(known: Known) -> AsyncIterator[Toolbox]:
    net = Net(allow=["127.0.0.1"])
    async with Processes() as processes:
        toolbox = Toolbox(net=net, processes=processes, router=Router(known))
        yield toolbox
        await toolbox.aclose()
    await net.aclose()


@pytest.fixture
def files(tmp_path: Path) -> MemoryFiles:
    return MemoryFiles(tmp_path / "store")


@pytest.fixture
def context(tmp_path: Path, files: MemoryFiles) -> CallContext:
    return CallContext("key-1", files, tmp_path, timeout=20)


def tool(
    at: str, operation: str | None, fields: Mapping[str, Any], given: Any = None, **binding: Any
) -> Tool:
    said = {} if operation is None else {"operation": operation}
    return Tool(
        name="ask",
        summary="Ask a model.",
        kind=Kind.MODEL,
        input_schema={"type": "object", "properties": given or {}},
        output_schema={"type": "object", "properties": fields},
        price=Price(per_1k_tokens_in=Decimal(1), per_1k_tokens_out=Decimal(2)),
        binding={"base_url": at, "model": "m", **said, **binding},
    )


def listed(*names: str) -> dict[str, Any]:
    return {name: {"type": "array"} for name in names}


async def test_embeddings_come_in_the_order_of_the_texts(
    server: ScriptedModel, toolbox: Toolbox, context: CallContext
) -> None:
    texts = [f"text {number}" for number in range(300)]
    shares: list[float] = []
    told = replace(context, progress=lambda share, _: shares.append(share))
    made = await toolbox.call(
        tool(server.base_url, "embeddings", listed("embeddings")), {"texts": texts, "dimensions": 8}, told
    )
    assert made.output["embeddings"] == [vector(text) for text in texts]
    assert made.usage.tokens_in == 600
    assert made.usage.usd == Decimal("0.6")
    assert [len(body["input"]) for body in server.prompts] == [128, 128, 44]
    assert server.prompts[0]["dimensions"] == 8
    assert shares == sorted(shares)
    assert shares[-1] == 1


async def test_one_text_gives_one_vector_where_the_schema_says_so(
    server: ScriptedModel, toolbox: Toolbox, context: CallContext
) -> None:
    ask = tool(server.base_url, "embeddings", listed("embedding"), prompt="query: {{q}}")
    assert (await toolbox.call(ask, {"q": "a"}, context)).output == {"embedding": vector("query: a")}
    with pytest.raises(BadArguments, match="nothing to work on"):
        await toolbox.call(tool(server.base_url, "embeddings", listed("embedding")), {"q": 7}, context)


async def test_images_become_artifacts(
    server: ScriptedModel, toolbox: Toolbox, context: CallContext, files: MemoryFiles
) -> None:
    one = tool(server.base_url, "images", {"picture": file_schema("image/png")}, parameters={"size": "1x1"})
    made = (await toolbox.call(one, {"prompt": "a cat"}, context)).output["picture"]
    assert made["media_type"] == "image/png"
    assert files.kept[made["artifact"]].path.read_bytes() == png(0)
    assert (server.prompts[0]["size"], server.prompts[0]["response_format"]) == ("1x1", "b64_json")
    several = tool(server.base_url, "images", listed("images"))
    assert len((await toolbox.call(several, {"prompt": "cats", "n": 3}, context)).output["images"]) == 3


async def test_an_image_among_the_arguments_is_edited(
    server: ScriptedModel, toolbox: Toolbox, context: CallContext, files: MemoryFiles
) -> None:
    given = files.put(png(9), media_type="image/png", name="cat.png")
    edit = tool(
        server.base_url, "images", {"image": file_schema("image/*")}, {"source": file_schema("image/*")}
    )
    await toolbox.call(edit, {"prompt": "more cat", "source": {"artifact": given}}, context)
    assert server.requests[-1].path == "/v1/images/edits"
    assert server.prompts[-1]["image"] == {"size": len(png(9))}


async def test_speech_is_written_to_a_file_as_it_comes(
    server: ScriptedModel, toolbox: Toolbox, context: CallContext, files: MemoryFiles
) -> None:
    say = tool(server.base_url, "speech", {"audio": file_schema("audio/*")}, parameters={"voice": "ash"})
    made = (await toolbox.call(say, {"text": "one two", "response_format": "wav"}, context)).output["audio"]
    assert made["media_type"] == "audio/wav"
    assert files.kept[made["artifact"]].path.read_bytes() == wav(2)
    assert server.prompts[0]["voice"] == "ash"


async def test_a_recording_is_written_down(
    server: ScriptedModel, toolbox: Toolbox, context: CallContext, files: MemoryFiles
) -> None:
    outputs = {"text": {"type": "string"}, "language": {"type": "string"}}
    hear = tool(server.base_url, "transcription", outputs, {"recording": file_schema("audio/*")})
    given = files.put(wav(1), media_type="audio/wav", name="a.wav")
    made = await toolbox.call(hear, {"recording": {"artifact": given}, "language": "en"}, context)
    assert made.output == {"text": "one two three", "language": "en"}
    assert server.prompts[0]["language"] == "en"
    with pytest.raises(BadArguments, match="needs a recording"):
        await toolbox.call(hear, {}, context)


async def test_responses_give_text_or_json_that_fits(
    server: ScriptedModel, toolbox: Toolbox, context: CallContext
) -> None:
    text = tool(server.base_url, "responses", TEXT, prompt="Say {{n}}", system="Be brief.")
    made = await toolbox.call(text, {"n": 3}, context)
    assert made.output == {"text": "one two three"}
    assert (made.usage.tokens_in, made.usage.tokens_out) == (2, 3)
    assert (server.prompts[0]["input"], server.prompts[0]["instructions"]) == ("Say 3", "Be brief.")
    mood = tool(server.base_url, "responses", {"mood": {"type": "string"}}, prompt="mood")
    assert (await toolbox.call(mood, {}, context)).output == {"mood": "good"}
    wrong = tool(server.base_url, "responses", {"mood": {"type": "integer"}}, prompt="mood")
    with pytest.raises(BadOutput, match="mood"):
        await toolbox.call(wrong, {}, context)


async def test_a_streamed_chat_tells_how_far_it_is(
    server: ScriptedModel, toolbox: Toolbox, context: CallContext
) -> None:
    heard: list[tuple[float, str]] = []
    told = replace(context, progress=lambda share, text: heard.append((share, text)))
    chat = tool(server.base_url, None, TEXT, prompt="Say it", stream=True, max_tokens=6)
    made = await toolbox.call(chat, {}, told)
    assert made.output == {"text": "one two three"}
    assert (made.usage.tokens_in, made.usage.tokens_out) == (2, 3)
    assert heard == [(1 / 6, "one "), (2 / 6, "two "), (3 / 6, "three")]
    mood = tool(server.base_url, None, {"mood": {"type": "string"}}, prompt="mood", stream=True)
    assert (await toolbox.call(mood, {}, told)).output == {"mood": "good"}


@pytest.mark.parametrize("operation", ["embeddings", "images", "speech", "responses"])
async def test_faults_of_the_server_are_sorted(
    server: ScriptedModel, toolbox: Toolbox, context: CallContext, operation: str
) -> None:
    ask = tool(server.base_url, operation, {})
    with pytest.raises(RateLimited) as caught:
        await toolbox.call(ask, {"prompt": "busy"}, context)
    assert caught.value.retry_after == 2
    with pytest.raises(BadOutput):
        await toolbox.call(ask, {"prompt": "broken"}, context)


async def test_an_unknown_operation_says_so(
    server: ScriptedModel, toolbox: Toolbox, context: CallContext
) -> None:
    with pytest.raises(Unavailable, match="dance"):
        await toolbox.call(tool(server.base_url, "dance", {}), {"prompt": "x"}, context)


async def test_arguments_are_tensors_as_the_model_tells(
    tensors: ScriptedTensors, toolbox: Toolbox, context: CallContext
) -> None:
    double = tool(tensors.url, "infer", {"x": {"type": "array"}}, model="double")
    assert (await toolbox.call(double, {"x": [1, 2.5]}, context)).output == {"x": [2, 5]}
    assert tensors.bodies[0]["inputs"] == [
        {"name": "x", "shape": [1, 2], "datatype": "FP32", "data": [1, 2.5]}
    ]
    assert (await toolbox.call(double, {"x": [[1, 2], [3, 4]]}, context)).output == {"x": [[2, 4], [6, 8]]}
    with pytest.raises(BadArguments, match="wants"):
        await toolbox.call(double, {"x": [1, 2, 3]}, context)
    with pytest.raises(ServerFault, match="out of order"):
        await toolbox.call(
            replace(double, binding={**double.binding, "model": "fail", **STATED}), {"x": 1}, context
        )


STATED = {"inputs": {"x": {"datatype": "INT64"}}}


async def test_the_binding_may_name_tensors_otherwise(
    tensors: ScriptedTensors, toolbox: Toolbox, context: CallContext
) -> None:
    naming = {"inputs": {"n": {"name": "input-0", "datatype": "INT32"}}, "outputs": {"twice": "input-0"}}
    double = tool(tensors.url, "infer", {"twice": {"type": "integer"}}, model="double", **naming)
    assert (await toolbox.call(double, {"n": 21}, context)).output == {"twice": 42}
    assert [request.path for request in tensors.requests] == ["/v2/models/double/infer"]


def endpoint(protocol: Protocol, urls: Sequence[str], model: str) -> Endpoint:
    price = Price(per_1k_tokens_in=Decimal(3))
    replicas = tuple(Replica(url, gpus=1) for url in urls)
    return Endpoint("here", protocol, replicas, models=(Model(model, price),))


async def test_endpoints_serve_every_operation(
    server: ScriptedModel, tensors: ScriptedTensors, known: Known, toolbox: Toolbox, context: CallContext
) -> None:
    known.endpoints["here"] = endpoint(Protocol.OPENAI, ["http://127.0.0.1:1/v1", server.base_url], "m")
    embed = replace(
        tool("", "embeddings", listed("embeddings")),
        binding={"endpoint": "here", "model": "m", "operation": "embeddings"},
    )
    for _ in range(4):
        made = await toolbox.call(embed, {"texts": ["a b"]}, context)
        assert made.output["embeddings"] == [vector("a b")]
    assert made.usage.usd == Decimal("0.006")
    assert made.usage.gpu_seconds > 0
    slow = replace(context, timeout=0.1, gpu_seconds=[])
    with pytest.raises(TimedOut) as late:
        await toolbox.call(embed, {"texts": ["slow"]}, slow)
    assert late.value.usage is not None
    assert late.value.usage.gpu_seconds > 0.05
    known.endpoints["here"] = endpoint(Protocol.KSERVE, [tensors.url], "double")
    double = replace(
        tool("", None, {"x": {"type": "array"}}), binding={"endpoint": "here", "model": "double"}
    )
    assert (await toolbox.call(double, {"x": [1, 2]}, context)).output == {"x": [2, 4]}
