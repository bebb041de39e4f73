"""The tools that a model is shown."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.planning.recall import recalled
from orchestrator.planning.toolset import Toolset
from orchestrator.retrieval.retriever import Bm25Retriever
from tests.fakes import FakeCatalog
from tests.unit.orchestrator.planning.cases import ALL, CENTRAL, EXTRACT, LEAD, WRITE, tool
from tools.spec import Docs, Tool


async def names(words: str, *tools: Tool, k: int = 20, only: tuple[Tool, ...] | None = None) -> list[str]:
    retriever = Bm25Retriever(FakeCatalog(tools))
    found = await recalled(words, tools=Toolset(only or tools), retriever=retriever, k=k)
    return [tool.name for tool in found]


async def test_one_tool_stands_for_all_that_do_the_same() -> None:
    found = await names("summarise the text of the page", *ALL)
    assert len({"lead", "central"} & set(found)) == 1


async def test_a_short_part_is_not_drowned_by_a_long_one() -> None:
    noise = [tool(f"page_{n}", {}, {}, summary="summary of the long page report") for n in range(30)]
    words = "summarise the long page report of the page about the page, then save a document"
    assert "write" in await names(words, *noise, *ALL, k=4)


async def test_tools_to_run_before_and_after_come_along() -> None:
    summary = replace(LEAD, docs=Docs(when_to_use="To shorten", run_after=("extract", "central", "gone")))
    found = await names("shorten it", summary, EXTRACT, CENTRAL, WRITE)
    assert found == ["lead", "extract"]


async def test_only_tools_that_the_run_may_use_are_shown() -> None:
    assert "lead" not in await names("summarise the text", *ALL, only=(CENTRAL, WRITE))
