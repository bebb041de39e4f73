"""Chat models as tools, through the toolbox and a scripted server."""

import dataclasses
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tools.adapter import CallContext
from tools.errors import BadInputFile, BadOutput, Unavailable
from tools.net import Net
from tools.processes import Processes
from tools.spec import Kind, Price, Tool, file_schema
from tools.testing import MemoryFiles, Rule, ScriptedModel
from tools.toolbox import Toolbox

MOOD = {
    "type": "object",
    "properties": {"mood": {"type": "string", "enum": ["good", "bad"]}},
    "required": ["mood"],
    "additionalProperties": False,
}
TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
RULES = [
    Rule("Mood of: sun", json={"mood": "good"}),
    Rule("Mood of: fog", json={"mood": "grey"}),
    Rule("Say", text="three words here"),
]


@pytest.fixture
async def server() -> AsyncIterator[ScriptedModel]:
    async with ScriptedModel(RULES) as server:
        yield server


@pytest.fixture
async def toolbox(server: ScriptedModel) -> AsyncIterator[Toolbox]:
    net = Net(allow=[server.allow])
    async with Processes() as processes:
        toolbox = Toolbox(net=net, processes=processes)
        yield toolbox
        await toolbox.aclose()
    await net.aclose()


@pytest.fixture
def files(tmp_path: Path) -> MemoryFiles:
    return MemoryFiles(tmp_path / "store")


@pytest.fixture
def context(tmp_path: Path, files: MemoryFiles) -> CallContext:
    return CallContext("key-1", files, tmp_path, timeout=20)


def model_tool(
    server: ScriptedModel, prompt: str, output_schema: dict[str, Any] = TEXT, **binding: Any
) -> Tool:
    return Tool(
        name="ask",
        summary="Ask a model.",
        kind=Kind.MODEL,
        input_schema={"type": "object", "properties": {"document": file_schema("*/*")}},
        output_schema=output_schema,
        price=Price(Decimal("0.1"), per_1k_tokens_in=Decimal(1), per_1k_tokens_out=Decimal(2)),
        binding={"base_url": server.base_url, "model": "scripted", "prompt": prompt, **binding},
    )


async def test_the_prompt_is_filled_and_the_text_comes_back_with_its_price(
    server: ScriptedModel, toolbox: Toolbox, context: CallContext
) -> None:
    tool = model_tool(server, "Say {{ what }} {{n}} {{gone}}", system="Be brief.", temperature=0)
    result = await toolbox.call(tool, {"what": "{{n}}", "n": [1, True]}, context)
    assert result.output == {"text": "three words here"}
    sent = server.prompts[0]
    assert [message["content"] for message in sent["messages"]] == ["Be brief.", "Say {{n}} [1,true] "]
    assert sent["temperature"] == 0
    assert (result.usage.tokens_in, result.usage.tokens_out) == (5, 3)
    assert result.usage.usd == Decimal("0.1") + Decimal("0.011")
    assert result.usage.seconds > 0
    assert server.requests[0].headers["idempotency-key"] == "key-1"
    assert server.requests[0].headers["traceparent"].startswith("00-")


async def test_other_fields_are_asked_for_as_json(
    server: ScriptedModel, toolbox: Toolbox, context: CallContext
) -> None:
    tool = model_tool(server, "Mood of: {{what}}", MOOD)
    assert (await toolbox.call(tool, {"what": "sun"}, context)).output == {"mood": "good"}
    assert server.prompts[0]["response_format"]["json_schema"]["schema"] == MOOD
    with pytest.raises(BadOutput, match="/mood") as caught:
        await toolbox.call(tool, {"what": "fog"}, context)
    paid = caught.value.usage
    assert paid is not None
    assert paid.usd == tool.price.per_call + Decimal(paid.tokens_in + 2 * paid.tokens_out) / 1000


async def test_a_text_file_goes_into_the_prompt(
    server: ScriptedModel, toolbox: Toolbox, context: CallContext, files: MemoryFiles
) -> None:
    tool = model_tool(server, "Say what this is: {{document}}")
    await toolbox.call(tool, {"document": {"artifact": files.put("a poem")}}, context)
    assert server.prompts[0]["messages"][0]["content"] == "Say what this is: a poem"
    image = files.put(b"\x89PNG", media_type="image/png", name="x.png")
    with pytest.raises(BadInputFile, match="a model is given text only"):
        await toolbox.call(tool, {"document": {"artifact": image}}, context)


async def test_the_key_comes_from_a_secret(
    server: ScriptedModel, toolbox: Toolbox, context: CallContext
) -> None:
    tool = model_tool(server, "Say it", api_key_secret="model-key")
    with pytest.raises(Unavailable, match="model-key"):
        await toolbox.call(tool, {}, context)
    await toolbox.call(tool, {}, dataclasses.replace(context, secrets={"model-key": "hush-hush"}))
    assert server.requests[0].headers["authorization"] == "Bearer hush-hush"


async def test_without_a_server_it_is_unavailable(
    server: ScriptedModel, toolbox: Toolbox, context: CallContext
) -> None:
    with pytest.raises(Unavailable, match="which model of which server"):
        await toolbox.call(model_tool(server, "Say it", base_url=None), {}, context)
