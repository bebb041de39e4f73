"""Small tool records, and a planner over them, for the tests of planning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.domain.planning import PlanningTask
from orchestrator.domain.run import RunRequest
from orchestrator.planning.checks import Scene
from orchestrator.planning.drafts import Draft, DraftCall, DraftOption, DraftSubTask
from orchestrator.planning.offline import AttachedInput
from orchestrator.planning.planner import Planner
from orchestrator.planning.toolset import Toolset
from orchestrator.retrieval.retriever import Bm25Retriever
from tests.fakes import FakeBeliefs, FakeCatalog
from tools.spec import Believed, Docs, Kind, Ports, Tool, file_schema


def tool(
    name: str,
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    *,
    required: Sequence[str] | None = None,
    ports: tuple[Mapping[str, Any], Mapping[str, str]] = ({}, {}),
    quality: float = 0.8,
    seconds: float = 1.0,
    usd: float = 0.0,
    **more: Any,
) -> Tool:
    """A tool whose ports are given as words or tuples of words."""
    takes = {field: (types,) if isinstance(types, str) else types for field, types in ports[0].items()}
    return Tool(
        name=name,
        summary=more.pop("summary", name.replace("_", " ")),
        kind=Kind.PYTHON,
        input_schema={
            "type": "object",
            "properties": dict(inputs),
            "required": list(inputs if required is None else required),
            "additionalProperties": False,
        },
        output_schema={"type": "object", "properties": dict(outputs), "additionalProperties": False},
        ports=Ports(takes, ports[1]),
        believed=(Believed(usd=usd, seconds=seconds, quality=quality, n=8),),
        **more,
    )


TEXT = {"type": "string"}
NUMBER = {"type": "number"}
PAGE = file_schema("text/html")

ADD = tool("add", {"x": NUMBER, "y": {**NUMBER, "default": 1}}, {"result": NUMBER}, required=["x"])
FETCH = tool(
    "fetch",
    {"url": TEXT},
    {"page": PAGE, "title": TEXT},
    ports=({"url": "url"}, {"page": "text/html", "title": "string"}),
    does=("fetch_page",),
    docs=Docs(when_to_use="To fetch or download a page"),
)
LEAD = tool(
    "lead",
    {"text": TEXT, "sentences": {"type": "integer", "default": 3, "minimum": 1}},
    {"summary": TEXT},
    required=["text"],
    ports=({"text": "text", "sentences": "integer"}, {"summary": "text"}),
    does=("summarise",),
    quality=0.6,
    seconds=0.1,
    tags=("fast",),
    docs=Docs(when_to_use="To summarise a text"),
)
#: The same job under other names, better and slower.
CENTRAL = tool(
    "central",
    {"body": TEXT, "sentences": {"type": "integer", "default": 3}},
    {"digest": TEXT, "score": NUMBER},
    required=["body"],
    ports=({"body": "text", "sentences": "integer"}, {"digest": "text", "score": "number"}),
    does=("summarise",),
    quality=0.95,
    seconds=5.0,
    docs=Docs(when_to_use="To summarise a text"),
)
EXTRACT = tool(
    "extract",
    {"page": PAGE},
    {"text": TEXT},
    ports=({"page": "text/html"}, {"text": "text"}),
    does=("extract_text",),
    docs=Docs(when_to_use="To extract the text of a page"),
)
JOIN = tool(
    "join",
    {"texts": {"type": "array", "items": TEXT, "x-many": True}},
    {"text": TEXT},
    ports=({"texts": "text"}, {"text": "text"}),
    does=("join_texts",),
)
WRITE = tool(
    "write",
    {"text": TEXT, "title": {**TEXT, "default": ""}},
    {"document": file_schema("text/plain")},
    required=["text"],
    ports=({"text": "text", "title": "string"}, {"document": "text/plain"}),
    does=("write_document",),
    docs=Docs(when_to_use="To write or save a text into a document"),
)
ALL = (ADD, FETCH, EXTRACT, LEAD, CENTRAL, JOIN, WRITE)


def scene(*tools: Tool, **more: Any) -> Scene:
    return Scene(Toolset(tools or ALL), **more)


def drafted(id: str, tool: str, arguments: Mapping[str, Any], *, type: str = "", **more: Any) -> DraftSubTask:
    option = DraftOption((DraftCall(tool, arguments),), more.pop("aliases", {}))
    return DraftSubTask(id, more.pop("goal", id), type, more.pop("words", id), (option,), **more)


def ref(text: str) -> dict[str, str]:
    return {"ref": text}


class DraftsAsTold:
    """In the place of the offline decomposer: answers a draft that the test gives."""

    def __init__(self, draft: Draft) -> None:
        self.draft_told = draft
        self.tools: list[str] = []
        self.peek: Mapping[str, AttachedInput] = {}

    async def draft(
        self, task: PlanningTask, *, tools: Sequence[Tool], peek: Mapping[str, AttachedInput]
    ) -> Draft:
        self.tools, self.peek = [tool.name for tool in tools], peek
        return self.draft_told


def planner(*tools: Tool, draft: Draft | None = None, **more: Any) -> Planner:
    catalog = more.pop("catalog", None) or FakeCatalog(tools or ALL)
    return Planner(
        catalog=catalog,
        retriever=Bm25Retriever(catalog),
        beliefs=more.pop("beliefs", None) or FakeBeliefs(),
        artifacts=more.pop("artifacts", None),
        offline=more.pop("offline", None) or DraftsAsTold(draft or Draft(())),
        **more,
    )


def given(*subtasks: Mapping[str, Any], **more: Any) -> PlanningTask:
    return PlanningTask(RunRequest(plan={"subtasks": list(subtasks)}, **more))


def asked(request: str = "do it", **more: Any) -> PlanningTask:
    run_id = more.pop("run_id", None)
    rest = {name: more.pop(name) for name in ("answers", "failed") if name in more}
    return PlanningTask(RunRequest(request=request, **more), run_id, **rest)
