from __future__ import annotations

import pytest

from orchestrator.domain.planning import PlanningTask
from orchestrator.domain.run import RunRequest
from orchestrator.planning.offline import AttachedInput, Column, OfflineDecomposer
from orchestrator.retrieval.retriever import Bm25Retriever
from tools.builtin import TOOLS

ONE, TWO = "https://example.org/a", "https://example.org/b"
SALES = {
    "sales": AttachedInput(
        "sales",
        ("text/csv",),
        "sales.csv",
        (Column("region", "category", 4), Column("product", "category", 3), Column("units", "number", 9)),
    )
}


class Listed:
    async def active(self):
        return TOOLS


async def drafted(request: str, attached=None):
    decomposer = OfflineDecomposer(retriever=Bm25Retriever(Listed()))  # type: ignore[arg-type]
    draft = await decomposer.draft(
        PlanningTask(RunRequest(request=request)), tools=TOOLS, peek=attached or {}
    )
    assert not draft.uncovered, draft
    assert not draft.questions, draft
    return draft.subtasks


@pytest.mark.parametrize(
    "request_",
    [
        f"Make a Word file that has a summary of {ONE} and the key phrases of {TWO}.",
        f"A docx please: a summary of {ONE} and the keywords of {TWO}.",
        f"A docx with a summary of {ONE} as well as the keywords of {TWO}, please.",
    ],
)
async def test_nouns_beside_one_another_go_into_the_same_file(request_: str):
    subtasks = await drafted(request_)
    made = [subtask.type for subtask in subtasks]
    assert made[-2:] == ["join_texts", "write_docx"], made
    assert {"summarise_text", "extract_keywords"} <= set(made)


async def test_what_is_wanted_besides_goes_into_the_file_named_before():
    subtasks = await drafted(f"Get {ONE}: I want its tables in Excel, plus a data profile for every table.")
    assert [subtask.type for subtask in subtasks][-2:] == ["profile_tables", "write_xlsx"]
    assert set(subtasks[-1].options[0].calls[0].arguments) == {"tables", "profiles"}


async def test_a_number_of_what_a_column_holds_is_not_a_count():
    subtasks = await drafted("Which product had the highest number of units in each region?", SALES)
    assert "count" not in str(subtasks[0].options[0].calls[0].arguments)
    assert subtasks[0].options[0].calls[0].arguments["value"] == "units"


async def test_a_plan_that_lacks_nothing_comes_before_one_that_would_be_refused():
    subtasks = await drafted(f"Pick out the topics of {ONE} and write them to a Word file.")
    assert [subtask.type for subtask in subtasks][-2:] == ["extract_keywords", "write_docx"]


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (f"{ONE} is too long. Reduce it to 3 sentences.", ["summarise_text"]),
        (f"I haven't got time to read {ONE}. Summarise it.", ["summarise_text"]),
    ],
)
async def test_what_is_only_told_asks_for_nothing(said: str, wanted: list[str]):
    made = [subtask.type for subtask in await drafted(said)]
    assert made == ["fetch_page", "extract_page_text", *wanted]


async def test_a_number_before_what_is_made_says_how_many():
    subtasks = await drafted(f"Give me the five main keywords of {ONE}.")
    assert subtasks[-1].options[0].calls[0].arguments["count"] == 5


@pytest.mark.parametrize(
    "request_",
    [
        "Plot, per region, the product with the largest sales as a bar diagram",
        "the product with the most units in each region as a bar chart",
        "Show for each region which product has the largest units, as bar chart",
        "Make a bar chart of the top product in every region",
    ],
)
async def test_the_item_with_the_highest_value_is_ranked_before_it_is_drawn(request_: str):
    subtasks = await drafted(request_, SALES)
    assert [subtask.type for subtask in subtasks] == ["top_per_group", "plot_bar"]


@pytest.mark.parametrize("request_", ["Which region has the most units?", "Which product sold the least?"])
async def test_without_groups_all_rows_are_ranked(request_: str):
    (subtask,) = await drafted(request_, SALES)
    assert subtask.type == "top_per_group"
    assert "group" not in subtask.options[0].calls[0].arguments


async def test_parts_of_a_numbered_list_are_read_one_by_one():
    subtasks = await drafted(
        "1. Read the text of the page https://example.org/a\n2. Translate it to es\n3. Save it as PDF"
    )
    assert [subtask.type for subtask in subtasks][-2:] == ["translate_text", "write_pdf"]


async def test_each_thing_has_the_number_that_is_told_of_it():
    found = await drafted(f"Summarise {ONE} in two sentences and {TWO} in four")
    counts = [one.options[0].calls[0].arguments["sentences"] for one in found if one.type == "summarise_text"]
    assert counts == [2, 4]


async def test_two_translations_of_one_text_are_made_of_that_text():
    found = await drafted(f"Translate {ONE} into French and into German")
    texts = [one.options[0].calls[0].arguments["text"] for one in found if one.type == "translate_text"]
    assert len(texts) == 2
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    "request_",
    [
        f"Summarise {ONE} and stick that in a word doc",
        f"Summarise {ONE} for our board; the result should end up in the same Word document",
        f"My boss wants a summary of {ONE} as a Word file she can show around",
    ],
)
async def test_words_that_are_clear_by_their_place_need_no_job(request_: str):
    assert [one.type for one in await drafted(request_)][-2:] == ["summarise_text", "write_docx"]


async def test_joined_tables_have_the_columns_of_both():
    people = AttachedInput(
        "people",
        ("text/csv",),
        "people.csv",
        (Column("customer_id", "number", 9), Column("city", "category", 3)),
    )
    sales = AttachedInput(
        "bills",
        ("text/csv",),
        "bills.csv",
        (Column("customer_id", "number", 9), Column("amount", "number", 9)),
    )
    found = await drafted(
        "Match people.csv with bills.csv on customer_id, then average amount by city, sorted high to low",
        {"people": people, "bills": sales},
    )
    assert [one.type for one in found] == ["join_tables", "aggregate_table", "sort_table"]
    assert found[1].options[0].calls[0].arguments["group_by"] == ["city"]
    assert found[2].options[0].calls[0].arguments["column"] == "amount"
