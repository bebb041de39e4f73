"""A chat model behind a registered endpoint: each question goes to the replica that serves it best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tools.endpoints.record import Endpoint, Protocol
from tools.endpoints.router import Route, Router, Target
from tools.endpoints.watch import Keys
from tools.errors import Unavailable
from tools.llm import BadCompletion, ChatModel, Completion, cost
from tools.net import Net
from tools.spec import JsonSchema, Price

#: Letters of a prompt that count as its beginning.
_BEGINNING = 1024
_MODELS_KEPT = 64


class EndpointChat:
    """Asked like a `ChatModel`; replicas, breakers and fallbacks are the endpoint's.

    `price` counts where the endpoint names none for the model; `timeout` is in seconds for all tries
    of one question together.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        model: str,
        router: Router,
        net: Net,
        keys: Keys,
        price: Price,
        timeout: float,
    ) -> None:
        self.model = model
        self._endpoint = endpoint
        self._router, self._net, self._keys = router, net, keys
        self._price, self._timeout = price, timeout
        self._models: dict[tuple[str, str], ChatModel] = {}

    @property
    def price(self) -> Price:
        """What a question costs, by the endpoint as it was last looked at."""
        known = (group.endpoint for group in self._router.groups())
        endpoint = next((one for one in known if one.name == self._endpoint), None)
        return self._price if endpoint is None else self._price_at(endpoint, self.model)

    async def complete(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        schema: JsonSchema | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
        seed: int | None = None,
    ) -> Completion:
        """The reply to `messages`. Raises `ToolError` as `ChatModel.complete` and `Router.call` do."""
        beginning = "\n".join(str(message["content"]) for message in messages)[:_BEGINNING]
        took: list[float] = []
        route = Route(
            self._endpoint,
            self.model,
            self._timeout,
            hedge=True,
            beginning=hash(beginning),
            took=took.append,
        )

        async def ask(target: Target) -> Completion:
            model, headers = await self._at(target)
            try:
                came = await model.complete(
                    messages,
                    schema=schema,
                    temperature=temperature,
                    max_tokens=max_tokens,
                    seed=seed,
                    headers=headers,
                    timeout=self._timeout,
                )
            except BadCompletion as error:
                error.completion = self._paid(error.completion, target)
                raise
            return self._paid(came, target)

        try:
            came = (await self._router.call(route, ask)).value
        except BadCompletion as error:
            error.completion = replace(error.completion, gpu_seconds=sum(took))
            raise
        return replace(came, gpu_seconds=sum(took))

    async def _at(self, target: Target) -> tuple[ChatModel, Mapping[str, str]]:
        endpoint = target.endpoint
        if endpoint.protocol is not Protocol.OPENAI:
            words = f"the endpoint {endpoint.name} speaks {endpoint.protocol}: a chat needs one of openai"
            raise Unavailable(words)
        if endpoint.auth:
            await self._net.check_secrecy(target.base_url)
        key = target.base_url, target.model
        if key not in self._models:
            while len(self._models) >= _MODELS_KEPT:
                self._models.pop(next(iter(self._models)))  # its connections belong to `net`
            self._models[key] = ChatModel(net=self._net, base_url=target.base_url, model=target.model)
        return self._models[key], await self._keys.headers_of_look(endpoint)

    def _paid(self, came: Completion, target: Target) -> Completion:
        price = self._price_at(target.endpoint, target.model)
        return replace(came, usd=cost(price, came.tokens_in, came.tokens_out))

    def _price_at(self, endpoint: Endpoint, model: str) -> Price:
        known = endpoint.price_of(model)
        return self._price if known == Price() else known
