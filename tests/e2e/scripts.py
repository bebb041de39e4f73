"""What the scripted language model answers: a plan for each of the main jobs, by the planner's schema."""

from __future__ import annotations

from typing import Any


def ref(place: str) -> dict[str, str]:
    return {"ref": place}


def subtask(id: str, tool: str, words: str, **arguments: Any) -> dict[str, Any]:
    return {"id": id, "goal": f"{tool} as asked", "words": words, "tool": tool, "arguments": arguments}


def plan(*subtasks: dict[str, Any]) -> dict[str, Any]:
    """A reply that covers the clauses its sub-tasks name."""
    clauses: dict[str, list[str]] = {}
    for one in subtasks:
        clauses.setdefault(one["words"], []).append(one["id"])
    return {
        "outcome": "plan",
        "clauses": [{"words": words, "subtasks": ids} for words, ids in clauses.items()],
        "subtasks": list(subtasks),
    }


def summary(article: str) -> dict[str, Any]:
    return plan(
        subtask("page", "fetch_page", "Fetch", url=article),
        subtask("text", "extract_text_article", "extract the text", page=ref("page.page")),
        subtask("gist", "summarise_lexrank", "summarise it in three sentences", text=ref("text.text"),
                sentences=3),
        subtask("file", "write_docx", "save it as DOCX", text=ref("gist.summary")),
    )  # fmt: skip


def chart() -> dict[str, Any]:
    return plan(
        subtask("top", "top_per_group", "Which product sold most per region", data=ref("inputs.file"),
                group="region", item="product", value="units"),
        subtask("bars", "plot_bar_styled", "Show it as a bar chart", data=ref("top.table")),
    )  # fmt: skip


def speech() -> dict[str, Any]:
    return plan(
        subtask("read", "ocr_fast", "Read the text in this scanned image", image=ref("inputs.file")),
        subtask("spanish", "translate_text", "translate it into Spanish", text=ref("read.text"),
                target="es"),
        subtask("voice", "speak_text_clear", "speak it as WAV", text=ref("spanish.text"), language="es"),
    )  # fmt: skip


def workbook(tables: str) -> dict[str, Any]:
    return plan(
        subtask("page", "fetch_page", "Extract the tables", url=tables),
        subtask("tables", "extract_tables", "Extract the tables", page=ref("page.page")),
        subtask("profiles", "profile_tables", "with a profile of each", tables=ref("tables.tables")),
        subtask("book", "write_xlsx", "into one XLSX", tables=ref("tables.tables"),
                profiles=ref("profiles.profiles")),
    )  # fmt: skip


def join(article: str, second: str) -> dict[str, Any]:
    return plan(
        subtask("one", "fetch_page", "Summarise", url=article),
        subtask("first", "extract_text_article", "Summarise", page=ref("one.page")),
        subtask("gist", "summarise_lexrank", "in two sentences", text=ref("first.text"), sentences=2),
        subtask("two", "fetch_page", "find the keywords", url=second),
        subtask("other", "extract_text_article", "find the keywords", page=ref("two.page")),
        subtask("terms", "keywords_yake", "find the keywords", text=ref("other.text")),
        subtask("both", "join_texts", "put both", texts=[ref("gist.summary"), ref("terms.keywords")]),
        subtask("file", "write_docx", "into one DOCX", text=ref("both.text")),
    )


def of(name: str, pages: dict[str, str]) -> dict[str, Any]:
    """The plan of a main job."""
    if name == "summary":
        return summary(pages["article"])
    if name == "workbook":
        return workbook(pages["tables"])
    if name == "join":
        return join(pages["article"], pages["second"])
    return {"chart": chart, "speech": speech}[name]()
