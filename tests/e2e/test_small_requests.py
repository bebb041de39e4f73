"""Small things that people ask for: one tool or a short chain, with and without files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from docx import Document

from tests.e2e.conftest import Asking
from tests.e2e.materials import ARTICLE, SALES
from tests.e2e.service import Client

Result = Mapping[str, Any]


@pytest.fixture(scope="module")
def attached(files: dict[str, Path], folder: Path) -> dict[str, Path]:
    notes = Document()
    for sentence in ARTICLE:
        notes.add_paragraph(sentence)
    notes.save(str(folder / "notes.docx"))
    return files | {"notes.docx": folder / "notes.docx"}


def _values(result: Result) -> list[Any]:
    return [output["value"] for output in result["outputs"]]


def _types(result: Result) -> list[str]:
    return [output["media_type"] for output in result["outputs"] if output["artifact"]]


def _means(result: Result) -> bool:
    units: dict[str, list[int]] = {}
    for _, product, _, count in SALES:
        units.setdefault(product, []).append(count)
    rows = next(value["rows"] for value in _values(result) if isinstance(value, dict))
    return {row[0]: row[1] for row in rows} == {name: sum(u) / len(u) for name, u in units.items()}


REQUESTS: list[tuple[str, str | None, Callable[[Result], bool]]] = [
    ("What is 17.5% of 2340?", None, lambda r: 409.5 in _values(r)),
    ("Convert 26.2 miles to kilometres", None, lambda r: "42.16" in r["text"]),
    ("Make a QR code for https://example.org/menu", None, lambda r: _types(r) == ["image/png"]),
    ("Rotate this picture by 90 degrees and turn it to grayscale", "scan.png",
     lambda r: _types(r) == ["image/png"]),
    ("Make a thumbnail of this image 200 pixels wide", "scan.png", lambda r: _types(r) == ["image/png"]),
    ("Average units per product", "sales.csv", _means),
    ("Translate this document into Spanish and save it as a PDF", "notes.docx",
     lambda r: _types(r) == ["application/pdf"] and "faros" in r["text"]),
    ("Which language is this document written in?", "notes.docx", lambda r: "English" in r["text"]),
    ("Draw a pie chart of total units by region", "sales.csv", lambda r: _types(r) == ["image/png"]),
    ("Describe the columns of this file", "sales.csv",
     lambda r: all(name in r["text"] for name in ("region", "product", "month", "units"))),
    ("List all links on {article}", None, lambda r: "/about" in r["text"]),
    ("Turn this CSV into an Excel file", "sales.csv",
     lambda r: _types(r) == ["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"]),
    ("Give me the five main keywords of {article}", None,
     lambda r: [len(value) for value in _values(r) if isinstance(value, list)] == [5]),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "file", "right"), REQUESTS, ids=[one[0] for one in REQUESTS])
def test_a_small_request_is_done(
    request_: str, file: str | None, right, client: Client, asking: Asking, attached: dict[str, Path]
):
    run = client.do(asking.words(request_), *([attached[file]] if file else []))
    assert run["status"] == "succeeded", (run["error"], run["questions"])
    assert right(run["result"]), run["result"]
