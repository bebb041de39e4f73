"""Documents read back: Word, PDF, text."""

from __future__ import annotations

from pathlib import Path

import pytest
from docx import Document
from fpdf import FPDF
from pypdf import PdfReader, PdfWriter

from tools.builtin.documents import DOCX, PDF, write_docx, write_pdf
from tools.builtin.readers import (
    mended,
    read_docx,
    read_pdf_fast,
    read_pdf_layout,
    read_text_file,
    without_running_heads,
)
from tools.errors import BadArguments, BadInputFile
from tools.spec import File
from tools.work import Work

READERS = pytest.mark.parametrize("read", [read_pdf_fast, read_pdf_layout])
WORDS = "The committee met in the old town hall and talked about the new railway for several hours. "


class _Report(FPDF):
    def header(self) -> None:
        self.set_font("helvetica", size=9)
        self.cell(0, 8, "Annual report 2026", new_x="LMARGIN", new_y="NEXT")

    def footer(self) -> None:
        self.set_y(-15)
        self.cell(0, 8, str(self.page_no()))


@pytest.fixture
def report(tmp_path: Path) -> File:
    """Four pages with a running head, page numbers, and a different sentence on each."""
    pdf = _Report()
    pdf.set_font("helvetica", size=11)
    for name in ("alpha", "beta", "gamma", "delta"):
        pdf.add_page()
        pdf.set_font("helvetica", size=11)
        pdf.multi_cell(0, 6, f"Page {name} begins here. {WORDS * 3}", align="L")
    pdf.output(str(tmp_path / "report.pdf"))
    return File(tmp_path / "report.pdf", PDF, "report.pdf")


@READERS
def test_a_written_pdf_can_be_read(read, work: Work) -> None:
    file = write_pdf("Solar power grew.\n\nÑandú, Ελλάδα.", work, title="Sun")["document"]
    found = read(file)
    for words in ("Sun", "Solar power grew.", "Ñandú, Ελλάδα."):
        assert words in found["text"]
    assert found["pages"] == 1


@READERS
def test_every_page_is_read_or_only_those_asked_for(read, report: File) -> None:
    assert read(report)["pages"] == 4
    every = read(report)["text"]
    assert [every.index(name) for name in ("alpha", "beta", "gamma", "delta")] == sorted(
        every.index(name) for name in ("alpha", "beta", "gamma", "delta")
    )
    some = read(report, first_page=2, last_page=3)["text"]
    assert "alpha" not in some
    assert "beta" in some
    assert "gamma" in some
    assert "delta" not in some


def test_the_careful_reader_mends_paragraphs_and_drops_running_heads(report: File) -> None:
    text = read_pdf_layout(report)["text"]
    assert "Annual report" not in text
    assert text.split("\n\n")[1] == f"Page beta begins here. {WORDS * 3}".strip()
    assert "Annual report" in read_pdf_fast(report)["text"]


@READERS
@pytest.mark.parametrize(("first", "last"), [(5, None), (3, 2)])
def test_pages_that_are_not_there_are_refused(read, report: File, first: int, last: int | None) -> None:
    with pytest.raises(BadArguments, match="page"):
        read(report, first_page=first, last_page=last)


@READERS
def test_a_scan_without_words_is_refused_with_advice(read, tmp_path: Path) -> None:
    pdf = FPDF()
    pdf.add_page()
    pdf.rect(10, 10, 50, 50)
    pdf.output(str(tmp_path / "scan.pdf"))
    with pytest.raises(BadInputFile, match=r"scanned.*OCR"):
        read(File(tmp_path / "scan.pdf", PDF, "scan.pdf"))


@READERS
def test_a_locked_pdf_is_refused_with_the_reason(read, report: File) -> None:
    writer = PdfWriter(clone_from=PdfReader(report.path))
    writer.encrypt("secret", algorithm="RC4-128")
    locked = report.path.with_name("locked.pdf")
    writer.write(locked)
    with pytest.raises(BadInputFile, match="password"):
        read(File(locked, PDF, "locked.pdf"))


@READERS
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"%PDF-1.7\nbroken", b"plain words"])
def test_what_is_no_pdf_is_refused(read, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.pdf"
    path.write_bytes(content)
    with pytest.raises(BadInputFile, match=r"x\.pdf"):
        read(File(path, PDF, "x.pdf"))


def test_words_divided_at_the_end_of_a_line_are_whole_again() -> None:
    assert mended(["It was a very inter-", "esting long line that ended with", "more words."]) == (
        "It was a very interesting long line that ended with more words."
    )


def test_first_lines_that_differ_are_no_running_heads() -> None:
    pages = [["Alpha", "x"], ["Beta", "y"], ["Gamma", "z"]]
    assert without_running_heads(pages) == pages


def test_a_word_document_is_read_in_order_with_its_tables(tmp_path: Path) -> None:
    document = Document()
    document.add_paragraph("Before.")
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "a", "b"
    document.add_paragraph("After.")
    document.core_properties.title = "Mixed"
    document.save(str(tmp_path / "m.docx"))
    found = read_docx(File(tmp_path / "m.docx", DOCX, "m.docx"))
    assert found == {"text": "Before.\n\na\tb\n\nAfter.", "title": "Mixed"}


def test_a_written_word_document_can_be_read(work: Work) -> None:
    assert read_docx(write_docx("One.\n\nTwo.", work, title="T")["document"])["text"] == "T\n\nOne.\n\nTwo."


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"%PDF-1.7", b"\xd0\xcf\x11\xe0old word"])
def test_what_is_no_word_document_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.docx"
    path.write_bytes(content)
    with pytest.raises(BadInputFile, match=r"x\.docx.*Word document"):
        read_docx(File(path, DOCX, "x.docx"))


def test_an_empty_word_document_is_refused(tmp_path: Path) -> None:
    Document().save(str(tmp_path / "e.docx"))
    with pytest.raises(BadInputFile, match="no text"):
        read_docx(File(tmp_path / "e.docx", DOCX, "e.docx"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_text_file_is_read_in_its_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "n.txt"
    path.write_text("Málaga – sí\n", encoding=encoding)
    assert read_text_file(File(path, "text/plain", "n.txt")) == {"text": "Málaga – sí"}


@pytest.mark.parametrize("content", [b"", b" \n", b"\x89PNG\x00\x00"])
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "n.txt"
    path.write_bytes(content)
    with pytest.raises(BadInputFile, match=r"n\.txt"):
        read_text_file(File(path, "text/plain", "n.txt"))
