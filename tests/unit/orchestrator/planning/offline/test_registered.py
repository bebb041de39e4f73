"""Tools as people register them: schemas of plain strings, without ports."""

from __future__ import annotations

from orchestrator.domain.planning import PlanningTask
from orchestrator.domain.run import RunRequest
from orchestrator.planning.drafts import Draft
from orchestrator.planning.offline import OfflineDecomposer
from orchestrator.retrieval.retriever import Bm25Retriever
from tests.eval.paraphrases import Listed
from tools.builtin import TOOLS
from tools.spec import Kind, Tool


def _registered(name: str, summary: str, *required: str, optional: tuple[str, ...] = ()) -> Tool:
    fields = {one: {"type": "string"} for one in (*required, *optional)}
    schema = {"type": "object", "properties": fields, "required": list(required)}
    answer = {"type": "object", "properties": {"answer": {"type": "string"}}}
    return Tool(name, summary, Kind.HTTP, schema, answer)


async def drafted(request: str, tool: Tool) -> Draft:
    tools = (*TOOLS, tool)
    decomposer = OfflineDecomposer(retriever=Bm25Retriever(Listed(tools)))  # type: ignore[arg-type]
    return await decomposer.draft(PlanningTask(RunRequest(request=request)), tools=tools, peek={})


async def test_names_go_to_the_arguments_in_their_roles():
    roads = _registered("route_distance", "Distance by road between two places.", "origin", "destination")
    found = await drafted("What is the distance by road from New York to Boston?", roads)
    assert not found.uncovered
    assert found.subtasks[0].options[0].calls[0].arguments == {"origin": "New York", "destination": "Boston"}


async def test_digits_fill_a_string_that_must_be_given():
    books = _registered("find_isbn", "Look up a book by its ISBN.", "isbn")
    found = await drafted("Which book has the ISBN 9780141439518?", books)
    assert found.subtasks[0].options[0].calls[0].arguments == {"isbn": "9780141439518"}


async def test_what_was_made_before_fills_an_optional_text_that_is_named():
    tickets = _registered("create_ticket", "Open a ticket in the tracker.", "title", optional=("body",))
    found = await drafted(
        'Summarise https://example.org/a, and open a ticket titled "News" with that summary as its body.',
        tickets,
    )
    assert [one.type for one in found.subtasks][-2:] == ["summarise_text", "create_ticket"]
    assert found.subtasks[-1].options[0].calls[0].arguments == {
        "title": "News",
        "body": {"ref": "summarise_text.summary"},
    }
