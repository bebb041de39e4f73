"""Passages of documents that fit a query."""

from __future__ import annotations

import pytest

from tools.builtin.documents import write_docx, write_pdf, write_text_file
from tools.builtin.search import search_documents
from tools.errors import BadArguments, BadInputFile
from tools.spec import File
from tools.work import Work

TEXTS = [
    "Batteries are costly.\n\nThe weather is fine.",
    "Panels are cheap. Panels are blue.",
    "Café in Málaga.",
]


def test_the_passage_that_fits_best_comes_first_with_its_place() -> None:
    found = search_documents(TEXTS, "blue panels")
    assert found["matches"][0]["document"] == "text 2"
    assert found["matches"][0]["position"] == 1
    scores = [match["score"] for match in found["matches"]]
    assert scores == sorted(scores, reverse=True)
    assert found["text"].startswith("text 2: Panels are cheap.")


@pytest.mark.parametrize(
    ("query", "document"), [("battery", "text 1"), ("cafe malaga", "text 3"), ("PANEL", "text 2")]
)
def test_inflection_accents_and_case_do_not_matter(query: str, document: str) -> None:
    assert search_documents(TEXTS, query)["matches"][0]["document"] == document


def test_files_of_every_kind_are_searched(work: Work, page: File) -> None:
    files = [
        page,
        write_docx("Turbines turn at sea.", work)["document"],
        write_pdf("Dams hold water.", work)["document"],
        write_text_file("Coal burns.", work)["document"],
    ]
    for query, name in [("turbine", "document.docx"), ("dam", "document.pdf"), ("coal", "document.txt"),
                        ("Lovelace institute", "solar.html")]:  # fmt: skip
        assert search_documents(files, query)["matches"][0]["document"] == name


def test_no_more_passages_than_asked_for() -> None:
    assert search_documents(["sun\n\nsun\n\nsun"], "sun", count=2)["count"] == 2


def test_nothing_found_is_an_answer() -> None:
    found = search_documents(TEXTS, "zebra")
    assert found["matches"] == []
    assert "zebra" in found["text"]


@pytest.mark.parametrize("query", ['"', "NEAR(", "*", "--", "  "])
def test_a_query_without_words_is_refused(query: str) -> None:
    if query == "NEAR(":
        assert search_documents(TEXTS, query)["count"] == 0
        return
    with pytest.raises(BadArguments, match="no words"):
        search_documents(TEXTS, query)


@pytest.mark.parametrize(
    "query", ['panels" OR words:*', "panels AND NOT blue", "'; DROP TABLE passages; --panels"]
)
def test_operators_in_a_query_are_only_words(query: str) -> None:
    assert search_documents(TEXTS, query)["matches"][0]["document"] == "text 2"


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    text = " ".join(f"Sentence number {at} speaks about item{at} at length." for at in range(60))
    (match,) = search_documents([text], "item42")["matches"]
    assert "item42" in match["passage"]
    assert len(match["passage"]) <= 600


def test_empty_documents_are_refused() -> None:
    with pytest.raises(BadArguments, match="empty"):
        search_documents(["", "  "], "sun")


def test_a_file_that_cannot_be_searched_is_named(work: Work) -> None:
    file = work.file("a.png", "image/png")
    file.path.write_bytes(b"x")
    with pytest.raises(BadInputFile, match=r"a\.png"):
        search_documents([file], "sun")
