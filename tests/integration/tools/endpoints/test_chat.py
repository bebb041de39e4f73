"""A chat behind an endpoint, over real servers that answer from a script."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from decimal import Decimal

import pytest

from tools.adapters.credentials import Authority
from tools.adapters.endpoint_credentials import EndpointCredentials
from tools.endpoints.chat import EndpointChat
from tools.endpoints.record import Endpoint, Fallback, Model, Protocol, Replica
from tools.endpoints.router import Router
from tools.errors import ServerFault, Unavailable
from tools.llm import BadCompletion
from tools.net import Net
from tools.spec import Price
from tools.testing import Rule, ScriptedModel

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
ASKED = [{"role": "user", "content": "how many?"}]
DEAR = Price(per_1k_tokens_in=Decimal(1), per_1k_tokens_out=Decimal(2))


class Registered(dict[str, Endpoint]):
    async def find(self, name: str) -> Endpoint | None:
        return self.get(name)


class Secrets:
    async def values(self, names: object) -> dict[str, str]:
        return {"key": "open-sesame"}


Chat = Callable[..., EndpointChat]


@pytest.fixture
async def chat() -> AsyncIterator[Chat]:
    """Makes a chat over these endpoints; the first is asked."""
    net = Net(allow=("127.0.0.1",))

    def made(*endpoints: Endpoint, price: Price = DEAR) -> EndpointChat:
        known = Registered({one.name: one for one in endpoints})
        keys = EndpointCredentials(Authority(net), Secrets())
        return EndpointChat(
            "planners", model="m", router=Router(known), net=net, keys=keys, price=price, timeout=10
        )

    yield made
    await net.aclose()


def endpoint(*servers: ScriptedModel, name: str = "planners", **more: object) -> Endpoint:
    return Endpoint(name, Protocol.OPENAI, tuple(Replica(one.base_url) for one in servers), **more)  # type: ignore[arg-type]


async def test_a_replica_that_fails_is_passed_over_and_then_left_alone(chat: Chat) -> None:
    async with ScriptedModel([Rule(status=500)]) as broken, ScriptedModel([Rule(json={"n": 3})]) as good:
        asked = chat(endpoint(broken, good, auth={"bearer": "key"}))
        for _ in range(8):
            came = await asked.complete(ASKED, schema=SCHEMA)
            assert came.parsed == {"n": 3}
    assert len(good.prompts) == 8
    assert len(broken.prompts) <= 3, "its breaker opens"
    assert came.usd == (came.tokens_in + 2 * came.tokens_out) * Decimal("0.001")


async def test_a_fallback_takes_over_with_its_own_model_and_price(chat: Chat) -> None:
    async with ScriptedModel([Rule(status=500)]) as broken, ScriptedModel([Rule(json={"n": 3})]) as other:
        free = Model("spare", Price(per_1k_tokens_out=Decimal(100)))
        asked = chat(
            endpoint(broken, fallbacks=(Fallback("other", "spare"),)),
            endpoint(other, name="other", models=(free,)),
        )
        came = await asked.complete(ASKED, schema=SCHEMA)
    assert other.prompts[0]["model"] == "spare"
    assert came.usd == came.tokens_out * Decimal("0.1")


async def test_what_no_replica_can_do_says_why(chat: Chat) -> None:
    with pytest.raises(Unavailable, match="no endpoint 'planners'"):
        await chat().complete(ASKED)
    async with ScriptedModel([Rule(text="no JSON")]) as talker:
        with pytest.raises(BadCompletion) as paid:
            await chat(endpoint(talker)).complete(ASKED, schema=SCHEMA)
        assert paid.value.completion.usd > 0
        tensors = Endpoint("planners", Protocol.KSERVE, (Replica(talker.base_url),))
        with pytest.raises(Unavailable, match="speaks kserve-v2"):
            await chat(tensors).complete(ASKED)
    async with ScriptedModel([Rule(status=500)]) as broken:
        with pytest.raises(ServerFault):
            await chat(endpoint(broken)).complete(ASKED)


async def test_its_price_is_the_endpoints_once_it_was_seen(chat: Chat) -> None:
    own = Price(per_1k_tokens_in=Decimal(5))
    async with ScriptedModel([Rule(json={"n": 3})]) as good:
        asked = chat(endpoint(good, models=(Model("m", own),)))
        assert asked.price == DEAR
        await asked.complete(ASKED)
        assert asked.price == own
