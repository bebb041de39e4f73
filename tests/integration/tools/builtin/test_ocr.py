"""Reading text in images with the real tesseract."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from tools.builtin.ocr import ocr_careful, ocr_fast
from tools.errors import BadOutput, Unavailable
from tools.spec import File
from tools.work import Work

pytestmark = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="tesseract is missing: apt-get install tesseract-ocr"
)

WORDS = "The museum opens at nine o'clock.\nEvery visitor receives a map.\nPhotographs are welcome."


def scan(folder: Path, *, turn: float = 0.0, ink: str = "black", paper: str = "white") -> File:
    image = Image.new("RGB", (900, 320), paper)
    font = ImageFont.load_default(size=28)
    ImageDraw.Draw(image).multiline_text((40, 40), WORDS, fill=ink, font=font, spacing=14)
    image.rotate(turn, expand=True, fillcolor=paper).save(folder / "scan.png")
    return File(folder / "scan.png", "image/png", "scan.png")


@pytest.mark.parametrize("read", [ocr_fast, ocr_careful])
def test_a_clean_scan_is_read_word_by_word(tmp_path: Path, read: Any) -> None:
    out = read(scan(tmp_path), work=Work(tmp_path))
    assert out["text"].split() == WORDS.split()
    assert out["text"].splitlines()[0] == "The museum opens at nine o'clock."
    assert out["confidence"] > 0.8


@pytest.mark.parametrize("turn", [5.0, 90.0])
def test_a_crooked_scan_needs_care(tmp_path: Path, turn: float) -> None:
    page, work = scan(tmp_path, turn=turn), Work(tmp_path)
    assert ocr_careful(page, work=work)["text"].split() == WORDS.split()
    assert ocr_fast(page, work=work)["text"].split() != WORDS.split()


def test_light_writing_on_a_dark_ground_is_read(tmp_path: Path) -> None:
    page = scan(tmp_path, ink="#dddddd", paper="#202040")
    assert ocr_careful(page, work=Work(tmp_path))["text"].split() == WORDS.split()


@pytest.mark.parametrize("read", [ocr_fast, ocr_careful])
def test_an_empty_page_has_no_text(tmp_path: Path, read: Any) -> None:
    Image.new("RGB", (300, 200), "white").save(tmp_path / "empty.png")
    with pytest.raises(BadOutput, match="no text"):
        read(File(tmp_path / "empty.png", "image/png", "empty.png"), work=Work(tmp_path))


@pytest.mark.parametrize(("language", "words"), [("xx", "cannot be read"), ("la", "tesseract-ocr-lat")])
def test_a_language_without_data_says_what_to_install(tmp_path: Path, language: str, words: str) -> None:
    if language == "la" and Path("/usr/share/tesseract-ocr/5/tessdata/lat.traineddata").exists():
        pytest.skip("Latin is installed here")
    with pytest.raises(Unavailable, match=words):
        ocr_fast(scan(tmp_path), work=Work(tmp_path), language=language)


def test_a_missing_program_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="apt-get install tesseract-ocr"):
        ocr_fast(scan(tmp_path), work=Work(tmp_path))
