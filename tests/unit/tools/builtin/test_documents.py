"""Documents, opened again after writing."""

from __future__ import annotations

from pathlib import Path

import pytest
from docx import Document
from PIL import Image
from pypdf import PdfReader

from tools.builtin.documents import DOCX, file_name, write_docx, write_pdf, write_text_file
from tools.errors import BadArguments, BadInputFile
from tools.spec import File
from tools.work import Work

TEXT = "First paragraph\nwith two lines.\r\n\r\nSecond: ñ, Ελληνικά, кириллица.\x00\x0b"


def picture(folder: Path, name: str, size: tuple[int, int] = (40, 30)) -> File:
    path = folder / name
    Image.new("RGB", size, "red").save(path)
    return File(path, f"image/{path.suffix[1:]}", name)


def test_a_word_document_has_title_and_paragraphs(work: Work) -> None:
    file = write_docx(TEXT, work, title="Solar\x01 power", name="notes")["document"]
    assert (file.media_type, file.name) == (DOCX, "notes.docx")
    document = Document(str(file.path))
    assert [paragraph.text for paragraph in document.paragraphs] == [
        "Solar power",
        "First paragraph\nwith two lines.",
        "Second: ñ, Ελληνικά, кириллица.",
    ]
    assert document.core_properties.title == "Solar power"


def test_a_pdf_has_title_and_letters_of_many_scripts(work: Work) -> None:
    file = write_pdf(TEXT, work, title="Solar power")["document"]
    assert (file.media_type, file.name) == ("application/pdf", "document.pdf")
    reader = PdfReader(file.path)
    text = reader.pages[0].extract_text()
    assert text.splitlines()[0] == "Solar power"
    for word in ("First paragraph", "ñ", "Ελληνικά", "кириллица"):
        assert word in text
    assert reader.metadata is not None
    assert reader.metadata.title == "Solar power"


def test_a_long_text_takes_several_pages(work: Work) -> None:
    file = write_pdf("A paragraph of some words.\n\n" * 100, work)["document"]
    assert len(PdfReader(file.path).pages) > 2


def test_a_pdf_refuses_letters_its_font_lacks_and_marks_symbols(work: Work) -> None:
    with pytest.raises(BadArguments, match="use write_docx"):
        write_pdf("日本", work)
    text = PdfReader(write_pdf("Fine \U0001f9ff", work)["document"].path).pages[0].extract_text()
    assert text.strip().startswith("Fine")


def test_a_text_file_holds_the_text_after_its_title(work: Work) -> None:
    file = write_text_file("One.\n\nTwo – ñ.", work, title="Both", name="notes")["document"]
    assert (file.media_type, file.name) == ("text/plain", "notes.txt")
    assert file.path.read_text(encoding="utf-8") == "Both\n\nOne.\n\nTwo – ñ.\n"


def test_a_list_becomes_a_line_an_item(work: Work) -> None:
    assert (
        write_text_file(["sun", "wind"], work)["document"].path.read_text(encoding="utf-8")
        == "• sun\n• wind\n"
    )


@pytest.mark.parametrize("name", ["a.png", "a.jpeg", "a.gif", "a.webp", "a.bmp"])
def test_pictures_are_embedded_in_both_kinds_of_document(work: Work, name: str) -> None:
    image = picture(work.scratch, name)
    docx = write_docx("See below.", work, images=[image, image])["document"]
    assert len(Document(str(docx.path)).inline_shapes) == 2
    pdf = write_pdf("See below.", work, images=[image])["document"]
    assert len(PdfReader(pdf.path).pages[0].images) == 1


def test_a_large_picture_is_fitted_to_the_page(work: Work) -> None:
    docx = write_docx("x", work, images=[picture(work.scratch, "tall.png", (100, 5000))])["document"]
    shape = Document(str(docx.path)).inline_shapes[0]
    assert shape.height.inches == pytest.approx(8, abs=0.01)


@pytest.mark.parametrize("write", [write_docx, write_pdf])
def test_what_is_no_picture_is_refused(work: Work, write) -> None:
    path = work.scratch / "fake.png"
    path.write_bytes(b"not a picture")
    with pytest.raises(BadInputFile, match=r"fake\.png"):
        write("x", work, images=[File(path, "image/png", "fake.png")])


@pytest.mark.parametrize("write", [write_docx, write_pdf, write_text_file])
@pytest.mark.parametrize("text", ["", " \n", "\x00\x01", []])
def test_nothing_to_write_is_refused(work: Work, write, text) -> None:
    with pytest.raises(BadArguments, match="no text to write"):
        write(text, work)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b\\c", "", ".", "x" * 500, "нотес\x00"])
def test_a_name_from_outside_is_made_safe(work: Work, name: str) -> None:
    file = write_text_file("x", work, name=name)["document"]
    assert file.path.parent == work.scratch
    assert file.path.exists()
    assert len(file_name(name, ".txt")) <= 84
