"""Calls a model as a tool: a chat, or another operation of its server, with typed results."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools.adapter import CallContext
from tools.adapters.credentials import secret
from tools.adapters.http_endpoint import new_traceparent
from tools.adapters.model_prompts import filled, messages
from tools.endpoints.record import Endpoint, Protocol
from tools.endpoints.router import Route, Router, Target
from tools.endpoints.watch import Keys
from tools.errors import Unavailable
from tools.files import with_files, with_references
from tools.llm import BadCompletion, ChatModel, Completion, Message, cost
from tools.net import Net
from tools.operations import inference, media, texts
from tools.operations.asked import Answer, Asked, Site
from tools.schemas import schemas_of
from tools.spec import Effect, Price, Tool, ToolCall, ToolResult, Usage

_MODELS_KEPT = 64
#: Letters of a prompt that count as its beginning, and those that a server's cache is worth seeking for.
_BEGINNING = 1024
_WORTH_KEEPING = 256
CHAT, INFER = "chat", "infer"
#: By name, those that OpenAI-compatible servers offer besides chat.
OPERATIONS: Mapping[str, Callable[[Asked, Site], Awaitable[Answer]]] = {
    "responses": texts.responses,
    "embeddings": texts.embeddings,
    "images": media.images,
    "speech": media.speech,
    "transcription": media.transcription,
}


class ModelEndpoint:
    """Calls the model of a tool's binding.

    The binding is `{"base_url", "model"}`, or with "endpoint", the name of one, in place of "base_url":
    the call then goes to the best of its replicas. "operation" is chat, one of `OPERATIONS`, or infer,
    which is what endpoints of KServe V2 do. "prompt" has `{{name}}` for an argument; the rest may be
    "system", "api_key_secret" (the name of a secret), "temperature", "max_tokens", "seed", "stream",
    and "parameters" for the request of another operation. A chat's output is `{"text": …}`, or, when
    the output schema has other fields, JSON that fits it.
    """

    def __init__(self, net: Net, router: Router, credentials: Keys) -> None:
        self._net, self._router, self._credentials = net, router, credentials
        self._models: dict[tuple[str, str, str | None], ChatModel] = {}

    async def call(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Raises `ToolError`; usage has the tokens and their price."""
        tool, binding = call.tool, call.tool.binding
        job = await _job(
            tool, await with_files(schemas_of(tool).input, call.arguments, context.files), context
        )
        if "endpoint" not in binding:
            place = _Place(str(binding.get("base_url") or ""), str(binding.get("model") or ""), tool.price)
            return await self._do(job, place)
        routed = await self._router.call(job.route(), lambda target: self._do(job, _place(tool, target)))
        made = routed.value
        self._router.wrote(routed, made.usage.tokens_out)
        return made

    async def aclose(self) -> None:
        """Close the connections to every model."""
        models, self._models = self._models, {}
        for model in models.values():
            await model.aclose()

    async def _do(self, job: _Job, place: _Place) -> ToolResult:
        if not place.base_url or not place.model:
            raise Unavailable(f"the tool {job.tool.name} does not say which model of which server it is")
        headers = {
            "Idempotency-Key": job.context.idempotency_key,
            "traceparent": job.context.traceparent or new_traceparent(),
        }
        if self._key(job.tool, job.context) or (place.endpoint is not None and place.endpoint.auth):
            await self._net.check_secrecy(place.base_url)
        if place.endpoint is not None:
            headers |= await self._credentials.headers(place.endpoint, job.context)
        operation = operation_of(job.tool, place.endpoint)
        if operation == CHAT:
            return await self._chat(job, place, headers)
        if operation == INFER:
            key = self._key(job.tool, job.context)
            bearer = {} if key is None else {"Authorization": f"Bearer {key}"}
            answer = await inference.infer(
                job.asked, base_url=place.base_url, model=place.model, net=self._net, headers=bearer | headers
            )
        elif operation in OPERATIONS:
            requests = await self._model(job, place).connected()
            site = Site(place.base_url, place.model, requests, self._net, headers)
            answer = await OPERATIONS[operation](job.asked, site)
        else:
            raise Unavailable(
                f"the tool {job.tool.name} wants an unknown operation of its model: {operation}"
            )
        output = await with_references(answer.output, job.context.files, scratch=job.context.scratch)
        return ToolResult(output, _usage(place.price, answer))

    async def _chat(self, job: _Job, place: _Place, headers: Mapping[str, str]) -> ToolResult:
        tool, binding, context = job.tool, job.tool.binding, job.context
        only_text = set(tool.output_schema.get("properties", {})) <= {"text"}
        try:
            completion = await self._model(job, place).complete(
                job.messages,
                schema=None if only_text else tool.output_schema,
                temperature=binding.get("temperature"),
                max_tokens=binding.get("max_tokens"),
                seed=binding.get("seed"),
                headers=headers,
                timeout=context.timeout,
                heard=_Heard(job) if binding.get("stream") else None,
            )
        except BadCompletion as error:
            error.usage = _usage(place.price, error.completion)
            raise
        output = {"text": completion.text} if only_text else completion.parsed
        return ToolResult(output, _usage(place.price, completion))

    def _key(self, tool: Tool, context: CallContext) -> str | None:
        wanted = tool.binding.get("api_key_secret") or tool.auth.get("bearer")
        return secret(tool, str(wanted), context.secrets) if wanted else None

    def _model(self, job: _Job, place: _Place) -> ChatModel:
        api_key = self._key(job.tool, job.context)
        key = (place.base_url, place.model, api_key)
        model = self._models.get(key)
        if model is None:
            model = ChatModel(net=self._net, base_url=place.base_url, model=place.model, api_key=api_key)
            while len(self._models) >= _MODELS_KEPT:
                # A call that still uses it keeps it; the connections belong to `net`.
                self._models.pop(next(iter(self._models)))
            self._models[key] = model
        return model


def operation_of(tool: Tool, endpoint: Endpoint | None) -> str:
    """What the tool wants of its model: what it says, else what the endpoint's protocol is for."""
    natural = INFER if endpoint is not None and endpoint.protocol is Protocol.KSERVE else CHAT
    return str(tool.binding.get("operation") or natural)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one try is made, and the price of tokens there."""

    base_url: str
    model: str
    price: Price
    endpoint: Endpoint | None = None


def _place(tool: Tool, target: Target) -> _Place:
    known = target.price
    price = tool.price if known == Price() else known
    return _Place(target.base_url, target.model, price, target.endpoint)


@dataclass(frozen=True, slots=True)
class _Job:
    """What is asked, wherever it is asked."""

    asked: Asked
    messages: Sequence[Message]

    @property
    def tool(self) -> Tool:
        return self.asked.tool

    @property
    def context(self) -> CallContext:
        return self.asked.context

    def route(self) -> Route:
        """How the call may be treated on its way."""
        tool = self.tool
        beginning = "\n".join(str(message["content"]) for message in self.messages)[:_BEGINNING]
        return Route(
            endpoint=str(tool.binding["endpoint"]),
            model=str(tool.binding.get("model") or ""),
            timeout=self.context.timeout,
            repeatable=tool.effect is not Effect.ONCE,
            hedge=tool.effect is Effect.READ,
            beginning=hash(beginning) if len(beginning) >= _WORTH_KEEPING else None,
            took=self.context.gpu_seconds.append,
        )


async def _job(tool: Tool, arguments: Mapping[str, Any], context: CallContext) -> _Job:
    template = tool.binding.get("prompt")
    if tool.binding.get("operation", CHAT) == CHAT and not _is_for_tensors(tool):
        return _Job(Asked(tool, arguments, context), await messages(tool.binding, arguments))
    prompt = await filled(template, arguments) if isinstance(template, str) else None
    return _Job(Asked(tool, arguments, context, prompt), ())


def _is_for_tensors(tool: Tool) -> bool:
    """Whether the tool says nothing that a chat would need: its endpoint decides what it is."""
    return "endpoint" in tool.binding and "operation" not in tool.binding and "prompt" not in tool.binding


class _Heard:
    """Tells how far a streamed answer is, against the most tokens it may have."""

    def __init__(self, job: _Job) -> None:
        self._most = int(job.tool.binding.get("max_tokens") or _USUAL_TOKENS)
        self._progress, self._parts = job.context.progress, 0

    def __call__(self, text: str) -> None:
        self._parts += 1
        self._progress(min(self._parts / self._most, 0.99), text)


#: Tokens of an answer where no one says how many it may have.
_USUAL_TOKENS = 500


def _usage(price: Price, took: Completion | Answer) -> Usage:
    usd = cost(price, took.tokens_in, took.tokens_out)
    return Usage(usd, 0.0, took.tokens_in, took.tokens_out)
