"""Calls a chat model as a tool: a prompt filled from the arguments, a text or JSON out."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any

import orjson

from tools.adapter import CallContext
from tools.adapters.credentials import secret
from tools.adapters.http_endpoint import new_traceparent
from tools.errors import BadInputFile, Unavailable
from tools.files import with_files
from tools.llm import ChatModel, Completion, Message, cost
from tools.net import Net
from tools.schemas import schemas_of
from tools.spec import File, Json, Tool, ToolCall, ToolResult, Usage

_PLACEHOLDER = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")
#: Bytes of a file that go into a prompt.
_LONGEST_FILE = 400_000
_MODELS_KEPT = 64


class ModelEndpoint:
    """Calls the model of a tool's binding.

    The binding is `{"base_url", "model", "prompt"}` with `{{name}}` in the prompt for an argument, and
    perhaps "system", "api_key_secret" (the name of a secret), "temperature", "max_tokens" and "seed".
    The output is `{"text": …}`, or, when the output schema has other fields, JSON that fits it.
    """

    def __init__(self, net: Net) -> None:
        self._net = net
        self._models: dict[tuple[str, str, str | None], ChatModel] = {}

    async def call(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Raises `ToolError`; usage has the tokens and their price."""
        tool, binding = call.tool, call.tool.binding
        model = self._model(tool, context.secrets)
        arguments = await with_files(schemas_of(tool).input, call.arguments, context.files)
        only_text = set(tool.output_schema.get("properties", {})) <= {"text"}
        completion = await model.complete(
            await _messages(binding, arguments),
            schema=None if only_text else tool.output_schema,
            temperature=binding.get("temperature"),
            max_tokens=binding.get("max_tokens"),
            seed=binding.get("seed"),
            headers={
                "Idempotency-Key": context.idempotency_key,
                "traceparent": context.traceparent or new_traceparent(),
            },
            timeout=context.timeout,
        )
        output = {"text": completion.text} if only_text else completion.parsed
        return ToolResult(output, _usage(tool, completion))

    async def aclose(self) -> None:
        """Close the connections to every model."""
        models, self._models = self._models, {}
        for model in models.values():
            await model.aclose()

    def _model(self, tool: Tool, secrets: Mapping[str, str]) -> ChatModel:
        base_url, name = tool.binding.get("base_url"), tool.binding.get("model")
        if not isinstance(base_url, str) or not isinstance(name, str):
            raise Unavailable(f"the tool {tool.name} does not say which model of which server it is")
        wanted = tool.binding.get("api_key_secret") or tool.auth.get("bearer")
        api_key = secret(tool, wanted, secrets) if wanted else None
        key = (base_url, name, api_key)
        model = self._models.get(key)
        if model is None:
            model = ChatModel(net=self._net, base_url=base_url, model=name, api_key=api_key)
            while len(self._models) >= _MODELS_KEPT:
                # A call that still uses it keeps it; the connections belong to `net`.
                self._models.pop(next(iter(self._models)))
            self._models[key] = model
        return model


def _usage(tool: Tool, completion: Completion) -> Usage:
    usd = cost(tool.price, completion.tokens_in, completion.tokens_out)
    return Usage(usd, 0.0, completion.tokens_in, completion.tokens_out)


async def _messages(binding: Mapping[str, Any], arguments: Mapping[str, Any]) -> list[Message]:
    words = {name: await _words(value) for name, value in arguments.items()}
    template = binding.get("prompt")
    if isinstance(template, str):
        # One pass: what an argument holds is never read as a template again.
        prompt = _PLACEHOLDER.sub(lambda found: words.get(found[1], ""), template)
    else:
        prompt = words.get("prompt") or "\n".join(f"{name}: {text}" for name, text in words.items())
    system = binding.get("system")
    start: list[Message] = [{"role": "system", "content": system}] if isinstance(system, str) else []
    return [*start, {"role": "user", "content": prompt}]


async def _words(value: Json | File) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, File):
        return await asyncio.to_thread(_read, value)
    return orjson.dumps(value).decode()


def _read(file: File) -> str:
    if not file.media_type.startswith("text/") and file.media_type != "application/json":
        raise BadInputFile(f"{file.name} is {file.media_type}: a model is given text only")
    with file.path.open("rb") as source:
        return source.read(_LONGEST_FILE).decode(errors="replace")
