from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pytest

from orchestrator.retrieval.retriever import Bm25Retriever
from orchestrator.retrieval.stem import stem, words
from tools.spec import Docs, Kind, Tool


def _tool(name: str, summary: str, **more: Any) -> Tool:
    return Tool(name, summary, Kind.PYTHON, {"type": "object", "properties": {}}, {"type": "object"}, **more)


class _Listed:
    """A catalog that is only a list; `active` is all a retriever asks for."""

    def __init__(self, *tools: Tool) -> None:
        self.tools: Sequence[Tool] = tools

    async def active(self) -> Sequence[Tool]:
        return self.tools


SUMMARISE = _tool("summarise_text", "Shorten a text.", docs=Docs(when_to_use="gist, main points"))
SPEAK = _tool("speakText", "Say a text aloud.", tags=("voice",))
WEATHER = _tool("weather", "Forecast of rain.", does=("forecast_weather",))


def _retriever(*tools: Tool) -> Bm25Retriever:
    return Bm25Retriever(_Listed(*tools))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("summarizing", "summarise_text"),
        ("the gist", "summarise_text"),
        ("speak", "speakText"),
        ("a voice", "speakText"),
        ("forecasts", "weather"),
    ],
)
async def test_words_of_every_field_find_the_tool_in_any_inflection(query: str, first: str):
    hits = await _retriever(SUMMARISE, SPEAK, WEATHER).search(query, k=1)
    assert [hit.tool.name for hit in hits] == [first]
    assert hits[0].score > 0


async def test_exactly_k_come_even_when_nothing_matches_and_then_by_name():
    hits = await _retriever(WEATHER, SUMMARISE, SPEAK).search("zebra", k=2)
    assert [(hit.tool.name, hit.score, hit.matched) for hit in hits] == [
        ("speakText", 0.0, ()),
        ("summarise_text", 0.0, ()),
    ]


async def test_refused_tools_are_passed_over_until_k_are_found():
    tools = [_tool(f"copy_{number:02}", "Copy a file.") for number in range(40)]
    hits = await _retriever(*tools, WEATHER).search("copy", k=3, accept=lambda tool: tool.name > "copy_36")
    assert [hit.tool.name for hit in hits] == ["copy_37", "copy_38", "copy_39"]


async def test_matched_words_are_those_of_the_query():
    [hit] = await _retriever(SPEAK).search("Please SAY these texts", k=1)
    assert hit.matched == ("say", "texts")


async def test_a_new_list_of_tools_is_seen_at_once():
    catalog = _Listed(SPEAK)
    retriever = Bm25Retriever(catalog)  # type: ignore[arg-type]
    assert len(await retriever.search("rain", k=5)) == 1
    catalog.tools = (SPEAK, WEATHER)
    assert (await retriever.search("rain", k=5))[0].tool is WEATHER
    catalog.tools = (SPEAK,)
    assert [hit.tool.name for hit in await retriever.search("rain", k=5)] == ["speakText"]


async def test_no_tools_give_no_hits():
    assert await _retriever().search("anything", k=3) == []


async def test_rare_words_weigh_more_than_common_ones():
    common = [_tool(f"text_{number}", "Works on text.") for number in range(10)]
    rare = _tool("z_speak", "Speech.")
    hits = await _retriever(*common, rare).search("text to speech", k=1)
    assert hits[0].tool is rare


async def test_thousands_of_tools_are_searched_in_milliseconds():
    tools = [_tool(f"tool_{n}", f"Handles case{n % 97} of kind{n % 13} in area{n % 7}") for n in range(5_000)]
    retriever = _retriever(*tools)
    await retriever.search("warm up", k=1)
    start = time.perf_counter()
    hits = await retriever.search("handles case5 of kind3", k=10)
    assert len(hits) == 10
    assert time.perf_counter() - start < 0.25


def test_names_are_split_into_words():
    assert words("readPDFLayout_fast v2") == ["read", "pdf", "layout", "fast", "v2"]


@pytest.mark.parametrize(
    "family",
    [
        ("summarise", "summarize", "summary", "summaries", "summarising", "summarized"),
        ("translate", "translation", "translating", "translated", "translator"),
        ("extract", "extracting", "extracts", "extraction"),
        ("city", "cities"),
        ("box", "boxes"),
        ("plot", "plots", "plotted", "plotting"),
    ],
)
def test_forms_of_a_word_share_a_stem(family: tuple[str, ...]):
    assert len({stem(word) for word in family}) == 1


@pytest.mark.parametrize(
    ("one", "other"), [("text", "test"), ("table", "tab"), ("page", "pig"), ("image", "imagine")]
)
def test_different_words_keep_different_stems(one: str, other: str):
    assert stem(one) != stem(other)
