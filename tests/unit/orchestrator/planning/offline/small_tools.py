"""Small tool records of another world than the built-in ones: the decomposer knows none by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.domain.planning import PlanningTask
from orchestrator.domain.run import RunRequest, ToolFilter
from orchestrator.planning.drafts import Draft
from orchestrator.planning.offline import AttachedInput, OfflineDecomposer
from orchestrator.retrieval.retriever import Bm25Retriever
from tools.spec import Docs, Effect, Kind, Ports, Tool, file_schema


def tool(
    name: str,
    summary: str,
    inputs: Mapping[str, tuple[str, ...]],
    outputs: Mapping[str, str],
    *,
    does: str = "",
    required: Sequence[str] | None = None,
    fields: Mapping[str, Mapping[str, Any]] | None = None,
    use: str = "",
    effect: Effect = Effect.READ,
    tags: tuple[str, ...] = (),
) -> Tool:
    """A record; every input is required unless `required` says otherwise."""
    schemas: dict[str, Any] = {
        field: file_schema(*types) if "/" in types[0] else {"type": "string"}
        for field, types in inputs.items()
    }
    schemas.update(fields or {})
    musts = list(inputs) if required is None else list(required)
    return Tool(
        name=name,
        summary=summary,
        kind=Kind.PYTHON,
        input_schema={"type": "object", "properties": schemas, "required": musts},
        output_schema={"type": "object"},
        does=(does or name,),
        ports=Ports(inputs, outputs),
        docs=Docs(when_to_use=use),
        effect=effect,
        tags=tags,
    )


LOCATE = tool(
    "locate_place", "Find the coordinates of a town.", {"town": ("string",)}, {"spot": "coordinates"}
)
WEATHER = tool(
    "forecast_weather",
    "Forecast the weather at coordinates.",
    {"spot": ("coordinates",)},
    {"report": "forecast"},
    use="rain, sun, wind, temperature",
)
LISTEN = tool(
    "transcribe_speech", "Transcribe speech of a recording.", {"sound": ("audio/*",)}, {"words": "text"}
)
MOOD_A = tool(
    "mood_quick", "Rate the mood of a text.", {"text": ("text",)}, {"mood": "label"}, does="rate_mood"
)
MOOD_B = tool(
    "mood_deep",
    "Rate the mood of a text with care.",
    {"body": ("text",)},
    {"feeling": "label"},
    does="rate_mood",
)
POEM = tool(
    "rhyme_text",
    "Turn a text into a rhyme.",
    {"text": ("text",)},
    {"rhyme": "text"},
    required=["text", "style"],
    fields={"text": {"type": "string"}, "style": {"type": "string", "enum": ["sonnet", "limerick"]}},
)
BADGE = tool("print_badge", "Print a badge with a text.", {"text": ("text",)}, {"badge": "application/pdf"})
GLUE = tool(
    "glue_texts",
    "Glue texts into one.",
    {"parts": ("text",)},
    {"text": "text"},
    fields={"parts": {"type": "array", "items": {"type": "string"}, "x-many": True}},
)
LAUNCH = tool("launch_rocket", "Launch a rocket.", {"text": ("text",)}, {"log": "text"}, effect=Effect.ONCE)
ALL = (LOCATE, WEATHER, LISTEN, MOOD_A, MOOD_B, POEM, BADGE, GLUE, LAUNCH)

RECORDING = {"memo": AttachedInput("memo", ("audio/wav",), "memo.wav")}


class Listed:
    """A catalog that is only a list; `active` is all a retriever asks for."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self.tools = tools

    async def active(self) -> Sequence[Tool]:
        return self.tools


async def draft(
    request: str,
    *,
    tools: Sequence[Tool] = ALL,
    attached: Mapping[str, AttachedInput] | None = None,
    answers: Mapping[str, Any] | None = None,
    failed: tuple[tuple[str, str], ...] = (),
    allow: ToolFilter | None = None,
) -> Draft:
    """The draft for a request with these tools."""
    decomposer = OfflineDecomposer(retriever=Bm25Retriever(Listed(tools)))  # type: ignore[arg-type]
    task = PlanningTask(
        RunRequest(request=request, tools=allow or ToolFilter()), answers=answers or {}, failed=failed
    )
    return await decomposer.draft(task, tools=tools, peek=attached or {})


def jobs(found: Draft) -> list[str]:
    """The types of a draft's sub-tasks, in order."""
    return [subtask.type for subtask in found.subtasks]
