"""Changing images and saying what they are."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tools.builtin import images
from tools.errors import BadArguments, BadInputFile
from tools.spec import File
from tools.work import Work


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path / "out")


@pytest.fixture(autouse=True)
def _folders(work: Work) -> None:
    work.scratch.mkdir()


def saved(image: Image.Image, folder: Path, name: str = "in.png", **options: Any) -> File:
    path = folder / name
    image.save(path, **options)
    return File(path, f"image/{image.format or 'png'}", name)


def halves(width: int = 40, height: int = 20) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), "red")
    image.paste((0, 0, 255), (width // 2, 0, width, height))
    return image


def opened(answer: dict[str, Any]) -> Image.Image:
    with Image.open(answer["image"].path) as image:
        image.load()
        assert answer["image"].media_type == f"image/{(image.format or '').lower()}"
        return image


@pytest.mark.parametrize(
    ("wanted", "size"),
    [
        ({"width": 20}, (20, 10)),
        ({"height": 40}, (80, 40)),
        ({"width": 10, "height": 10}, (10, 10)),
        ({"percent": 50.0}, (20, 10)),
        ({"percent": 250}, (100, 50)),
    ],
)
def test_an_image_gets_the_size_that_is_asked_for(
    work: Work, tmp_path: Path, wanted: dict[str, Any], size: tuple[int, int]
) -> None:
    made = opened(images.resize_image(saved(halves(), tmp_path), work=work, **wanted))
    assert made.size == size
    assert made.getpixel((0, 0)) == (255, 0, 0)
    assert made.getpixel((size[0] - 1, 0)) == (0, 0, 255)


@pytest.mark.parametrize("wanted", [{}, {"width": 60_000, "height": 60_000}, {"percent": 0.1}])
def test_a_size_that_cannot_be_is_refused(work: Work, tmp_path: Path, wanted: dict[str, Any]) -> None:
    with pytest.raises(BadArguments):
        images.resize_image(saved(halves(), tmp_path), work=work, **wanted)


def test_turning_is_clockwise_and_grows_the_canvas(work: Work, tmp_path: Path) -> None:
    made = opened(images.rotate_image(saved(halves(), tmp_path), work=work))
    assert made.size == (20, 40)
    assert made.getpixel((10, 2)) == (255, 0, 0)
    assert made.getpixel((10, 37)) == (0, 0, 255)
    tilted = opened(images.rotate_image(saved(halves(), tmp_path), work=work, degrees=45))
    assert tilted.width > 40
    assert tilted.getpixel((0, 0)) == (255, 255, 255)


def test_a_part_is_cut_out(work: Work, tmp_path: Path) -> None:
    made = opened(images.crop_image(saved(halves(), tmp_path), work=work, left=18, top=5, width=4, height=50))
    assert made.size == (4, 15)
    assert [made.getpixel((x, 0)) for x in (1, 2)] == [(255, 0, 0), (0, 0, 255)]
    with pytest.raises(BadArguments, match="outside the image of 40 × 20"):
        images.crop_image(saved(halves(), tmp_path), work=work, left=40)


def test_colours_are_taken_out(work: Work, tmp_path: Path) -> None:
    made = opened(images.grayscale_image(saved(halves(), tmp_path, "in.jpg"), work=work))
    assert (made.mode, made.format) == ("L", "JPEG")


@pytest.mark.parametrize("wanted", ["png", "jpeg", "webp", "gif", "bmp", "tiff"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "LA", "L", "1", "CMYK", "I;16"])
def test_every_kind_of_image_is_saved_in_every_format(
    work: Work, tmp_path: Path, wanted: str, mode: str
) -> None:
    image = Image.new("I;16", (4, 4)) if mode == "I;16" else halves(4, 4).convert(mode)
    name = "in.tif" if mode in ("CMYK", "I;16") else "in.png"
    made = opened(images.convert_image(saved(image, tmp_path, name), work=work, format=wanted))
    assert (made.size, made.format) == ((4, 4), wanted.upper())


def test_what_is_transparent_becomes_white(work: Work, tmp_path: Path) -> None:
    clear = saved(Image.new("RGBA", (4, 4), (0, 0, 0, 0)), tmp_path)
    made = opened(images.convert_image(clear, work=work, format="jpeg"))
    assert made.getpixel((1, 1)) == (255, 255, 255)
    made = opened(images.resize_image(clear, work=work, width=2))
    assert made.getpixel((0, 0)) == (0, 0, 0, 0)


def test_a_photo_is_turned_as_the_camera_says(work: Work, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    photo = saved(halves(), tmp_path, "in.jpg", exif=exif)
    assert opened(images.grayscale_image(photo, work=work)).size == (20, 40)


def test_an_image_is_described(tmp_path: Path) -> None:
    image = halves()
    image.paste((0, 0, 255), (10, 0, 40, 20))
    out = images.describe_image_file(saved(image, tmp_path))
    assert out == {
        "description": "PNG image, 40 × 20 pixels, mode RGB; main colours: #0000ff, #ff0000",
        "width": 40,
        "height": 20,
        "format": "png",
        "mode": "RGB",
        "colours": ["#0000ff", "#ff0000"],
    }


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it has that many pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


def cut_short() -> bytes:
    whole = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(whole, "PNG")
    return whole.getvalue()[:500]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no image"),
        (b"words", "no image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no image"),
        (cut_short(), "no image"),
        (png_that_claims(9_000, 9_000), "9000 × 9000 pixels"),
        (png_that_claims(60_000, 60_000), "in.png"),
    ],
)
def test_what_is_no_readable_image_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "in.png"
    path.write_bytes(content)
    with pytest.raises(BadInputFile, match=words) as refused:
        images.describe_image_file(File(path, "image/png", "in.png"))
    assert str(tmp_path) not in str(refused.value)
