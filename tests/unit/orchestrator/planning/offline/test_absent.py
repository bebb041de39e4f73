from __future__ import annotations

import pytest

from orchestrator.domain.planning import PlanningTask
from orchestrator.domain.run import RunRequest
from orchestrator.planning.drafts import Draft
from orchestrator.planning.offline import ABSENT, QUESTION, AttachedInput, OfflineDecomposer
from orchestrator.retrieval.retriever import Bm25Retriever
from tests.eval.paraphrases import Listed
from tools.builtin import TOOLS


async def drafted(request: str, *, answers=None, attached=None) -> Draft:
    decomposer = OfflineDecomposer(retriever=Bm25Retriever(Listed(TOOLS)))  # type: ignore[arg-type]
    task = PlanningTask(RunRequest(request=request), answers=answers or {})
    return await decomposer.draft(task, tools=TOOLS, peek=attached or {})


@pytest.mark.parametrize(
    "request_",
    [
        "Summarise the attached PDF in three sentences and save it as DOCX",
        "Which product sold most per region in this CSV, as a bar chart?",
        "Sort the table by revenue",
        "read the text in my image aloud",
    ],
)
async def test_a_file_that_is_not_there_is_one_question_however_many_need_it(request_: str):
    found = await drafted(request_)
    assert [question.id for question in found.questions] == [QUESTION]
    assert not found.uncovered


async def test_the_file_that_is_answered_takes_its_place():
    file = {"artifact": "art_1"}
    found = await drafted(
        "Summarise the attached PDF in three sentences",
        answers={QUESTION: file},
        attached={ABSENT: AttachedInput(ABSENT, ("application/pdf",), "notes.pdf")},
    )
    assert [one.type for one in found.subtasks] == ["read_pdf", "summarise_text"]
    assert found.subtasks[0].options[0].calls[0].arguments == {"document": file}


async def test_nothing_is_asked_for_where_nothing_could_be_done_with_it():
    assert (await drafted("Encrypt this file with a password")).uncovered
