"""Doubts about what a plan covers."""

from __future__ import annotations

from orchestrator.planning.coverage import naming, unquoted
from orchestrator.planning.drafts import Draft
from tests.unit.orchestrator.planning.cases import drafted


def test_a_part_is_covered_when_a_sub_task_or_a_clause_quotes_a_telling_word_of_it() -> None:
    request = "Fetch the page, translate it into Spanish and speak it aloud"
    draft = Draft((drafted("a", "fetch", {}, words="Fetch the page"),), clauses=("translate it",))
    assert unquoted(request, draft) == ["speak it aloud"]


def test_courtesies_and_empty_words_raise_no_doubt() -> None:
    draft = Draft((drafted("a", "fetch", {}, words="fetch the page"),))
    assert unquoted("Hello! Could you please fetch the page? Thanks.", draft) == []


def test_a_tool_is_named_only_by_a_name_that_is_no_plain_word() -> None:
    assert naming("Use OCR_fast to write it", ["ocr_fast", "write"]) == {"ocr_fast"}
