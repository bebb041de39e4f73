"""Tools that read the text of a document: Word, PDF, plain text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tools.builtin.archives import check_archive
from tools.builtin.documents import DOCX, PDF
from tools.builtin.fields import integer, need_bytes, outputs, schema, string, wrong_kind
from tools.builtin.sentences import lines
from tools.errors import BadArguments, BadInputFile
from tools.spec import Believed, Docs, File, Kind, Limits, Ports, Runs, Tool, Trust, file_schema

_A_DOCX, _A_PDF, _A_TEXT = "a Word document (DOCX)", "a PDF", "a plain text file"
_HEAD = 80
_SCANNED = "has no text, only pictures (it was probably scanned): turn its pages into images and use OCR"


def read_docx(document: File) -> dict[str, Any]:
    """The paragraphs of a Word document, and its tables as lines with tabs, in their order."""
    from docx import Document
    from docx.table import Table

    need_bytes(document, _A_DOCX, starts=b"PK")
    check_archive(document, _A_DOCX)
    try:
        opened = Document(str(document.path))
        blocks = [
            "\n".join("\t".join(cell.text for cell in row.cells) for row in block.rows)
            if isinstance(block, Table)
            else block.text
            for block in opened.iter_inner_content()
        ]
    except Exception as error:
        raise wrong_kind(document, _A_DOCX) from error
    text = "\n\n".join(block.strip("\n") for block in blocks if block.strip())
    if not text:
        raise BadInputFile(f"{document.name} has no text")
    return {"text": text, "title": opened.core_properties.title or ""}


def read_pdf_fast(document: File, first_page: int = 1, last_page: int | None = None) -> dict[str, Any]:
    """The text of a PDF's pages as it stands in the file (pypdfium2)."""
    import pypdfium2

    content = need_bytes(document, _A_PDF, starts=b"%PDF")
    try:
        opened = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        raise _unreadable(document, locked="password" in str(error).lower()) from error
    chosen = _chosen(len(opened), first_page, last_page)
    try:
        pages = [opened[at].get_textpage().get_text_bounded() for at in chosen]
    except pypdfium2.PdfiumError as error:
        raise _unreadable(document) from error
    # The mark U+FFFE is how PDFium writes a hyphen at the end of a line.
    text = "\n\n".join(page.replace("\r\n", "\n").replace("\ufffe", "-").strip() for page in pages)
    return _answer(text, document, pages=len(opened))


def read_pdf_layout(document: File, first_page: int = 1, last_page: int | None = None) -> dict[str, Any]:
    """The text of a PDF with its paragraphs mended and running heads and page numbers left out (pypdf)."""
    import io

    from pypdf import PdfReader
    from pypdf.errors import FileNotDecryptedError, PyPdfError

    content = need_bytes(document, _A_PDF, starts=b"%PDF")
    try:
        opened = PdfReader(io.BytesIO(content))
        count = len(opened.pages)
        pages = [opened.pages[at].extract_text() for at in _chosen(count, first_page, last_page)]
    except FileNotDecryptedError as error:
        raise _unreadable(document, locked=True) from error
    except (PyPdfError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _unreadable(document) from error
    bodies = without_running_heads([page.splitlines() for page in pages])
    return _answer("\n\n".join(mended(body) for body in bodies), document, pages=count)


def read_text_file(document: File) -> dict[str, Any]:
    """The text of a plain text file, whatever its encoding."""
    content = need_bytes(document, _A_TEXT)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return {"text": content.decode("utf-16", errors="replace").strip()}
    if b"\0" in content:
        raise wrong_kind(document, _A_TEXT)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    if not text.strip():
        raise BadInputFile(f"{document.name} has no text")
    return {"text": text.strip()}


def without_running_heads(pages: Sequence[Sequence[str]]) -> list[list[str]]:
    """Pages (lists of lines) without the first and last lines that most pages share, numbers aside."""
    kept = [[line for line in page if line.strip()] for page in pages]
    kept = [page[:-1] if page and re.fullmatch(r"\W*\d{1,4}\W*", page[-1]) else page for page in kept]
    for at in (0, -1):
        seen = Counter(_alike(page[at]) for page in kept if page)
        common = {
            line
            for line, times in seen.items()
            if times >= 3 and 2 * times > len(kept) and len(line) <= _HEAD
        }
        rest = slice(1, None) if at == 0 else slice(None, -1)
        kept = [page[rest] if page and _alike(page[at]) in common else page for page in kept]
    return kept


def mended(page: Sequence[str]) -> str:
    """The lines of a page as paragraphs: words divided at a line's end are whole again."""
    text = "\n".join(line.rstrip() for line in page)
    whole = re.sub(r"(?<=[^\W\d_])[-\u00ad\u2010]\n(?=[a-zß-ÿ])", "", text)
    return "\n".join(lines(whole))


def _alike(line: str) -> str:
    return re.sub(r"\d+", "#", line.strip())


def _chosen(count: int, first: int, last: int | None) -> range:
    """Indices of the pages asked for; raises `BadArguments` when there are none."""
    if first > count:
        raise BadArguments(f"there is no page {first}: the document has {count}", paths=("/first_page",))
    if last is not None and last < first:
        raise BadArguments(f"the last page {last} comes before the first {first}", paths=("/last_page",))
    return range(first - 1, min(last or count, count))


def _answer(text: str, document: File, *, pages: int) -> dict[str, Any]:
    if not text.strip():
        raise BadInputFile(f"{document.name} {_SCANNED}")
    return {"text": text.strip(), "pages": pages}


def _unreadable(document: File, *, locked: bool = False) -> BadInputFile:
    if locked:
        return BadInputFile(f"{document.name} is locked with a password: give a copy without one")
    return BadInputFile(f"{document.name} is damaged and cannot be read as a PDF")


_PDF_INPUT = schema(
    {
        "document": file_schema(PDF, description="The PDF to read."),
        "first_page": integer("The first page to read, counted from 1.", default=1, minimum=1),
        "last_page": integer("The last page to read; the document's last when absent.", minimum=1),
    },
    ["document"],
)
_PDF_OUTPUT = outputs(
    text=string("The text of the pages, an empty line between them."),
    pages=integer("How many pages the document has.", minimum=0),
)
_PDF_PORTS = Ports({"document": (PDF,)}, {"text": "text", "pages": "integer"})
_PDF_EXAMPLES = (
    {"request": "Read the text of this PDF", "arguments": {"document": {"artifact": "art_report"}}},
    {
        "request": "What do the first two pages of the PDF say?",
        "arguments": {"document": {"artifact": "art_report"}, "first_page": 1, "last_page": 2},
    },
)
_PDF_ERRORS = (
    "bad_input_file: not a PDF, damaged, locked with a password, or scanned (pictures without text)",
    "bad_arguments: no such page",
)
_SAME_JOB = ("summarise_lexrank", "keywords_yake", "translate_text")

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="read_pdf_fast",
        summary="Read the text of a PDF, as it stands in the file.",
        description=(
            "Quickest; lines end where they end on the page, running heads and page numbers included."
        ),
        kind=Kind.PYTHON,
        runs=Runs.PROCESS,
        does=("read_pdf",),
        input_schema=_PDF_INPUT,
        output_schema=_PDF_OUTPUT,
        ports=_PDF_PORTS,
        limits=Limits(timeout=120),
        believed=(Believed(seconds=0.007, quality=0.78, n=8),),
        trust=Trust.UNTRUSTED,
        tags=("document", "pdf", "read", "text", "fast"),
        docs=Docs(
            when_to_use=(
                "To read, open, extract, get or convert the text, words or content of a PDF document, "
                "paper, report, invoice, brochure or ebook quickly; PDF to text."
            ),
            examples=_PDF_EXAMPLES,
            errors=_PDF_ERRORS,
            run_before=_SAME_JOB,
            run_after=("download_file",),
        ),
        binding={"function": "tools.builtin.readers:read_pdf_fast"},
    ),
    Tool(
        name="read_pdf_layout",
        summary="Read the text of a PDF as clean paragraphs.",
        description=(
            "Mends lines and divided words into paragraphs; leaves running heads and page numbers out."
        ),
        kind=Kind.PYTHON,
        runs=Runs.PROCESS,
        does=("read_pdf",),
        input_schema=_PDF_INPUT,
        output_schema=_PDF_OUTPUT,
        ports=_PDF_PORTS,
        limits=Limits(timeout=180),
        believed=(Believed(seconds=0.025, quality=0.9, n=8),),
        trust=Trust.UNTRUSTED,
        tags=("document", "pdf", "read", "text", "paragraphs", "careful"),
        docs=Docs(
            when_to_use=(
                "To read, open, extract, get or convert the text, words or content of a PDF document, "
                "paper, report, invoice, brochure or ebook well, as whole paragraphs; PDF to text."
            ),
            examples=_PDF_EXAMPLES,
            errors=_PDF_ERRORS,
            run_before=_SAME_JOB,
            run_after=("download_file",),
        ),
        binding={"function": "tools.builtin.readers:read_pdf_layout"},
    ),
    Tool(
        name="read_docx",
        summary="Read the text of a Word document (DOCX).",
        description="Answers paragraphs and tables in their order, and the document's title.",
        kind=Kind.PYTHON,
        runs=Runs.PROCESS,
        does=("read_docx",),
        input_schema=schema({"document": file_schema(DOCX, description="The Word document.")}, ["document"]),
        output_schema=outputs(
            text=string("The document's text, an empty line between paragraphs."),
            title=string("The title in the document's properties; empty when it has none."),
        ),
        ports=Ports({"document": (DOCX,)}, {"text": "text", "title": "string"}),
        limits=Limits(timeout=60),
        believed=(Believed(seconds=0.01, quality=0.95, n=8),),
        trust=Trust.UNTRUSTED,
        tags=("document", "word", "docx", "office", "read", "text"),
        docs=Docs(
            when_to_use=(
                "To read, open, extract, get or convert the text or content of a Word document, DOCX, "
                "doc, Microsoft Word or Office file, letter, contract or manuscript."
            ),
            examples=(
                {
                    ("request"): "What does this Word file say?",
                    "arguments": {"document": {"artifact": "art_letter"}},
                },
            ),
            errors=("bad_input_file: not a DOCX (the old DOC format is not read), damaged or empty",),
            run_before=_SAME_JOB,
        ),
        binding={"function": "tools.builtin.readers:read_docx"},
    ),
    Tool(
        name="read_text_file",
        summary="Read the text of a plain text file (TXT, Markdown).",
        description="Answers the file's text; finds out its encoding.",
        kind=Kind.PYTHON,
        runs=Runs.PROCESS,
        does=("read_text_file",),
        input_schema=schema(
            {("document"): file_schema("text/plain", "text/markdown", description="The text file.")},
            ["document"],
        ),
        output_schema=outputs(text=string("The file's text.")),
        ports=Ports({"document": ("text/plain", "text/markdown")}, {"text": "text"}),
        limits=Limits(timeout=30),
        believed=(Believed(seconds=0.01, quality=0.97, n=8),),
        trust=Trust.UNTRUSTED,
        tags=("document", "txt", "markdown", "read", "text", "file"),
        docs=Docs(
            when_to_use=(
                "To read, open, load or get the text or content of a plain text file, TXT, note, log or "
                "Markdown."
            ),
            examples=({"request": "Read notes.txt", "arguments": {"document": {"artifact": "art_notes"}}},),
            errors=("bad_input_file: not a text file, or empty",),
            run_before=_SAME_JOB,
        ),
        binding={"function": "tools.builtin.readers:read_text_file"},
    ),
)
