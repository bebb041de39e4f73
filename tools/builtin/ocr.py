"""Tools that read the text in images, quickly or with care, by the tesseract program."""

from __future__ import annotations

import csv
import io
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.builtin.fields import number, outputs, schema, string
from tools.builtin.image_files import on_white, open_image
from tools.builtin.scans import prepared, turned
from tools.errors import BadOutput, ServerFault, Unavailable
from tools.spec import Believed, Docs, File, Kind, Limits, Ports, Runs, Tool, file_schema
from tools.work import Work

if TYPE_CHECKING:
    from PIL.Image import Image

#: What tesseract calls a language, by its ISO 639-1 code.
_LANGUAGES = {
    "en": "eng",
    "es": "spa",
    "de": "deu",
    "fr": "fra",
    "it": "ita",
    "pt": "por",
    "nl": "nld",
    "ca": "cat",
    "da": "dan",
    "sv": "swe",
    "nb": "nor",
    "no": "nor",
    "fi": "fin",
    "pl": "pol",
    "cs": "ces",
    "sk": "slk",
    "sl": "slv",
    "hr": "hrv",
    "hu": "hun",
    "ro": "ron",
    "bg": "bul",
    "el": "ell",
    "tr": "tur",
    "ru": "rus",
    "uk": "ukr",
    "et": "est",
    "lv": "lav",
    "lt": "lit",
    "ga": "gle",
    "eu": "eus",
    "gl": "glg",
    "is": "isl",
    "ar": "ara",
    "he": "heb",
    "fa": "fas",
    "hi": "hin",
    "bn": "ben",
    "ta": "tam",
    "th": "tha",
    "vi": "vie",
    "ja": "jpn",
    "ko": "kor",
    "zh": "chi_sim",
    "id": "ind",
    "af": "afr",
    "eo": "epo",
    "la": "lat",
}
_HINT = "install it with: apt-get install tesseract-ocr"
#: Ways to see a page: as blocks that it finds itself, as one block, as scattered words.
_AUTO, _BLOCK, _SCATTERED = "3", "6", "11"
_GOOD = 0.9
_POOR = 0.6
_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Reading:
    """Text and the mean confidence in its words, in [0, 1], long words counting more."""

    text: str
    confidence: float

    @property
    def worth(self) -> float:
        """How good a reading is: a confident one of two letters must not beat a page."""
        return self.confidence * min(1.0, len(self.text) / 20)


def ocr_fast(image: File, *, work: Work, language: str = "en") -> dict[str, Any]:
    """Read the image once, as it is."""
    code = _installed(language)
    return _answer(_read(on_white(open_image(image)).convert("L"), work.scratch, code=code, layout=_AUTO))


def ocr_careful(image: File, *, work: Work, language: str = "en") -> dict[str, Any]:
    """Straighten, enlarge and clean the image, read it in several ways, and keep the surest reading."""
    code = _installed(language)
    page = on_white(open_image(image)).convert("L")
    best = _best(_read(one, work.scratch, code=code, layout=layout) for one, layout in _ways(page))
    if best.confidence < _POOR:
        sideways = (
            _read(prepared(turned(page, quarters)), work.scratch, code=code, layout=_AUTO)
            for quarters in (1, 3, 2)
        )
        best = _best([best, *sideways])
    return _answer(best)


def _ways(page: Image) -> Iterator[tuple[Image, str]]:
    clean = prepared(page)
    yield clean, _AUTO
    yield clean, _BLOCK
    yield prepared(page, despeckled=True), _AUTO
    yield prepared(page, black_and_white=True), _AUTO
    yield page, _AUTO
    yield clean, _SCATTERED


def _best(readings: Iterable[Reading]) -> Reading:
    """The reading of most worth; the rest are not made once one is good."""
    best = Reading("", 0.0)
    for reading in readings:
        if reading.worth > best.worth:
            best = reading
        if best.worth >= _GOOD:
            break
    return best


def _read(page: Image, scratch: Path, *, code: str, layout: str) -> Reading:
    page.save(scratch / "page.png")
    table = _tesseract("page.png", "stdout", "-l", code, "--psm", layout, "tsv", folder=scratch)
    rows = csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE)
    words = [row for row in rows if row["level"] == "5" and row["text"].strip() and float(row["conf"]) >= 0]
    letters = sum(len(row["text"]) for row in words)
    sure = sum(float(row["conf"]) * len(row["text"]) for row in words)
    return Reading(_as_text(words), sure / letters / 100 if letters else 0.0)


def _as_text(words: list[dict[str, str]]) -> str:
    """Words in lines, lines in paragraphs, with an empty line between these."""
    paragraphs = []
    for _, block in groupby(words, key=lambda row: (row["block_num"], row["par_num"])):
        lines = groupby(block, key=lambda row: row["line_num"])
        paragraphs.append("\n".join(" ".join(row["text"] for row in line) for _, line in lines))
    return "\n\n".join(paragraphs)


def _installed(language: str) -> str:
    """Tesseract's name of the language. Raises `Unavailable` with the package to install."""
    code = _LANGUAGES.get(language.lower().partition("-")[0])
    if code is None:
        raise Unavailable(f"text in the language {language!r} cannot be read; known: {', '.join(_LANGUAGES)}")
    if code not in _tesseract("--list-langs").split():
        package = f"tesseract-ocr-{code.replace('_', '-')}"
        raise Unavailable(
            f"tesseract has no data for {language!r}; install them with: apt-get install {package}"
        )
    return code


def _tesseract(*arguments: str, folder: Path | None = None) -> str:
    """What the program prints. All arguments are constants of this module; the image is a file."""
    try:
        done = subprocess.run(  # noqa: S603 - constant arguments
            ["tesseract", *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise Unavailable(f"tesseract is missing; {_HINT}") from error
    except subprocess.TimeoutExpired as error:
        raise ServerFault(f"tesseract took longer than {_SECONDS} s") from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ServerFault(f"tesseract failed: {last[:200]}")
    return done.stdout


def _answer(reading: Reading) -> dict[str, Any]:
    if not reading.text:
        raise BadOutput("no text was found in the image")
    return {"text": reading.text, "confidence": round(reading.confidence, 3)}


_INPUT = schema(
    {
        "image": file_schema("image/*", description="a picture, photo or scan with text in it"),
        "language": string("language of the text in the image", pattern="^[a-z]{2}$", default="en"),
    },
    ["image"],
)
_OUTPUT = outputs(
    text=string("the text that was read"),
    confidence=number("how sure the reader is of it, from 0 to 1", minimum=0, maximum=1),
)
_PORTS = Ports({"image": ("image/*",), "language": ("language",)}, {"text": "text", "confidence": "number"})
_ERRORS = (
    "BadInputFile: the file is no image, is broken, or has too many pixels",
    "BadOutput: no text was found",
    "Unavailable: tesseract or the data of the language are not installed",
)
_WORDS = (
    "OCR: read, recognise, decode or decipher lettering, "
    "transcribe, digitise, digitize, extract or copy the text, words or "
    "writing in a scanned "
    "image, scan, photo, photograph, screenshot or picture; what does the picture say, what is "
    "written there. "
)


def _tool(name: str, function: Any, *, summary: str, when: str, believed: Believed) -> Tool:
    """A record with what both readers have in common."""
    return Tool(
        name=name,
        summary=summary,
        kind=Kind.PYTHON,
        does=("read_image_text",),
        input_schema=_INPUT,
        output_schema=_OUTPUT,
        ports=_PORTS,
        limits=Limits(timeout=180),
        runs=Runs.PROCESS,
        believed=(believed,),
        tags=("images", "text", "ocr"),
        docs=Docs(
            when_to_use=_WORDS + when,
            examples=({"request": "Read the text in this scanned image", "arguments": {}},),
            errors=_ERRORS,
        ),
        binding={"function": f"{__name__}:{function.__name__}"},
        requires={"tesseract": _HINT},
    )


TOOLS: tuple[Tool, ...] = (
    _tool(
        "ocr_fast",
        ocr_fast,
        summary="Read the text in an image quickly, as it is.",
        when="Good for clean, straight scans and screenshots.",
        believed=Believed(seconds=1.7, quality=0.8, n=8),
    ),
    _tool(
        "ocr_careful",
        ocr_careful,
        summary="Read the text in an image with care: straightened, enlarged, cleaned, read in several ways.",
        when="Good for crooked, small, pale, noisy or sideways scans and photos.",
        believed=Believed(seconds=1.9, quality=0.93, n=8),
    ),
)
