"""Chat models, against a scripted server on this machine."""

import asyncio
import time
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from tools.errors import (
    AddressForbidden,
    BadArguments,
    BadOutput,
    NotAuthorised,
    RateLimited,
    ServerFault,
    TimedOut,
    TooLarge,
    Unreachable,
)
from tools.llm import BadCompletion, ChatModel
from tools.net import Net
from tools.spec import Price
from tools.testing import Rule, ScriptedModel

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "people": {"type": "integer"}},
    "required": ["city", "people"],
    "additionalProperties": False,
}
CITY = {"city": "Bonn", "people": 330_000}
RULES = [
    Rule("a city", json=CITY),
    Rule("fenced", text='Here it is:\n```json\n{"city": "Bonn", "people": 330000}\n```\nDone.'),
    Rule("in words", text='I {think} it is {"city": "Bonn", "people": 330000}, is it not?'),
    Rule("thoughts", text='<think>{"city": "Rome", "people": 1}</think>{"city": "Bonn", "people": 330000}'),
    Rule("no json", text="I would rather talk about the weather."),
    Rule("wrong json", json={"city": "Bonn", "people": "many"}),
    Rule("deep", text='{"a":' * 5000),
    Rule("cut off", text='{"city": "Bo', finish_reason="length"),
    Rule("busy", status=429, retry_after=3),
    Rule("broken", status=503, text="out of order"),
    Rule("locked", status=401, text="the key sk-hush-hush is wrong"),
    Rule("odd", status=400, text="too long"),
    Rule("slow", delay=5, text="late"),
    Rule("garbage", malformed=True),
    Rule("stream", sse=True, text="hello"),
    Rule("drop", drop=True),
    Rule("call", tool_call={"name": "weather", "arguments": {"city": "Bonn"}}),
    Rule("huge", text="x" * 200_000),
    Rule("hello", text="hello you there"),
]


@pytest.fixture
async def server() -> AsyncIterator[ScriptedModel]:
    async with ScriptedModel(RULES) as server:
        yield server


@pytest.fixture
async def model(server: ScriptedModel) -> AsyncIterator[ChatModel]:
    net = Net(allow=[server.allow], max_bytes=100_000)
    model = ChatModel(
        net=net,
        base_url=server.base_url,
        model="scripted",
        api_key="sk-hush-hush",
        price=Price(per_1k_tokens_in=Decimal(1), per_1k_tokens_out=Decimal(2)),
    )
    yield model
    await model.aclose()
    await net.aclose()


def ask(words: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": words}]


async def test_a_text_comes_with_its_tokens_and_cost(model: ChatModel, server: ScriptedModel) -> None:
    got = await model.complete(ask("hello world"), temperature=0.5, max_tokens=9, seed=7)
    assert (got.text, got.parsed, got.model, got.finish_reason) == (
        "hello you there",
        None,
        "scripted",
        "stop",
    )
    assert (got.tokens_in, got.tokens_out, got.usd) == (2, 3, Decimal("0.008"))
    sent = server.prompts[0]
    assert (sent["temperature"], sent["max_tokens"], sent["seed"]) == (0.5, 9, 7)
    assert server.requests[0].headers["authorization"] == "Bearer sk-hush-hush"


async def test_structured_output_is_asked_for_and_parsed(model: ChatModel, server: ScriptedModel) -> None:
    assert (await model.complete(ask("a city"), schema=SCHEMA)).parsed == CITY
    assert server.prompts[0]["response_format"]["json_schema"] == {
        "name": "reply",
        "schema": SCHEMA,
        "strict": True,
    }


@pytest.mark.parametrize("words", ["fenced", "in words", "thoughts"])
async def test_json_is_found_where_a_server_ignores_the_format(model: ChatModel, words: str) -> None:
    assert (await model.complete(ask(words), schema=SCHEMA)).parsed == CITY


async def test_a_server_that_refuses_the_format_is_asked_in_words_and_remembered() -> None:
    async with ScriptedModel(RULES, refuses_schemas=True) as server:
        net = Net(allow=["127.0.0.1"])
        model = ChatModel(net=net, base_url=server.base_url, model="scripted")
        for _ in range(2):
            assert (await model.complete(ask("a city"), schema=SCHEMA)).parsed == CITY
        assert ["response_format" in body for body in server.prompts] == [True, False, False]
        assert '"people"' in server.prompts[1]["messages"][-1]["content"]
        await net.aclose()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("no json", "holds no JSON"),
        ("deep", "holds no JSON"),
        ("wrong json", "/people"),
        ("cut off", "cut off"),
    ],
)
async def test_a_reply_that_does_not_fit_says_what_is_wrong_and_what_it_cost(
    model: ChatModel, words: str, complaint: str
) -> None:
    with pytest.raises(BadCompletion, match=complaint) as caught:
        await model.complete(ask(words), schema=SCHEMA)
    assert caught.value.completion.text
    assert caught.value.completion.usd > 0


@pytest.mark.parametrize(
    ("words", "kind", "message"),
    [
        ("busy", RateLimited, "429"),
        ("broken", ServerFault, "503: out of order"),
        ("locked", NotAuthorised, "the key ••• is wrong"),
        ("odd", BadArguments, "400: too long"),
        ("garbage", BadOutput, "not JSON"),
        ("stream", BadOutput, "a stream that was not asked for"),
        ("drop", Unreachable, "broke before the reply was whole"),
        ("huge", TooLarge, "over 100,000 bytes"),
        ("nothing is for this", BadArguments, "no rule"),
    ],
)
async def test_every_failure_has_its_error(
    model: ChatModel, words: str, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        await model.complete(ask(words))


async def test_the_pause_that_a_server_asks_for_is_kept(model: ChatModel) -> None:
    with pytest.raises(RateLimited) as caught:
        await model.complete(ask("busy"))
    assert caught.value.retry_after == 3


async def test_nothing_is_retried_behind_our_back(model: ChatModel, server: ScriptedModel) -> None:
    for words in ("busy", "broken", "drop"):
        with pytest.raises((RateLimited, ServerFault, Unreachable)):
            await model.complete(ask(words))
    assert len(server.prompts) == 3


async def test_a_slow_model_is_given_up_in_time(model: ChatModel) -> None:
    await model.complete(ask("hello"))
    started = time.perf_counter()
    with pytest.raises(TimedOut, match=r"within 0\.3 s"):
        await model.complete(ask("slow"), timeout=0.3)
    assert time.perf_counter() - started < 1


async def test_tool_calls_are_handed_on(model: ChatModel) -> None:
    got = await model.complete(ask("call"), tools=[{"type": "function", "function": {"name": "weather"}}])
    assert got.tool_calls[0]["function"] == {"name": "weather", "arguments": '{"city":"Bonn"}'}
    assert got.finish_reason == "tool_calls"


async def test_a_private_model_server_is_not_called_unless_allowed(server: ScriptedModel) -> None:
    with pytest.raises(AddressForbidden):
        ChatModel(net=Net(), base_url=server.base_url, model="scripted")
    by_name = ChatModel(net=Net(), base_url=f"http://localhost:{server.port}/v1", model="scripted")
    with pytest.raises(AddressForbidden, match="not a public address"):
        await by_name.complete(ask("hello"))
    assert not server.requests


async def test_nobody_listening_is_unreachable() -> None:
    async with ScriptedModel([]) as gone:
        pass
    model = ChatModel(net=Net(allow=["127.0.0.1"]), base_url=gone.base_url, model="scripted")
    with pytest.raises(Unreachable, match="no connection"):
        await model.complete(ask("hello"))


async def test_many_calls_at_once_share_a_model(model: ChatModel, server: ScriptedModel) -> None:
    got = await asyncio.gather(*(model.complete(ask(f"hello {number}")) for number in range(50)))
    assert len(got) == len(server.prompts) == 50
