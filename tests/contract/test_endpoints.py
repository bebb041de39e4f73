"""Registered model endpoints, over both databases."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from orchestrator.domain.limits import Limit
from orchestrator.domain.waiting import run_waiting
from orchestrator.errors import Conflict, NotFound
from orchestrator.store.endpoints import SqlEndpoints
from orchestrator.store.sql_limits import SqlLimits
from tests.contract.truth import Truth, new_step
from tools.endpoints.record import Endpoint, Fallback, Hedge, Model, Protocol, Replica
from tools.spec import Price

CHAT = Endpoint(
    "chat",
    Protocol.OPENAI,
    (Replica("http://a/v1", 4, 2.0, "http://a/metrics"), Replica("http://b/v1")),
    models=(Model("m", Price(per_1k_tokens_in=Decimal(1))),),
    max_concurrency=8,
    fallbacks=(Fallback("other", "n"),),
    hedge=Hedge.ALWAYS,
    auth={"bearer": "KEY"},
    tags=("gpu",),
)


async def test_a_record_comes_back_as_it_was_until_it_is_removed(truth: Truth) -> None:
    known = SqlEndpoints(truth.database)
    await known.add(CHAT)
    assert await known.find("chat") == CHAT
    with pytest.raises(Conflict):
        await known.add(CHAT)
    await known.remove("chat")
    assert await known.all() == []
    for act in (known.remove("chat"), known.get("chat"), known.add(CHAT, replace=True)):
        with pytest.raises(NotFound):
            await act


async def test_a_record_that_did_not_change_stays_the_same_object(truth: Truth) -> None:
    known = SqlEndpoints(truth.database)
    await known.add(CHAT)
    before = await known.find("chat")
    await known.add(replace(CHAT, name="other"))
    assert await known.find("chat") is before
    await known.add(replace(CHAT, max_queue=1), replace=True)
    after = await known.find("chat")
    assert after is not None
    assert after.max_queue == 1


async def test_calls_at_once_become_a_limit_unless_a_person_set_one(truth: Truth) -> None:
    known, limits = SqlEndpoints(truth.database), SqlLimits(truth.database)
    await known.add(CHAT)
    assert (await limits.get("endpoint:chat")).concurrency == 8
    await known.add(replace(CHAT, max_concurrency=None), replace=True)
    with pytest.raises(NotFound):
        await limits.get("endpoint:chat")
    await limits.put(Limit("endpoint:chat", concurrency=2))
    await known.add(CHAT, replace=True)
    assert (await limits.get("endpoint:chat")).concurrency == 2
    await known.remove("chat")
    assert (await limits.get("endpoint:chat")).concurrency == 2


async def test_calls_of_a_paused_endpoint_wait_say_why_and_go_on_at_once(truth: Truth) -> None:
    known = SqlEndpoints(truth.database)
    alone = replace(CHAT, fallbacks=(), max_concurrency=None)
    await known.add(alone)
    earlier = await truth.running(new_step(pools=("endpoint:chat",)))
    await known.pause("chat")
    later = await truth.running(new_step(pools=("endpoint:chat",)))
    await known.add(replace(alone, tags=("cpu",)), replace=True)
    assert (await known.get("chat")).paused
    assert await truth.claim() == []
    for run_id in (earlier, later):
        view = await truth.store.view(run_id)
        waiting = run_waiting(view.run, view.steps, view.questions, now=0)
        assert waiting is not None
        assert waiting.reason == "paused"
        assert "A person paused endpoint:chat" in waiting.text
    await known.pause("chat", paused=False)
    assert {claim.id.run_id for claim in await truth.claim()} == {earlier, later}
    with pytest.raises(NotFound):
        await SqlLimits(truth.database).get("endpoint:chat")


async def test_a_pause_keeps_the_limits_of_the_endpoint_and_outlives_their_change(truth: Truth) -> None:
    known, limits = SqlEndpoints(truth.database), SqlLimits(truth.database)
    await known.add(replace(CHAT, fallbacks=(), max_concurrency=None))
    await known.pause("chat")
    await limits.put(Limit("endpoint:chat", concurrency=1))
    await limits.remove("endpoint:chat")
    assert (await limits.get("endpoint:chat")).paused
    await limits.put(Limit("endpoint:chat", concurrency=1))
    await truth.running(new_step(0, pools=("endpoint:chat",)), new_step(1, pools=("endpoint:chat",)))
    assert await truth.claim() == []
    await known.pause("chat", paused=False)
    assert len(await truth.claim()) == 1


async def test_where_others_stand_in_a_pause_holds_no_step_back(truth: Truth) -> None:
    known = SqlEndpoints(truth.database)
    await known.add(replace(CHAT, max_concurrency=None))
    await known.pause("chat")
    await truth.running(new_step(pools=("endpoint:chat",)))
    assert len(await truth.claim()) == 1
