"""What must be true of the result of each job: the files are opened, the figures reckoned anew."""

from __future__ import annotations

import io
import re
import wave
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from docx import Document
from openpyxl import load_workbook
from PIL import Image

from tests.e2e.materials import LONG_ARTICLE, LONG_SECOND, TABLES, top_products

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Reads the content of an output.
Read = Callable[[Mapping[str, Any]], bytes]


def check(job: str, run: Mapping[str, Any], read: Read) -> None:
    """Fails where the run did not do the job."""
    assert run["status"] == "succeeded", (run["status"], run["error"], run["questions"], run["waiting_on"])
    _CHECKS[job](run, read)


def tools_of(run: Mapping[str, Any]) -> dict[str, str]:
    """For each sub-task the tool that did it."""
    return {step["subtask"]: step["tool"] for step in run["steps"] if step["status"] == "succeeded"}


def sentences(text: str) -> list[str]:
    """The sentences of plain prose."""
    return [part.strip() for part in re.split(r"(?<=[.!?])\s+", text) if part.strip()]


def paragraphs(content: bytes) -> list[str]:
    """The paragraphs of a Word document that are no headings."""
    found = Document(io.BytesIO(content)).paragraphs
    return [p.text for p in found if p.text.strip() and not _is_heading(p)]


def _is_heading(paragraph: Any) -> bool:
    return paragraph.style is not None and paragraph.style.name.startswith(("Title", "Heading"))


def _file(run: Mapping[str, Any], media_type: str, read: Read) -> bytes:
    found = [output for output in run["result"]["outputs"] if output["media_type"] == media_type]
    assert len(found) == 1, [(output["name"], output["media_type"]) for output in run["result"]["outputs"]]
    return read(found[0])


def _summary(run: Mapping[str, Any], read: Read) -> None:
    told = sentences(" ".join(paragraphs(_file(run, DOCX, read))))
    assert len(told) == 3, told
    assert set(told) <= set(LONG_ARTICLE), told


def _chart(run: Mapping[str, Any], read: Read) -> None:
    wanted = top_products()
    found = [_winners(table) for table in _tables(run)]
    assert wanted in found, found
    picture = Image.open(io.BytesIO(_file(run, "image/png", read))).convert("RGB")
    assert picture.width >= 300
    assert picture.height >= 200
    colours: Any = picture.getcolors(maxcolors=2**24) or []
    assert len(colours) > 2, "the picture is blank"
    bars = max(count for count, colour in colours if max(colour) - min(colour) > 30)
    assert bars > 0.02 * picture.width * picture.height, "there are no bars on it"


def _tables(run: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for step in run["steps"]:
        for value in (step["output"] or {}).values():
            if isinstance(value, dict) and "columns" in value:
                yield value


def _winners(table: Mapping[str, Any]) -> dict[str, tuple[str, int]] | None:
    """Region to product and units, wherever the columns stand; None for a table of something else."""
    places: dict[type, list[int]] = {str: [], int: []}
    for place, cell in enumerate(table["rows"][0] if table["rows"] else ()):
        places[int if isinstance(cell, int | float) else str].append(place)
    if len(places[str]) != 2 or len(places[int]) != 1:
        return None
    regions = top_products()
    region, product = sorted(places[str], key=lambda place: table["rows"][0][place] not in regions)
    return {row[region]: (row[product], int(row[places[int][0]])) for row in table["rows"]}


def _speech(run: Mapping[str, Any], read: Read) -> None:
    with wave.open(io.BytesIO(_file(run, "audio/wav", read))) as sound:
        seconds = sound.getnframes() / sound.getframerate()
        loud = max(sound.readframes(sound.getnframes()))
    assert seconds > 1
    assert loud > 0, "it is silent"
    spoken = [str(step["output"].get("text", "")).lower() for step in run["steps"]]
    spanish = ("tren", "libro rojo", "mañana", "nueve")
    assert any(all(word in text for word in spanish) for text in spoken), spoken
    languages = {s["output"]["language"] for s in run["steps"] if s["tool"].startswith("speak_text")}
    assert languages == {"es"}


def _workbook(run: Mapping[str, Any], read: Read) -> None:
    book = load_workbook(io.BytesIO(_file(run, XLSX, read)))
    sheets = [[[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in book.worksheets]
    for head, *rows in TABLES.values():
        wanted = [list(head), *([_number(cell) for cell in row] for row in rows)]
        assert wanted in [_filled(sheet) for sheet in sheets], (wanted, sheets)
        profiles = [sheet for sheet in sheets if {row[0] for row in sheet[1:]} == set(head)]
        assert profiles, f"there is no profile of {head}: {sheets}"
        assert len(profiles[0][0]) >= 4, profiles[0][0]


def _number(cell: str) -> str | int:
    return int(cell) if cell.isdigit() else cell


def _filled(sheet: list[list[Any]]) -> list[list[Any]]:
    rows = [[cell for cell in row if cell is not None] for row in sheet]
    return [row for row in rows if row]


def _join(run: Mapping[str, Any], read: Read) -> None:
    whole = paragraphs(_file(run, DOCX, read))
    told = [sentence for text in whole for sentence in sentences(text) if sentence in LONG_ARTICLE]
    assert len(told) == 2, whole
    rest = " ".join(text for text in whole if not any(sentence in text for sentence in told)).lower()
    words = [word for word in ("bee", "orchard", "apple", "pollinat", "hive", "colon") if word in rest]
    assert len(words) >= 3, whole
    assert not any(sentence in " ".join(whole) for sentence in LONG_SECOND), "the second page was copied"
    produced = {step["subtask"]: set(step["needs"]) for step in run["steps"]}
    assert len([needs for needs in produced.values() if len(needs) >= 2]) >= 1, "the branches do not join"


_CHECKS: Mapping[str, Callable[[Mapping[str, Any], Read], None]] = {
    "summary": _summary,
    "chart": _chart,
    "speech": _speech,
    "workbook": _workbook,
    "join": _join,
}
