"""Summaries and keywords."""

from __future__ import annotations

import pytest

from tools.builtin.text import keywords_frequency, keywords_yake, summarise_lead, summarise_lexrank
from tools.errors import BadArguments

STORY = (
    "Welcome to our weekly letter. We hope you had a fine summer. "
    "Solar power now supplies a fifth of the demand in Europe. "
    "My aunt has a dog. "
    "Prices of solar power fell, and the demand for solar power in Europe rose. "
    "Grids in Europe must grow to carry solar power where the demand is. "
    "Tea is served at five."
)


def test_the_quick_summary_is_the_first_sentences() -> None:
    assert summarise_lead(STORY, sentences=2)["summary"] == (
        "Welcome to our weekly letter. We hope you had a fine summer."
    )


def test_the_better_summary_finds_what_the_text_is_about() -> None:
    summary = summarise_lexrank(STORY, sentences=3)["summary"]
    assert summary.count(".") == 3
    assert summary.startswith("Solar power now supplies a fifth")
    assert "aunt" not in summary
    assert "Tea" not in summary


def test_a_summary_keeps_the_order_of_the_text() -> None:
    summary = summarise_lexrank(STORY, sentences=3)["summary"]
    assert summary.index("supplies") < summary.index("Prices") < summary.index("Grids")


@pytest.mark.parametrize("summarise", [summarise_lead, summarise_lexrank])
def test_a_text_shorter_than_its_summary_stays_whole(summarise) -> None:
    assert summarise("One. Two is here.", sentences=5)["summary"] == "One. Two is here."


@pytest.mark.parametrize("summarise", [summarise_lead, summarise_lexrank])
def test_headings_do_not_count_as_sentences(summarise) -> None:
    text = "Solar power\nSolar power grew. It fell again.\nThe end came soon."
    assert summarise(text, sentences=3)["summary"] == "Solar power grew. It fell again. The end came soon."


@pytest.mark.parametrize("tool", [summarise_lead, summarise_lexrank, keywords_yake, keywords_frequency])
@pytest.mark.parametrize("text", ["", "  \n\t "])
def test_an_empty_text_is_refused(tool, text: str) -> None:
    with pytest.raises(BadArguments, match="the text is empty") as caught:
        tool(text)
    assert caught.value.paths == ("/text",)


def test_frequent_words_are_keywords_but_function_words_are_not() -> None:
    assert keywords_frequency(STORY, count=4)["keywords"] == ["solar", "power", "demand", "europe"]


def test_key_phrases_are_found_with_their_words_together() -> None:
    found = [phrase.lower() for phrase in keywords_yake(STORY, count=5)["keywords"]]
    assert len(found) == 5
    assert "solar power" in found


@pytest.mark.parametrize("tool", [keywords_yake, keywords_frequency])
def test_a_text_of_function_words_still_has_keywords(tool) -> None:
    assert tool("the of and", count=2)["keywords"]


def test_spanish_keywords_leave_spanish_function_words_out() -> None:
    found = keywords_frequency("La energía solar crece y la energía eólica crece en el mar", count=2)[
        "keywords"
    ]
    assert found == ["energía", "crece"]
