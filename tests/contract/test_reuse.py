"""Results that stand for a call: of steps that are taken up again, and of tools that let theirs be used."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select, update

from orchestrator.domain.budget import Budget
from orchestrator.domain.ids import new_id
from orchestrator.domain.reuse import result_key
from orchestrator.domain.run import RunRequest, RunStatus
from orchestrator.domain.step import Claim, ReusedFrom, StepId, StepStatus
from orchestrator.runs.answer import answer
from orchestrator.runs.retry import retry_from
from orchestrator.store import results
from orchestrator.store.tables import results as kept_results
from tests.contract.truth import Truth, again, done, failed, give_plan, new_step, tool
from tools.spec import Cache, CacheScope, Effect, Price, file_schema

ALL, RUN, KEY = (Cache(scope, 60.0) for scope in (CacheScope.ALL, CacheScope.RUN, CacheScope.KEY))


class _NoBell:
    def ring(self) -> None:
        """Nobody listens."""


def _key(claim: Claim, **arguments: Any) -> str:
    key = result_key(claim.tool, claim.tool_version, "hash", arguments)
    assert key is not None
    return key


async def _do(truth: Truth, value: int, *, usd: str = "0", **more: Any) -> Claim:
    """Claim the one due step and succeed with it, as the result of its value."""
    (claim,) = await truth.claim()
    outcome = replace(
        done(claim, usd=usd, output={"value": value}), result_key=_key(claim, value=value), **more
    )
    assert (await truth.record(outcome)).accepted
    return claim


async def _pair(truth: Truth, **more: Any) -> str:
    """A run of two steps, the second fed by the first, that has succeeded; `more` is for the second."""
    first = new_step(0, children=(1,), arguments={"value": 1})
    second = new_step(1, needs=(0,), arguments={"value": {"ref": "s0.value"}}, **more)
    budget = Budget(usd=Decimal("0.10"))
    run_id = await truth.running(first, second, request=RunRequest(request="x", budget=budget))
    await truth.store.write(lambda tx: give_plan(tx, run_id))
    await _do(truth, 7)
    await _do(truth, 7, usd="0.10" if more.get("worst_usd") else "0")
    assert await truth.status(run_id) is RunStatus.SUCCEEDED
    return run_id


async def _take_up(truth: Truth, run_id: str, idx: int = 0) -> None:
    await truth.store.write(lambda tx: retry_from(tx, run_id, idx, {}))


async def test_a_step_taken_up_again_keeps_its_result_for_the_same_call_only(truth: Truth) -> None:
    await truth.catalog.add(tool())
    run_id = await _pair(truth)
    await _take_up(truth, run_id)
    first = StepId(run_id, 0)
    (claim,) = await truth.claim()
    assert claim.id == first
    assert await truth.steps.own_result(first, _key(claim, value=7)) is None, "it was named, so it is called"
    await truth.record(replace(done(claim, output={"value": 7}), result_key=_key(claim, value=7)))
    (second,) = await truth.claim()
    assert await truth.steps.own_result(second.id, _key(second, value=8)) is None
    kept = await truth.steps.own_result(second.id, _key(second, value=7))
    assert kept is not None
    assert (kept.output, kept.source.run_id, kept.source.step) == ({"value": 7}, run_id, "s1")
    assert kept.source.age >= 0


async def test_a_result_whose_recorder_named_no_key_is_not_taken(truth: Truth) -> None:
    """As outcomes are recorded by workers of version 0.1 after the key was written."""
    await truth.catalog.add(tool())
    run_id = await _pair(truth)
    old = (await truth.step(run_id, 1)).result_key
    await _take_up(truth, run_id)
    await _do(truth, 8)
    (claim,) = await truth.claim()
    await truth.record(done(claim, output={"value": 8}))
    await truth.store.write(lambda tx: tx.update_step(claim.id, result_key=old))
    await _take_up(truth, run_id)
    assert (await truth.step(run_id, 1)).result_key is None


async def test_what_is_taken_needs_no_money_and_teaches_nothing(truth: Truth) -> None:
    paid = tool("buy", price=Price(per_call=Decimal("0.10")))
    await truth.catalog.add(tool())
    await truth.catalog.add(paid)
    run_id = await _pair(truth, tool="buy", worst_usd=Decimal("0.10"))
    seen = (await truth.belief(paid, "echo")).observed.tries
    await _take_up(truth, run_id)
    await _do(truth, 7)
    (claim,) = await truth.claim()
    source = ReusedFrom(run_id, "s1", 1.0, 2.0)
    outcome = replace(done(claim, output={"value": 7}), result_key=_key(claim, value=7), reused_from=source)
    await truth.record(outcome)
    view = await truth.store.view(run_id)
    assert view.run.status is RunStatus.SUCCEEDED
    assert (view.run.spend.usd, view.run.spend.reserved_usd) == (Decimal("0.1"), Decimal(0))
    assert view.steps[1].reused_from == source
    assert (await truth.belief(paid, "echo")).observed.tries == seen
    (told,) = [e.data["reused_from"] for e in await truth.store.events(run_id) if "reused_from" in e.data]
    assert told == {"run": run_id, "step": "s1", "age": 2.0}
    await _take_up(truth, run_id, 1)
    assert (await truth.step(run_id, 1)).reused_from is None
    assert await truth.claim() == [], "the call itself costs what is not left"


async def test_a_once_only_call_is_repeated_with_a_persons_word_alone(truth: Truth) -> None:
    await truth.catalog.add(tool())
    await truth.catalog.add(tool("send", effect=Effect.ONCE))
    run_id = await _pair(truth, tool="send", once=True)
    await _take_up(truth, run_id)
    await _do(truth, 8)
    assert await truth.claim() == [], "its inputs have changed"
    (question,) = (await truth.store.view(run_id)).questions
    assert question.detail is not None
    assert "called before" in question.detail["rule"]
    assert question.detail["arguments"] == {"value": 8}, "resolved"
    await answer(run_id, [(question.id, "approve")], store=truth.store, doorbell=_NoBell())
    (claim,) = await truth.claim()
    assert claim.tool == "send"


async def test_a_once_only_call_that_is_the_same_is_neither_made_nor_asked_about(truth: Truth) -> None:
    await truth.catalog.add(tool())
    await truth.catalog.add(tool("send", effect=Effect.ONCE))
    run_id = await _pair(truth, tool="send", once=True)
    await _take_up(truth, run_id)
    await _do(truth, 7)
    (claim,) = await truth.claim()
    assert (await truth.store.view(run_id)).questions == ()
    kept = await truth.steps.own_result(claim.id, _key(claim, value=7))
    assert kept is not None


async def _another(truth: Truth, request: RunRequest | None = None, key_id: str | None = None) -> str:
    run_id = new_id("run")
    await truth.store.accept(run_id, request or RunRequest(request="x"), key_id=key_id)
    return run_id


async def _kept_under(truth: Truth, cache: Cache, key_id: str | None = None) -> tuple[str, str]:
    run_id = await truth.running(new_step(0, arguments={"value": 1}), key_id=key_id)
    claim = await _do(truth, 1, cache=cache)
    return run_id, _key(claim, value=1)


async def test_a_result_is_found_in_its_scope_alone(truth: Truth) -> None:
    mine, key = await _kept_under(truth, RUN, key_id="key_a")
    other = await _another(truth, key_id="key_a")
    assert (await truth.steps.cached_result(mine, RUN, key)).kept is not None
    assert (await truth.steps.cached_result(other, RUN, key)).kept is None
    await _kept_under(truth, KEY, key_id="key_a")
    stranger = await _another(truth, key_id="key_b")
    assert (await truth.steps.cached_result(other, KEY, key)).kept is not None
    assert (await truth.steps.cached_result(stranger, KEY, key)).kept is None
    await _kept_under(truth, ALL)
    found = (await truth.steps.cached_result(stranger, ALL, key)).kept
    assert found is not None
    assert found.output == {"value": 1}
    assert (await truth.steps.cached_result(stranger, ALL, "another call")).kept is None


@pytest.mark.parametrize(
    ("use", "found", "keeps"), [("use", True, True), ("refresh", False, True), ("off", False, False)]
)
async def test_the_run_says_whether_it_takes_and_keeps_results(truth: Truth, use, found, keeps) -> None:
    _, key = await _kept_under(truth, ALL)
    run_id = await _another(truth, RunRequest(request="x", cache=use))
    told = await truth.steps.cached_result(run_id, ALL, key)
    assert (told.kept is not None, told.keeps) == (found, keeps)


async def _age(truth: Truth, seconds: float) -> None:
    def act(journal: Any) -> None:
        made, over = kept_results.c.made_at, kept_results.c.expires_at
        journal.connection.execute(
            update(kept_results).values(made_at=made - seconds, expires_at=over - seconds)
        )

    await truth.database.act(act)


async def _count(truth: Truth) -> int:
    query = select(func.count()).select_from(kept_results)
    return await truth.database.read(lambda c: c.execute(query).scalar_one())


async def test_a_result_that_is_too_old_is_neither_taken_nor_kept(truth: Truth) -> None:
    run_id, key = await _kept_under(truth, ALL)
    await _age(truth, 50)
    kept = (await truth.steps.cached_result(run_id, ALL, key)).kept
    assert kept is not None
    assert 50 <= kept.source.age < 60
    shorter = replace(ALL, max_age=20)
    assert (await truth.steps.cached_result(run_id, shorter, key)).kept is None, (
        "the record's age of now holds"
    )
    await truth.steps.sweep()
    assert await _count(truth) == 1
    await _age(truth, 11)
    assert (await truth.steps.cached_result(run_id, ALL, key)).kept is None
    await truth.steps.sweep()
    assert await _count(truth) == 0


async def test_large_results_are_not_kept_and_the_oldest_of_too_many_go(truth: Truth, monkeypatch) -> None:
    monkeypatch.setattr(results, "MOST_CHARACTERS", 30)
    monkeypatch.setattr(results, "MOST_RESULTS", 2)
    run_id = await truth.running(*(new_step(n, arguments={"value": n}) for n in range(4)))
    for claim in sorted(await truth.claim(), key=lambda one: one.id.idx):
        key, output = _key(claim, value=claim.id.idx), {"value": "x" * 30 if claim.id.idx == 3 else 1}
        await truth.record(replace(done(claim, output=output), result_key=key, cache=ALL))
        await _age(truth, 1)
    assert await _count(truth) == 3
    await truth.steps.sweep()
    assert await _count(truth) == 2
    assert await truth.statuses(run_id) == [StepStatus.SUCCEEDED.value] * 4


async def test_an_outcome_that_is_no_success_is_kept_for_nobody(truth: Truth) -> None:
    """As when the output of a tool with a cache turned out to be what no database takes."""
    run_id = await truth.running(new_step(0, arguments={"value": 1}))
    (claim,) = await truth.claim()
    await truth.record(replace(failed(claim), result_key=_key(claim, value=1), cache=ALL))
    assert (await truth.steps.cached_result(run_id, ALL, _key(claim, value=1))).kept is None


async def test_a_result_taken_again_keeps_its_age_and_where_it_is_from(truth: Truth) -> None:
    await truth.catalog.add(tool())
    run_id = await _pair(truth)
    source = ReusedFrom("run_before", "s9", 1.0, 2.0)
    for _ in range(2):
        await _take_up(truth, run_id)
        await _do(truth, 7)
        (claim,) = await truth.claim()
        kept = await truth.steps.own_result(claim.id, _key(claim, value=7))
        assert kept is not None
        taken = replace(done(claim, output={"value": 7}), result_key=_key(claim, value=7), reused_from=source)
        await truth.record(taken)
    assert kept is not None
    assert (kept.source.run_id, kept.source.step, kept.source.at) == ("run_before", "s9", 1.0)
    assert kept.source.age > 1_000
    await _take_up(truth, run_id)
    await _do(truth, 7)
    await _do(truth, 7)
    assert (await truth.step(run_id, 1)).reused_from is None, "it was called"


async def test_a_call_whose_result_is_gone_is_decided_anew_before_it_is_made(
    truth: Truth,
) -> None:
    paid = tool("buy", price=Price(per_call=Decimal("0.10")))
    await truth.catalog.add(tool())
    await truth.catalog.add(paid)
    run_id = await _pair(truth, tool="buy", worst_usd=Decimal("0.10"))
    seen = (await truth.belief(paid, "echo")).observed.tries
    await _take_up(truth, run_id)
    await _do(truth, 7)
    (claim,) = await truth.claim()
    assert claim.result_only
    gone = {"code": "result_gone", "message": "gone"}
    await truth.record(replace(again(claim), error=gone, worst_usd=Decimal("0.10")))
    assert await truth.claim() == []
    step = await truth.step(run_id, 1)
    assert (step.status, (step.error or {})["code"]) == (StepStatus.FAILED, "budget_exhausted")
    assert (await truth.belief(paid, "echo")).observed.tries == seen


async def test_a_claim_says_whether_its_result_stands_for_the_call(truth: Truth) -> None:
    await truth.catalog.add(tool())
    await truth.catalog.add(tool("send", effect=Effect.ONCE))
    run_id = await _pair(truth, tool="send", once=True)
    await _take_up(truth, run_id)
    (first,) = await truth.claim()
    assert not first.result_only
    await truth.record(replace(done(first, output={"value": 7}), result_key=_key(first, value=7)))
    (same,) = await truth.claim()
    assert same.result_only
    gone = {"code": "result_gone", "message": "gone"}
    await truth.record(replace(again(same), error=gone, worst_usd=Decimal(0)))
    assert await truth.claim() == []
    (question,) = (await truth.store.view(run_id)).questions
    assert "called before" in (question.detail or {})["rule"]


async def test_files_are_told_apart_by_their_artifact_and_other_objects_by_all_of_them(
    truth: Truth,
) -> None:
    taken = {"type": "object", "properties": {"file": file_schema("*/*"), "note": {"type": "object"}}}
    await truth.catalog.add(tool())
    await truth.catalog.add(replace(tool("read"), input_schema=taken, price=Price(per_call=Decimal("0.10"))))
    file, note = {"artifact": "art_1", "name": "a.txt"}, {"artifact": "x", "name": "n"}
    first = new_step(0, children=(1,))
    arguments = {"file": {"ref": "s0.file"}, "note": {"ref": "s0.note"}}
    second = new_step(1, needs=(0,), tool="read", worst_usd=Decimal("0.10"), arguments=arguments)
    run_id = await truth.running(first, second)
    await truth.store.write(lambda tx: give_plan(tx, run_id))
    found = []
    for file_name, note_name in (("a.txt", "n"), ("b.txt", "n"), ("a.txt", "m")):
        output = {"file": file | {"name": file_name}, "note": note | {"name": note_name}}
        (claim,) = await truth.claim()
        await truth.record(done(claim, output=output))
        (claim,) = await truth.claim()
        found.append(claim.result_only)
        key = _key(claim, file={"artifact": "art_1"}, note=output["note"])
        await truth.record(replace(done(claim), result_key=key))
        await _take_up(truth, run_id)
    assert found == [False, True, False]


async def test_what_an_edit_refers_to_feeds_the_step_from_then_on(truth: Truth) -> None:
    await truth.catalog.add(tool())
    run_id = await truth.running(new_step(0), new_step(1))
    await truth.store.write(lambda tx: give_plan(tx, run_id))
    for claim in await truth.claim():
        await truth.record(done(claim, output={"value": claim.id.idx}))
    edits = {"value": {"ref": "s0.value"}}
    await truth.store.write(lambda tx: retry_from(tx, run_id, 1, edits))
    (claim,) = await truth.claim()
    await truth.record(done(claim))
    await _take_up(truth, run_id)
    (first,) = await truth.claim()
    assert (first.id.idx, await truth.statuses(run_id)) == (0, ["running", "pending"])
    await truth.record(done(first))
    (second,) = await truth.claim()
    assert second.id.idx == 1
