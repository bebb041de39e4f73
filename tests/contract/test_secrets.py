"""Secrets of tools: kept sealed, replaced, removed, and sealed anew."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from orchestrator.errors import Conflict, NotFound
from orchestrator.store.secrets import SqlSecrets
from orchestrator.store.tables import secrets
from tests.contract.truth import Truth

OLD, NEW = "o" * 32, "n" * 32


async def sealed(truth: Truth) -> str:
    rows = await truth.database.read(lambda c: c.execute(select(secrets)).all())
    return repr(rows)


async def test_a_value_is_sealed_and_comes_back_for_a_call(truth: Truth) -> None:
    vault = SqlSecrets(truth.database, [NEW])
    assert await vault.put("crm", "open-sesame") is True
    assert "open-sesame" not in await sealed(truth)
    assert await vault.values(["crm", "none"]) == {"crm": "open-sesame"}
    assert await vault.values([]) == {}
    assert [(one.name, one.readable) for one in await vault.all()] == [("crm", True)]


async def test_a_new_value_takes_the_place_of_the_old_one(truth: Truth) -> None:
    vault = SqlSecrets(truth.database, [NEW])
    await vault.put("crm", "first-value")
    made = (await vault.get("crm")).created_at
    with pytest.raises(Conflict):
        await vault.put("crm", "second-value", replace=False)
    assert await vault.put("crm", "second-value") is False
    kept = await vault.get("crm")
    assert (await vault.values(["crm"]), kept.created_at) == ({"crm": "second-value"}, made)


async def test_a_forgotten_secret_is_gone(truth: Truth) -> None:
    vault = SqlSecrets(truth.database, [NEW])
    await vault.put("crm", "open-sesame")
    await vault.remove("crm")
    assert await vault.values(["crm"]) == {}
    for act in (vault.remove, vault.get):
        with pytest.raises(NotFound):
            await act("crm")


async def test_rotation_lets_the_old_key_go(truth: Truth) -> None:
    await SqlSecrets(truth.database, [OLD]).put("crm", "open-sesame")
    await SqlSecrets(truth.database, ["x" * 32]).put("lost", "other-value")
    assert not (await SqlSecrets(truth.database, [NEW]).get("crm")).readable
    assert await SqlSecrets(truth.database, [NEW, OLD]).rotate() == ["lost"]
    vault = SqlSecrets(truth.database, [NEW])
    assert await vault.values(["crm", "lost"]) == {"crm": "open-sesame"}
    assert [(one.name, one.readable) for one in await vault.all()] == [("crm", True), ("lost", False)]
