"""Judging outputs by rule: what a tool says of its own work, and results that hold nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.domain.step import Verdict
from tools.spec import Tool

#: The JSON Schema keyword by which a tool marks the output field that holds its own score in [0, 1].
SCORE = "x-quality"


class RuleJudge:
    """`ports.Judge` without a model: a score of the tool's own, else a look for empty results."""

    async def judge(
        self, tool: Tool, arguments: Mapping[str, Any], output: Mapping[str, Any]
    ) -> Verdict | None:
        """A score when the tool gives one; 0 when the main output is empty; else None."""
        score = _own_score(tool, output)
        if score is not None:
            return Verdict(score, "scorer", f"{tool.name} scored its own output")
        main = next(iter(tool.ports.outputs), None) or next(iter(output), None)
        if main is not None and main in output and _is_empty(output[main]):
            return Verdict(0.0, "rule", f"the output {main!r} is empty")
        return None


def _own_score(tool: Tool, output: Mapping[str, Any]) -> float | None:
    for name, schema in tool.output_schema.get("properties", {}).items():
        if isinstance(schema, Mapping) and schema.get(SCORE) and isinstance(output.get(name), (int, float)):
            return min(1.0, max(0.0, float(output[name])))
    return None


def _is_empty(value: Any) -> bool:
    if value is None:
        return True
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, Mapping) and "rows" in value:
        return not value["rows"]
    return isinstance(value, (list, tuple, Mapping)) and not value
