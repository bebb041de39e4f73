"""Tools that write a text into a document: Word, PDF, plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.builtin.fields import MANY, array, need_text, outputs, schema, string
from tools.errors import BadArguments, BadInputFile, Unavailable
from tools.spec import Believed, Docs, File, Kind, Limits, Ports, Runs, Tool, file_schema
from tools.work import Work

if TYPE_CHECKING:
    from fpdf import FPDF

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF = "application/pdf"
#: Characters that XML 1.0 cannot hold (section 2.2), lone surrogates among them.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_UNSAFE = re.compile(r"[^\w.() -]+")
_INCHES = (6.0, 8.0)
_PIXELS_AN_INCH = 96
_MM_AN_INCH = 25.4


def write_docx(
    text: str | list[str], work: Work, *, title: str = "", images: Sequence[File] = (), name: str = "document"
) -> dict[str, Any]:
    """A Word document with an optional title, the paragraphs of `text`, and `images` below them."""
    from docx import Document
    from docx.shared import Inches

    document = Document()
    heading = _line(title)
    if heading:
        document.add_heading(heading, level=0)
        document.core_properties.title = heading[:255]
    for paragraph in _paragraphs(text):
        document.add_paragraph(paragraph)
    for at, image in enumerate(images):
        path, width = _picture(image, work.scratch / f"picture-{at}.png")
        document.add_picture(str(path), width=Inches(width))
    file = work.file(file_name(name, ".docx"), DOCX)
    document.save(str(file.path))
    return {"document": file}


def write_pdf(
    text: str | list[str], work: Work, *, title: str = "", images: Sequence[File] = (), name: str = "document"
) -> dict[str, Any]:
    """A PDF on A4 with an optional title, the paragraphs of `text`, and `images` below them."""
    with _new_pdf() as pdf:
        _write_words(pdf, heading=_line(title), paragraphs=_paragraphs(text))
        for at, image in enumerate(images):
            path, width = _picture(image, work.scratch / f"picture-{at}.png")
            pdf.image(str(path), w=width * _MM_AN_INCH)
            pdf.ln(3)
        file = work.file(file_name(name, ".pdf"), PDF)
        pdf.output(str(file.path))
    return {"document": file}


def write_text_file(
    text: str | list[str], work: Work, *, title: str = "", name: str = "document"
) -> dict[str, Any]:
    """A plain text file in UTF-8, the title on its first line."""
    body = "\n\n".join(_paragraphs(text))
    file = work.file(file_name(name, ".txt"), "text/plain")
    whole = f"{_line(title)}\n\n{body}\n" if _line(title) else f"{body}\n"
    file.path.write_text(whole, encoding="utf-8")
    return {"document": file}


def file_name(name: str, suffix: str) -> str:
    """A safe file name out of `name`, with `suffix` at its end.

    >>> file_name("../My notes: one", ".docx"), file_name("a.PDF", ".pdf"), file_name("", ".txt")
    ('My notes_ one.docx', 'a.pdf', 'document.txt')
    """
    stem = _UNSAFE.sub("_", name).strip(" ._")[:80]
    stem = stem[: -len(suffix)] if stem.lower().endswith(suffix) else stem
    return f"{stem or 'document'}{suffix}"


def _line(title: str) -> str:
    """The title on one line, without what a document cannot hold."""
    return " ".join(_NOT_XML.sub("", title).split())[:300]


def _paragraphs(text: str | list[str]) -> list[str]:
    """Blocks between empty lines; lines inside a block stay lines. A list becomes a line an item."""
    whole = text if isinstance(text, str) else "\n".join(f"• {item}" for item in text)
    clean = _NOT_XML.sub("", need_text(whole, "write")).replace("\r\n", "\n").replace("\r", "\n")
    blocks = re.split(r"\n[ \t]*\n", clean)
    found = [block.strip("\n") for block in blocks if block.strip()]
    if not found:
        raise BadArguments("there is no text to write: it holds control characters alone", paths=("/text",))
    return found


def _picture(image: File, png: Path) -> tuple[Path, float]:
    """The image as a PNG at `png`, and its width in inches so that it fits on a page."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(image.path) as opened:
            picture = opened.convert("RGBA" if "A" in opened.getbands() else "RGB")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise BadInputFile(f"{image.name} ({image.media_type}) is not an image that can be read") from error
    picture.save(png)
    width, height = picture.size
    return png, min(_INCHES[0], width / _PIXELS_AN_INCH, _INCHES[1] * width / height)


@contextmanager
def _new_pdf() -> Iterator[FPDF]:
    """An empty A4 page with fonts that cover Latin, Greek, Cyrillic, Arabic, Hebrew and more."""
    from fpdf import FPDF
    from fpdf.fonts import TTFFont

    fonts = _fonts()
    pdf = FPDF(format="A4")
    pdf.set_auto_page_break(auto=True, margin=20)
    pdf.set_margins(20, 20)
    pdf.add_font("body", fname=fonts / "DejaVuSans.ttf")
    pdf.add_font("body", style="B", fname=fonts / "DejaVuSans-Bold.ttf")
    pdf.add_page()
    try:
        yield pdf
    finally:
        # fpdf2 leaves the files of its fonts open.
        for font in pdf.fonts.values():
            if isinstance(font, TTFFont):
                font.ttfont.close()


def _fonts() -> Path:
    """The folder of the fonts that matplotlib carries, found without the second its import takes."""
    matplotlib = find_spec("matplotlib")
    if matplotlib is None or matplotlib.origin is None:
        raise Unavailable("the fonts of the package matplotlib are missing: install it")
    return Path(matplotlib.origin).parent / "mpl-data" / "fonts" / "ttf"


def _write_words(pdf: FPDF, *, heading: str, paragraphs: Sequence[str]) -> None:
    if heading:
        pdf.set_title(heading)
        pdf.set_font("body", style="B", size=20)
        pdf.multi_cell(0, 10, _printable(heading, pdf), align="L", new_x="LMARGIN", new_y="NEXT")
        pdf.ln(4)
    pdf.set_font("body", size=11)
    for paragraph in paragraphs:
        pdf.multi_cell(0, 6, _printable(paragraph, pdf), align="L", new_x="LMARGIN", new_y="NEXT")
        pdf.ln(3)


def _printable(text: str, pdf: FPDF) -> str:
    """`text` with a mark in place of symbols that the font lacks.

    Raises `BadArguments` when it lacks letters: a PDF without its words would be a quiet loss.
    """
    known = pdf.fonts["body"].cmap  # type: ignore[union-attr]
    missing = {character for character in text if ord(character) not in known and not character.isspace()}
    letters = sorted(character for character in missing if character.isalpha())
    if letters:
        some = "".join(letters[:5])
        raise BadArguments(f"the PDF font has no letters such as {some}: use write_docx", paths=("/text",))
    return "".join("\N{REPLACEMENT CHARACTER}" if character in missing else character for character in text)


_TEXT = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
    "description": (
        "The text to write; empty lines separate paragraphs. A list becomes a bulleted line an item."
    ),
}
_TITLE = string("A heading at the top; empty for none.", default="", maxLength=300)
_IMAGES = array(
    file_schema("image/*"), "Pictures and charts to embed below the text.", default=[], maxItems=50, **MANY
)
_NAME = string("The file's name, without its extension.", default="document", maxLength=80)
_INPUT = schema({"text": _TEXT, "title": _TITLE, "images": _IMAGES, "name": _NAME}, ["text"])
_PLAIN_INPUT = schema({"text": _TEXT, "title": _TITLE, "name": _NAME}, ["text"])
_TEXT_PORTS = {"text": ("text", "keywords"), "title": ("string",)}
_ERRORS = (
    "bad_arguments: the text is empty",
    "bad_input_file: an image to embed cannot be read",
)

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="write_docx",
        summary="Write a text into a Microsoft Word document (DOCX file).",
        description=(
            "Makes a Word file with a title, the text's paragraphs, and pictures or charts where given."
        ),
        kind=Kind.PYTHON,
        runs=Runs.PROCESS,
        does=("write_docx",),
        input_schema=_INPUT,
        output_schema=outputs(document=file_schema(DOCX, description="The Word document.")),
        ports=Ports({**_TEXT_PORTS, "images": ("image/*",)}, {"document": DOCX}),
        limits=Limits(timeout=60),
        believed=(Believed(seconds=0.025, quality=0.97, n=8),),
        tags=("document", "word", "docx", "office", "save", "export", "report", "file"),
        docs=Docs(
            when_to_use=(
                "To save, write, put, store, export, keep or turn a text, summary, translation or report "
                "into a Word document, DOCX, docx, doc, MS Word file or Microsoft Word document, Office "
                "document, write-up or letter."
            ),
            examples=(
                {
                    "request": "Put it in a Word document titled Findings",
                    "arguments": {"text": "Sales rose.\n\nCosts fell.", "title": "Findings"},
                },
                {"request": "Save that as DOCX", "arguments": {"text": "Solar power grew."}},
            ),
            errors=_ERRORS,
            run_after=("summarise_lexrank", "translate_text", "join_texts"),
        ),
        binding={"function": "tools.builtin.documents:write_docx"},
    ),
    Tool(
        name="write_pdf",
        summary="Write a text into a PDF document.",
        description=(
            "Makes an A4 PDF with a title, the text's paragraphs, and pictures or charts where given."
        ),
        kind=Kind.PYTHON,
        runs=Runs.PROCESS,
        does=("write_pdf",),
        input_schema=_INPUT,
        output_schema=outputs(document=file_schema(PDF, description="The PDF document.")),
        ports=Ports({**_TEXT_PORTS, "images": ("image/*",)}, {"document": PDF}),
        limits=Limits(timeout=60),
        believed=(Believed(seconds=0.25, quality=0.95, n=8),),
        tags=("document", "pdf", "save", "export", "print", "report", "file"),
        docs=Docs(
            when_to_use=(
                "To save, write, put, store, export, print or turn a text, summary, translation or "
                "report into a PDF: a portable, printable, read-only document or handout."
            ),
            examples=(
                {
                    "request": "Make a PDF of this with the title Minutes",
                    "arguments": {"text": "We met. We agreed.", "title": "Minutes"},
                },
            ),
            errors=(*_ERRORS, "bad_arguments: the text has letters the font lacks, such as Chinese ones"),
            run_after=("summarise_lexrank", "translate_text", "join_texts"),
        ),
        binding={"function": "tools.builtin.documents:write_pdf"},
    ),
    Tool(
        name="write_text_file",
        summary="Write a text into a plain text file (TXT).",
        description="Makes a file in UTF-8 that holds the text and, where given, a title on its first line.",
        kind=Kind.PYTHON,
        runs=Runs.PROCESS,
        does=("write_text_file",),
        input_schema=_PLAIN_INPUT,
        output_schema=outputs(document=file_schema("text/plain", description="The text file.")),
        ports=Ports(_TEXT_PORTS, {"document": "text/plain"}),
        limits=Limits(timeout=30),
        believed=(Believed(seconds=0.01, quality=0.97, n=8),),
        tags=("document", "txt", "plain text", "save", "file", "note"),
        docs=Docs(
            when_to_use=(
                "To save, write, store or dump a text, list or result into a plain text file, TXT, .txt, "
                "note or memo without formatting."
            ),
            examples=(
                {
                    "request": "Save the keywords to a text file",
                    "arguments": {"text": ["solar panel", "price"]},
                },
                {"request": "Write it to notes.txt", "arguments": {"text": "Call Ada.", "name": "notes"}},
            ),
            errors=("bad_arguments: the text is empty",),
            run_after=("keywords_yake", "join_texts"),
        ),
        binding={"function": "tools.builtin.documents:write_text_file"},
    ),
)
