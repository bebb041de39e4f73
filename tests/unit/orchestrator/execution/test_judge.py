from __future__ import annotations

import pytest

from orchestrator.execution.judge import RuleJudge
from tools.spec import Kind, Ports, Tool

JUDGE = RuleJudge()


def tool(*, ports: Ports | None = None, **fields) -> Tool:
    schema = {"type": "object", "properties": fields}
    return Tool("t", "T.", Kind.PYTHON, {"type": "object"}, schema, ports=ports or Ports())


@pytest.mark.parametrize("empty", [None, "", "  \n", [], {}, {"columns": ["a"], "rows": []}])
async def test_an_empty_main_output_is_worth_nothing(empty):
    verdict = await JUDGE.judge(tool(), {}, {"text": empty, "count": 3})
    assert verdict is not None
    assert (verdict.quality, verdict.source) == (0.0, "rule")
    assert "'text'" in verdict.detail


@pytest.mark.parametrize("full", [0, False, "a", [0], {"a": 1}, {"columns": [], "rows": [[1]]}])
async def test_anything_else_is_not_judged(full):
    assert await JUDGE.judge(tool(), {}, {"text": full}) is None


async def test_the_main_output_is_the_first_of_the_ports():
    ports = Ports(outputs={"summary": "text"})
    assert await JUDGE.judge(tool(ports=ports), {}, {"note": "", "summary": "words"}) is None
    assert await JUDGE.judge(tool(ports=ports), {}, {"note": "x", "summary": ""}) is not None


@pytest.mark.parametrize(("score", "quality"), [(0.25, 0.25), (7, 1.0), (-1, 0.0)])
async def test_a_tool_may_score_its_own_output(score, quality):
    scored = tool(confidence={"type": "number", "x-quality": True})
    verdict = await JUDGE.judge(scored, {}, {"text": "", "confidence": score})
    assert verdict is not None
    assert (verdict.quality, verdict.source) == (quality, "scorer")


async def test_a_tool_with_no_output_is_not_judged():
    assert await JUDGE.judge(tool(), {}, {}) is None
