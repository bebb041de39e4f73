"""The one door to chat models: a typed completion with its cost, or a typed error."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

import httpx2

from tools.errors import BadArguments, BadOutput, TimedOut
from tools.json_replies import parse_reply
from tools.net import Net
from tools.schemas import Schema
from tools.spec import Json, JsonSchema, Price

if TYPE_CHECKING:
    from tools.openai_requests import OpenAiRequests

Message = Mapping[str, Any]

_INSTRUCTION = (
    "Reply with one JSON value only, without any other words, that fits this JSON Schema:\n{schema}"
)


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's reply. `parsed` fits the schema that was given, None without one."""

    text: str
    parsed: Json
    tokens_in: int
    tokens_out: int
    usd: Decimal
    model: str
    finish_reason: str
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    #: Of the replicas that were asked, where their endpoint says how many GPUs they have.
    gpu_seconds: float = 0.0


class BadCompletion(BadOutput):
    """A reply that is not what was asked for, but was paid for; `completion` is what came."""

    def __init__(self, message: str, completion: Completion) -> None:
        super().__init__(message)
        self.completion = completion


class ChatModel:
    """One model of one OpenAI-compatible server, for instance `base_url` "https://host/v1".

    `timeout` is in seconds for a whole request. Nothing is retried here, except without the
    structured format when a server refuses it.
    """

    def __init__(
        self,
        *,
        net: Net,
        base_url: str,
        model: str,
        api_key: str | None = None,
        price: Price | None = None,
        timeout: float = 120.0,
    ) -> None:
        net.check(base_url)
        self.model = model
        self.price = price or Price()
        self._net = net
        self._base_url = base_url
        self._api_key = api_key
        self._timeout = timeout
        self._requests: OpenAiRequests | None = None
        #: Whether the server is known to refuse structured output.
        self._plain = False

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        schema: JsonSchema | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
        seed: int | None = None,
        tools: Sequence[Mapping[str, Any]] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        heard: Callable[[str], None] | None = None,
    ) -> Completion:
        """The reply to `messages`; with a schema, its JSON in `parsed`, which fits.

        With `heard` it is asked for as a stream, and `heard` gets each part of the text as it comes.
        Raises `ToolError`; `BadCompletion` for a reply that was paid for and is not what was asked for.
        """
        settings = {"temperature": temperature, "max_tokens": max_tokens, "seed": seed, "tools": tools}
        body: dict[str, Any] = {"model": self.model, "messages": list(messages)}
        body |= {name: value for name, value in settings.items() if value is not None}
        seconds = self._timeout if timeout is None else timeout
        try:
            async with asyncio.timeout(seconds):
                connection = await self.connected()
                requests: _Sends = connection if heard is None else _Streamed(connection, heard)
                reply = await self._send(requests, body, schema, headers or {})
        except TimeoutError:
            raise TimedOut(f"{self.model} did not answer within {seconds:g} s") from None
        completion = self._completion(reply, body)
        return completion if schema is None else _structured(completion, Schema(schema))

    async def aclose(self) -> None:
        """Close the connections."""
        if self._requests is not None:
            await self._requests.aclose()
            self._requests = None

    async def connected(self) -> OpenAiRequests:
        """The connection to its server, for what is no chat; `aclose` closes it."""
        if self._requests is not None:
            return self._requests
        return self._connect(await asyncio.to_thread(importlib.import_module, "tools.openai_requests"))

    def _connect(self, module: Any) -> OpenAiRequests:
        """Another call may have connected while the module was imported."""
        if self._requests is None:
            self._requests = module.OpenAiRequests(
                net=self._net, base_url=self._base_url, api_key=self._api_key, timeout=self._timeout
            )
        return self._requests

    async def _send(
        self,
        requests: _Sends,
        body: Mapping[str, Any],
        schema: JsonSchema | None,
        headers: Mapping[str, str],
    ) -> dict[str, Any]:
        if schema is None:
            return await requests.send(body, headers=headers)
        if not self._plain:
            try:
                return await requests.send(
                    {**body, "response_format": _response_format(schema)}, headers=headers
                )
            except BadArguments:
                # The server may not know the format, or dislike the rest: one more try tells.
                pass
        reply = await requests.send(_instructed(body, schema), headers=headers)
        self._plain = True
        return reply

    def _completion(self, reply: Mapping[str, Any], body: Mapping[str, Any]) -> Completion:
        host = httpx2.URL(self._base_url).host
        choices = reply.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        message = choice.get("message") if isinstance(choice, dict) else None
        if not isinstance(choice, dict) or not isinstance(message, dict):
            raise BadOutput(f"the reply of {host} is not a chat completion")
        text = _text_of(message.get("content"))
        calls = message.get("tool_calls")
        tokens_in, tokens_out = _tokens(reply.get("usage"), body["messages"], text)
        completion = Completion(
            text=text,
            parsed=None,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            usd=cost(self.price, tokens_in, tokens_out),
            model=str(reply.get("model") or self.model),
            finish_reason=str(choice.get("finish_reason") or "stop"),
            tool_calls=tuple(call for call in calls if isinstance(call, dict)) if calls else (),
        )
        if message.get("refusal"):
            raise BadCompletion(f"the model refused: {str(message['refusal'])[:300]}", completion)
        return completion


class _Sends(Protocol):
    async def send(self, body: Mapping[str, Any], *, headers: Mapping[str, str]) -> dict[str, Any]: ...


class _Streamed:
    """Asks for a stream and puts its chunks together to the completion that they are."""

    def __init__(self, requests: OpenAiRequests, heard: Callable[[str], None]) -> None:
        self._requests, self._heard = requests, heard

    async def send(self, body: Mapping[str, Any], *, headers: Mapping[str, str]) -> dict[str, Any]:
        """Raises `BadOutput` for a stream that is none."""
        whole: dict[str, Any] = {}
        parts: list[str] = []
        reason = None
        async for chunk in self._requests.stream(body, headers=headers):
            whole |= {name: chunk[name] for name in ("model", "usage") if chunk.get(name)}
            for choice in (chunk.get("choices") or ())[:1]:
                text = _text_of((choice.get("delta") or {}).get("content"))
                reason = choice.get("finish_reason") or reason
                if text:
                    parts.append(text)
                    self._heard(text)
        if not parts and reason is None:
            raise BadOutput("the server answered with a stream that holds nothing")
        message = {"role": "assistant", "content": "".join(parts)}
        return {**whole, "choices": [{"message": message, "finish_reason": reason}]}


def cost(price: Price, tokens_in: int, tokens_out: int) -> Decimal:
    """USD for that many tokens; the price of the call itself is not in it."""
    return (price.per_1k_tokens_in * tokens_in + price.per_1k_tokens_out * tokens_out) / 1000


def _structured(completion: Completion, schema: Schema) -> Completion:
    if completion.finish_reason == "length":
        raise BadCompletion("the reply was cut off at the limit of tokens", completion)
    try:
        parsed = parse_reply(completion.text, schema)
    except BadOutput as error:
        raise BadCompletion(str(error), completion) from None
    return Completion(
        completion.text,
        parsed,
        completion.tokens_in,
        completion.tokens_out,
        completion.usd,
        completion.model,
        completion.finish_reason,
        completion.tool_calls,
    )


def _response_format(schema: JsonSchema) -> dict[str, Any]:
    wanted = {"name": "reply", "schema": schema, "strict": _may_be_strict(schema)}
    return {"type": "json_schema", "json_schema": wanted}


def _may_be_strict(schema: Any) -> bool:
    """Whether every object is closed and all its fields are required, without which strict is refused."""
    if isinstance(schema, list):
        return all(_may_be_strict(item) for item in schema)
    if not isinstance(schema, Mapping):
        return True
    fields = schema.get("properties")
    if schema.get("type") == "object" or isinstance(fields, Mapping):
        closed = schema.get("additionalProperties") is False
        if not closed or set(schema.get("required", ())) != set(fields or ()):
            return False
    return all(_may_be_strict(item) for item in schema.values())


def _instructed(body: Mapping[str, Any], schema: JsonSchema) -> dict[str, Any]:
    """The request with the schema in words, at the end of the last message where that is text."""
    words = _INSTRUCTION.format(schema=json.dumps(schema, ensure_ascii=False))
    messages = list(body["messages"])
    last = messages[-1] if messages else {}
    if last.get("role") == "user" and isinstance(last.get("content"), str):
        messages[-1] = {**last, "content": f"{last['content']}\n\n{words}"}
    else:
        messages.append({"role": "user", "content": words})
    return {**body, "messages": messages}


def _text_of(content: Any) -> str:
    """A message's text, which some servers send in parts; without NUL, which no database keeps."""
    if isinstance(content, list):
        content = "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    return content.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(content, str) else ""


def _tokens(usage: Any, messages: Sequence[Message], text: str) -> tuple[int, int]:
    """Tokens in and out; a guess of four characters each for a server that does not tell."""
    if isinstance(usage, dict):
        told = usage.get("prompt_tokens"), usage.get("completion_tokens")
        if isinstance(told[0], int) and isinstance(told[1], int):
            return max(told[0], 0), max(told[1], 0)
    sent = sum(len(_text_of(message.get("content"))) for message in messages)
    return sent // 4 + 1, len(text) // 4 + 1
