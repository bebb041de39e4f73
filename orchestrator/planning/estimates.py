"""Beliefs about tools turned into the figures of each option, from which the search chooses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from orchestrator.domain.belief import Belief
from orchestrator.domain.budget import Risk
from orchestrator.domain.plan import Call, Estimate, Option, Plan
from orchestrator.ports import Beliefs, Catalog
from tools.spec import Effect, Tool

#: Tries of one call that the retry policy makes; a call that must not be repeated has one.
TRIES = 3

_Key = tuple[str, int, str]


async def estimate_plan(plan: Plan, *, catalog: Catalog, beliefs: Beliefs, risk: Risk) -> Plan:
    """The plan with every option's believed money, tool-seconds and quality.

    A chain of calls adds money and seconds and multiplies qualities; it counts as well known as
    the least known of its calls. Raises NotFound when a pinned tool version is gone.
    """
    newest = {(tool.name, tool.version): tool for tool in await catalog.active()}
    keys = _keys(plan)
    tools = [newest.get(key[:2]) or await catalog.pinned(*key[:2]) for key in keys]
    believed = await beliefs.of([(tool, key[2]) for tool, key in zip(tools, keys, strict=True)])
    figures = {
        key: _estimate(belief, tool, risk) for key, tool, belief in zip(keys, tools, believed, strict=True)
    }
    subtasks = (
        replace(s, options=tuple(_filled(option, s.type, figures) for option in s.options))
        for s in plan.subtasks
    )
    return replace(plan, subtasks=tuple(subtasks))


def _keys(plan: Plan) -> list[_Key]:
    """Each tool version of the plan with each job it is to do there, once."""
    options = ((subtask.type, option) for subtask in plan.subtasks for option in subtask.options)
    return list(dict.fromkeys((call.tool, call.version, job) for job, o in options for call in o.calls))


def _estimate(belief: Belief, tool: Tool, risk: Risk) -> Estimate:
    tries = 1 if tool.effect is Effect.ONCE else TRIES
    usd, seconds, quality = belief.expected(tries=tries, conservative=risk == "conservative")
    return Estimate(usd, seconds, quality, belief.n)


def _filled(option: Option, job: str, figures: Mapping[_Key, Estimate]) -> Option:
    def of(call: Call) -> Estimate:
        return figures[call.tool, call.version, job]

    if len(option.calls) == 1:
        return replace(option, estimate=of(option.calls[0]))
    usd = seconds = 0.0
    quality, n = 1.0, float("inf")
    for call in option.calls:
        one = of(call)
        usd, seconds, quality, n = usd + one.usd, seconds + one.seconds, quality * one.quality, min(n, one.n)
    return replace(option, estimate=Estimate(usd, seconds, quality, n))
