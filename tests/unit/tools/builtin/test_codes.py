"""QR codes, made and read back."""

from pathlib import Path

import pytest
from PIL import Image

from tools.builtin.codes import make_qr_code, read_qr_code
from tools.errors import BadArguments, BadOutput
from tools.spec import File
from tools.work import Work


@pytest.mark.parametrize("text", ["https://example.com/a?b=c&d=é", "Grüße, 世界", "0123456789", "x" * 2_331])
def test_what_is_encoded_is_read_back(tmp_path: Path, text: str) -> None:
    image = make_qr_code(text, work=Work(tmp_path), scale=4)["image"]
    out = read_qr_code(image)
    assert out["text"] == text
    assert [one["text"] for one in out["codes"]] == [text]


def test_a_code_is_read_from_a_turned_and_shrunk_photo(tmp_path: Path) -> None:
    made = make_qr_code("hello", work=Work(tmp_path))["image"]
    with Image.open(made.path) as image:
        photo = Image.new("RGB", (900, 700), "#c0d0c0")
        photo.paste(image.convert("RGB").resize((200, 200)), (120, 90))
        photo.rotate(17, fillcolor="gray").save(tmp_path / "photo.jpg", quality=70)
    assert read_qr_code(File(tmp_path / "photo.jpg", "image/jpeg", "photo.jpg"))["text"] == "hello"


def test_the_size_of_the_squares_is_kept(tmp_path: Path) -> None:
    small = make_qr_code("hi", work=Work(tmp_path), scale=3)["image"]
    with Image.open(small.path) as image:
        assert image.size == (3 * (21 + 8), 3 * (21 + 8))


@pytest.mark.parametrize(("text", "words"), [("  ", "no text"), ("x" * 2_332, "2,331 bytes")])
def test_a_text_that_fits_no_code_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(BadArguments, match=words):
        make_qr_code(text, work=Work(tmp_path))


def test_an_image_without_a_code_is_said_to_have_none(tmp_path: Path) -> None:
    Image.new("RGB", (50, 50), "white").save(tmp_path / "empty.png")
    with pytest.raises(BadOutput, match="no QR code"):
        read_qr_code(File(tmp_path / "empty.png", "image/png", "empty.png"))
