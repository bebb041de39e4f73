"""Registered tools, and what is believed of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from orchestrator.domain.belief import DECAY, Prior
from orchestrator.errors import Conflict, NotFound
from tests.contract.truth import Truth, done, failed, new_step, together, tool
from tools.spec import Believed, Price


async def test_another_process_sees_a_new_tool_and_its_end(process: Callable[[], Truth]) -> None:
    one, two = process(), process()
    assert await two.catalog.entries() == {}
    await one.catalog.add(tool("echo"))
    assert [t.name for t in await two.catalog.active()] == ["echo"]
    same = await two.catalog.active()
    assert await two.catalog.active() is same
    await one.catalog.remove("echo")
    assert list(await two.catalog.active()) == []
    with pytest.raises(NotFound):
        await two.catalog.entry("echo")


async def test_a_changed_tool_is_a_new_version_and_old_runs_keep_theirs(truth: Truth) -> None:
    await truth.catalog.add(tool())
    with pytest.raises(Conflict):
        await truth.catalog.add(tool())
    second = await truth.catalog.add(tool(description="other"), replace=True)
    assert second.tool.version == 2
    await truth.catalog.remove("echo")
    assert (await truth.catalog.pinned("echo", 1)).description == ""
    assert (await truth.catalog.pinned("echo", 2)).description == "other"
    assert await truth.store.write(lambda tx: tx.tool("echo", 2).description) == "other"
    with pytest.raises(NotFound):
        await truth.catalog.pinned("echo", 3)
    assert (await truth.catalog.add(tool())).tool.version == 3


async def test_what_decides_no_call_changes_under_the_same_version(truth: Truth) -> None:
    await truth.catalog.add(tool())
    assert (await truth.catalog.pinned("echo", 1)).price.per_call == 0
    dear = tool(price=Price(per_call=Decimal("0.5")))
    assert (await truth.catalog.add(dear, replace=True)).tool.version == 1
    await truth.catalog.active()
    assert (await truth.catalog.pinned("echo", 1)).price.per_call == Decimal("0.5")


async def test_processes_that_start_at_once_register_the_same_tools(process: Callable[[], Truth]) -> None:
    processes = [process() for _ in range(4)]
    tools = [tool(f"t{n}") for n in range(20)]
    answers = await together([p.catalog.add_all(tools, replace=True) for p in processes])
    assert [type(answer) for answer in answers] == [list] * 4, answers
    entries = (await processes[0].catalog.entries()).values()
    assert [entry.tool.version for entry in entries] == [1] * 20


async def test_an_unavailable_tool_is_listed_and_not_planned_with(truth: Truth) -> None:
    await truth.catalog.add_all([tool("a"), tool("b")], reasons={"a": "install a"})
    assert [t.name for t in await truth.catalog.active()] == ["b"]
    entry = await truth.catalog.entry("a")
    assert (entry.status, entry.reason) == ("unavailable", "install a")


async def test_readers_at_once_are_never_told_that_the_database_is_locked(
    process: Callable[[], Truth],
) -> None:
    processes = [process() for _ in range(3)]
    run_id = await processes[0].running(*(new_step(i) for i in range(40)))

    async def read(truth: Truth) -> None:
        for _ in range(15):
            await truth.store.view(run_id)
            await truth.store.events(run_id)

    async def write(truth: Truth, owner: str) -> None:
        for claim in await truth.claim(owner, room=13):
            await truth.record(done(claim), owner)
            truth.steps.heartbeat(owner=owner, claims=[(claim.id, claim.fence)], jobs=[])

    work = [read(p) for p in processes * 4] + [write(p, f"w{n}") for n, p in enumerate(processes)]
    async with asyncio.timeout(40):
        answers = await together(work)
    assert answers == [None] * 15


async def test_outcomes_change_the_belief_and_leave_the_prior(truth: Truth) -> None:
    record = tool(believed=(Believed(usd=0.5, seconds=4.0, quality=0.9, n=2.0),))
    before = await truth.belief(record, "echo")
    assert (before.usd, before.seconds, before.quality, before.n) == (0.5, 4.0, 0.9, 2.0)
    await truth.beliefs.set_prior(record, "echo", Prior(usd=0.3, seconds=2.0, quality=0.5, n=2.0))
    await truth.running(new_step(0), new_step(1))
    first, second = await truth.claim()
    await truth.record(done(first, usd="0.9", quality=0.7))
    after = await truth.belief(record, "echo")
    assert after.prior == Prior(usd=0.3, seconds=2.0, quality=0.5, n=2.0)
    assert after.n == 3
    assert after.usd == pytest.approx((2 * 0.3 + 0.9) / 3)
    assert after.quality == pytest.approx((2 * 0.5 + 0.7) / 3)
    assert after.success == 1
    await truth.record(failed(second))
    worse = await truth.belief(record, "echo")
    assert worse.observed.tries == pytest.approx(1 + DECAY)
    assert worse.success < 1
    seen = await truth.beliefs.evidence("echo", limit=5)
    assert [(one.step, one.status, one.quality, one.judge) for one in seen] == [
        ("s1", "failed", None, None),
        ("s0", "succeeded", 0.7, "scorer"),
    ]
    assert seen[1].usd == Decimal("0.9")
    assert await truth.beliefs.evidence("other", limit=5) == []
    changed = await truth.beliefs.set_prior(record, "echo", Prior(n=1))
    assert changed.observed == worse.observed


async def test_a_group_of_outcomes_counts_like_one_after_another(truth: Truth) -> None:
    await truth.running(*(new_step(i) for i in range(6)), *(
        new_step(6 + i, subtask_type="single") for i in range(6)
    ))  # fmt: skip
    claims = await truth.claim()
    grouped = [done(c, usd=f"0.{c.id.idx + 1}") for c in claims if c.id.idx < 6]
    single = [done(c, usd=f"0.{c.id.idx - 5}") for c in claims if c.id.idx >= 6]
    await together([truth.record(outcome) for outcome in grouped])
    for outcome in single:
        await truth.record(outcome)
    one = (await truth.belief(tool(), "echo")).observed
    other = (await truth.belief(tool(), "single")).observed
    assert one.usd == pytest.approx(other.usd)
    assert one.tries == pytest.approx(sum(DECAY**n for n in range(6)))


async def test_a_stopped_worker_says_nothing_about_the_tool(truth: Truth) -> None:
    await truth.running(new_step())
    (claim,) = await truth.claim()
    await truth.steps.hand_back(owner="one", claims=[(claim.id, claim.fence)], jobs=[])
    assert (await truth.belief(tool(), "echo")).observed.tries == 0
    assert (await truth.beliefs.table(tool()))[0].subtask_type == "*"


async def test_the_tables_of_many_tools_are_those_of_each(truth: Truth) -> None:
    known = [
        tool(),
        tool("other", believed=(Believed(seconds=3, subtask_type="say"),)),
        replace(tool(), version=2),
    ]
    await truth.running(new_step(), new_step(1, subtask_type="again"))
    await together([truth.record(done(claim)) for claim in await truth.claim()])
    await truth.beliefs.set_prior(known[1], "sing", Prior(usd=1))
    tables = await truth.beliefs.tables(known)
    assert tables == [await truth.beliefs.table(one) for one in known]
    types = [[belief.subtask_type for belief in table] for table in tables]
    assert types == [["again", "echo", "*"], ["sing", "say"], ["*"]]
    assert await truth.beliefs.tables([]) == []


async def test_a_full_disk_says_nothing_about_the_tool(truth: Truth) -> None:
    await truth.running(new_step())
    (claim,) = await truth.claim()
    await truth.record(replace(failed(claim), error={"code": "storage_full", "message": "no room"}))
    assert (await truth.belief(tool(), "echo")).observed.tries == 0


async def test_a_quarantined_tool_is_not_planned_with_until_its_change_is_approved(truth: Truth) -> None:
    await truth.catalog.add(tool())
    changed = tool(description="other")
    await truth.catalog.quarantine("echo", changed, reason="it has changed")
    entry = await truth.catalog.entry("echo")
    assert (entry.status, entry.reason, entry.tool.version) == ("quarantined", "it has changed", 1)
    assert entry.pending is not None
    assert entry.pending.hash == changed.hash
    assert list(await truth.catalog.active()) == []
    with pytest.raises(Conflict):
        await truth.catalog.approve("echo", tool(description="third").hash)
    approved = await truth.catalog.approve("echo", changed.hash)
    assert (approved.status, approved.tool.version, approved.pending) == ("active", 2, None)
    assert [t.description for t in await truth.catalog.active()] == ["other"]
    assert (await truth.catalog.pinned("echo", 1)).description == ""
    with pytest.raises(Conflict):
        await truth.catalog.approve("echo", changed.hash)
    with pytest.raises(NotFound):
        await truth.catalog.approve("nobody", changed.hash)


async def test_a_tool_that_is_what_it_was_again_leaves_quarantine(truth: Truth) -> None:
    await truth.catalog.add(tool())
    await truth.catalog.quarantine("echo", None, reason="unusable")
    with pytest.raises(Conflict):
        await truth.catalog.approve("echo", tool().hash)
    back = await truth.catalog.add(tool(), replace=True)
    assert (back.status, back.tool.version) == ("active", 1)
    assert (await truth.catalog.entry("echo")).pending is None


async def test_only_what_changed_is_read_again(process: Callable[[], Truth]) -> None:
    one, two = process(), process()
    await one.catalog.add_all([tool(f"t{n}") for n in range(5)])
    before = await two.catalog.entries()
    await one.catalog.add(tool("t2", description="other"), replace=True)
    await one.catalog.add(tool("a"))
    await one.catalog.remove("t4")
    after = await two.catalog.entries()
    assert list(after) == ["a", "t0", "t1", "t2", "t3"]
    assert after["t2"].tool.description == "other"
    assert all(after[name] is before[name] for name in ("t0", "t1", "t3"))
    await one.catalog.quarantine("t0", None, reason="for a look")
    await one.catalog.add(tool("t4"))
    assert [t.name for t in await two.catalog.active()] == ["a", "t1", "t2", "t3", "t4"]
    assert (await two.catalog.entry("t4")).tool.version == 2


async def test_two_that_change_different_tools_at_once_are_both_seen(process: Callable[[], Truth]) -> None:
    writers, reader = [process() for _ in range(4)], process()

    async def write(number: int) -> None:
        for count in range(10):
            await writers[number].catalog.add(tool(f"w{number}_{count}"))

    async def read() -> list[int]:
        return [len(await reader.catalog.entries()) for _ in range(30)]

    async with asyncio.timeout(40):
        seen, *_ = await together([read(), *(write(number) for number in range(4))])
    assert seen == sorted(seen)
    assert len(await reader.catalog.entries()) == 40


async def test_refused_names_leave_no_other_tool_behind(truth: Truth) -> None:
    await truth.catalog.add(tool("taken"))
    with pytest.raises(Conflict):
        await truth.catalog.add_all([tool("free"), tool("taken")])
    assert list(await truth.catalog.entries()) == ["taken"]


async def test_a_disabled_tool_stays_so_until_a_person_enables_it(truth: Truth) -> None:
    catalog = truth.catalog
    await catalog.add(tool())
    assert (await catalog.disable("echo", reason="dear")).status == "disabled"
    assert list(await catalog.active()) == []
    same = await catalog.add(tool(), replace=True)
    other = await catalog.add(tool(description="other"), replace=True, reason="no program")
    assert [(one.tool.version, one.status, one.reason) for one in (same, other)] == [
        (1, "disabled", "dear"),
        (2, "disabled", "dear"),
    ]
    assert (await catalog.enable("echo", reason="no program")).status == "unavailable"
    assert (await catalog.enable("echo", reason="")).status == "unavailable"
    assert [version.description for version, _ in await catalog.versions("echo")] == ["other", ""]
    with pytest.raises(NotFound):
        await catalog.versions("never")


async def test_a_changed_definition_of_a_disabled_tool_waits_behind_it(truth: Truth) -> None:
    catalog = truth.catalog
    await catalog.add(tool())
    pending = tool(description="changed")
    await catalog.disable("echo", reason="dear")
    await catalog.quarantine("echo", pending, reason="changed")
    entry = await catalog.entry("echo")
    assert (entry.status, entry.reason, entry.pending) == ("disabled", "dear", pending)
    assert (await catalog.enable("echo", reason="")).status == "quarantined"
    await catalog.disable("echo", reason="dear")
    approved = await catalog.approve("echo", pending.hash)
    assert (approved.status, approved.tool.version) == ("active", 2)
