"""Keys share the workers: many steps of one do not hold up the few of another."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from orchestrator.domain.limits import Limit
from orchestrator.store.limits import set_limit
from tests.contract.truth import Truth, done, new_step, together


async def _claims_until_done(truth: Truth, run_id: str, *, room: int) -> int:
    """How many claims one worker makes until all steps of the run are over; it records what it got."""
    for count in range(1, 700):
        claims = await truth.claim(room=room)
        await together([truth.record(done(claim)) for claim in claims])
        if set(await truth.statuses(run_id)) == {"succeeded"}:
            return count
    raise AssertionError("the run was starved")


@pytest.mark.parametrize("room", [1, 4])
async def test_five_steps_beside_five_hundred_are_done_within_thirty_claims(truth: Truth, room: int) -> None:
    await truth.running(*(new_step(i) for i in range(500)), key_id="key_a")
    few = await truth.running(*(new_step(i) for i in range(5)), key_id="key_b")
    assert await _claims_until_done(truth, few, room=room) <= 30


async def test_the_service_s_own_key_is_one_of_them(truth: Truth) -> None:
    await truth.running(*(new_step(i) for i in range(100)), key_id="key_a")
    few = await truth.running(*(new_step(i) for i in range(3)))
    assert await _claims_until_done(truth, few, room=4) <= 5


async def test_who_has_steps_running_comes_after_who_has_none(truth: Truth) -> None:
    """Long steps: the places that fall free go to the other key until it has as many."""
    busy = await truth.running(*(new_step(i) for i in range(60)), key_id="key_a")
    held = await truth.claim(room=20)
    assert {claim.id.run_id for claim in held} == {busy}
    late = await truth.running(*(new_step(i) for i in range(40)), key_id="key_b")
    owners = [claim.id.run_id for claim in await truth.claim(room=20)]
    assert owners == [late] * 20
    assert [claim.id.run_id for claim in await truth.claim(room=4)].count(late) == 2


async def test_priority_comes_before_fairness(truth: Truth) -> None:
    urgent = await truth.running(*(new_step(i, priority=9) for i in range(10)), key_id="key_a")
    await truth.running(*(new_step(i) for i in range(10)), key_id="key_b")
    assert {claim.id.run_id for claim in await truth.claim(room=10)} == {urgent}


async def test_keys_take_turns_at_a_limited_tool(truth: Truth) -> None:
    await truth.database.act(lambda journal: set_limit(journal, Limit("tool:echo", concurrency=2)))
    await truth.running(*(new_step(i) for i in range(100)), key_id="key_a")
    few = await truth.running(*(new_step(i) for i in range(5)), key_id="key_b")
    assert await _claims_until_done(truth, few, room=4) <= 30


async def test_who_has_one_key_pays_no_statement_for_it(truth: Truth) -> None:
    await truth.running(*(new_step(i) for i in range(64)))
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_more) -> None:
        seen.append(statement)

    event.listen(truth.database.engine, "before_cursor_execute", note)
    await truth.claim(room=8)
    event.remove(truth.database.engine, "before_cursor_execute", note)
    told = [statement for statement in seen if not statement.startswith(("BEGIN", "PRAGMA"))]
    assert not [statement for statement in told if "pools" in statement.partition("FROM")[2]]
    assert len(told) <= 6, told
