"""Beliefs become the figures of options."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.domain.belief import Prior
from orchestrator.domain.plan import Call, Estimate, Option, Plan, SubTask
from orchestrator.errors import NotFound
from orchestrator.planning.estimates import estimate_plan
from tests.fakes import FakeBeliefs, FakeCatalog
from tests.unit.orchestrator.planning.cases import CENTRAL, EXTRACT, FETCH, LEAD
from tools.spec import Tool


def plan(*tools: Tool) -> Plan:
    """One sub-task with a chain of these tools."""
    calls = tuple(Call(tool.name, tool.version, tool.hash) for tool in tools)
    option = Option("only", calls, Estimate(0.0, 0.0, 1.0))
    return Plan("p", (SubTask("a", "", "summarise", (option,)),), "given")


async def estimate(made: Plan, *tools: Tool, beliefs: FakeBeliefs | None = None, **more) -> Estimate:
    filled = await estimate_plan(
        made, catalog=FakeCatalog(tools), beliefs=beliefs or FakeBeliefs(), **{"risk": "mean"} | more
    )
    return filled.subtasks[0].options[0].estimate


async def test_an_option_gets_what_is_believed_of_its_tool_for_that_job() -> None:
    beliefs = FakeBeliefs()
    beliefs.priors["lead", "summarise"] = Prior(usd=0.02, seconds=3.0, quality=0.7, n=5.0)
    found = await estimate(plan(LEAD), LEAD, beliefs=beliefs)
    assert [found.usd, found.seconds, found.quality, found.n] == pytest.approx([0.02, 3.0, 0.7, 5.0])


async def test_a_chain_adds_money_and_seconds_and_multiplies_quality() -> None:
    beliefs = FakeBeliefs()
    beliefs.priors["fetch", "summarise"] = Prior(usd=0.1, seconds=1.0, quality=0.9, n=9.0)
    beliefs.priors["extract", "summarise"] = Prior(usd=0.2, seconds=2.0, quality=0.8, n=3.0)
    found = await estimate(plan(FETCH, EXTRACT), FETCH, EXTRACT, beliefs=beliefs)
    assert [found.usd, found.seconds, found.quality, found.n] == pytest.approx([0.3, 3.0, 0.72, 3.0])


async def test_a_conservative_figure_is_worse_than_the_mean() -> None:
    mean = await estimate(plan(LEAD), LEAD)
    careful = await estimate(plan(LEAD), LEAD, risk="conservative")
    assert careful.seconds > mean.seconds
    assert careful.quality < mean.quality


async def test_each_tool_is_looked_up_once_for_each_job() -> None:
    beliefs, option = FakeBeliefs(), plan(LEAD).subtasks[0].options[0]
    subtasks = tuple(SubTask(f"s{i}", "", "summarise", (option,)) for i in range(50))
    await estimate(Plan("p", subtasks, "given"), LEAD, beliefs=beliefs)
    assert beliefs.asked == [("lead", "summarise")]


async def test_a_version_that_is_no_longer_the_newest_is_still_found() -> None:
    catalog = FakeCatalog([CENTRAL])
    await catalog.add(replace(CENTRAL, version=2, summary="better"), replace=True)
    filled = await estimate_plan(plan(CENTRAL), catalog=catalog, beliefs=FakeBeliefs(), risk="mean")
    assert filled.subtasks[0].options[0].estimate.seconds > 0


async def test_a_version_that_is_gone_is_an_error() -> None:
    with pytest.raises(NotFound):
        await estimate(plan(LEAD), FETCH)
