"""Opening and saving images: known formats only, bounded in pixels, upright."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tools.errors import BadArguments, BadInputFile
from tools.spec import File
from tools.work import Work

if TYPE_CHECKING:
    from PIL.Image import Image

#: Pixels of an image, in or out: about 250 MB unpacked. A small file can unpack to far more.
MAX_PIXELS = 64_000_000

MEDIA_TYPES = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "bmp": "image/bmp",
    "tiff": "image/tiff",
}
#: Nothing else is opened: readers of rarer formats start other programs.
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
_ENDINGS = {"jpeg": ".jpg", "tiff": ".tif"}


def open_image(file: File) -> Image:
    """The (first) picture of an image file, turned as its camera says.

    Raises `BadInputFile` when it is no image, is broken, or has over `MAX_PIXELS` pixels.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(file.path, formats=_FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise BadInputFile(
                    f"{file.name} has {image.width} × {image.height} pixels; {MAX_PIXELS:,} at most are read"
                )
            kept = image.format
            upright = ImageOps.exif_transpose(image)
            upright.load()
    except BadInputFile:
        raise
    except Exception as error:  # what a broken image raises depends on its format
        known = ", ".join(MEDIA_TYPES)
        raise BadInputFile(f"{file.name} is no image that can be read (known: {known})") from error
    upright.format = kept
    return upright


def need_room(width: float, height: float) -> None:
    """Raises `BadArguments` when an image of that size would be empty or too large."""
    if width < 1 or height < 1 or width * height > MAX_PIXELS:
        raise BadArguments(
            f"an image of {width:.0f} × {height:.0f} pixels cannot be made: 1 to {MAX_PIXELS:,} pixels can"
        )


def save_image(image: Image, *, work: Work, name: str, format_name: str) -> File:
    """Write the image in the format `format_name` (a key of `MEDIA_TYPES`), with that format's ending."""
    ending = _ENDINGS.get(format_name, f".{format_name}")
    stem = Path(name).stem or "image"
    file = work.file(f"{stem[:80]}{ending}", MEDIA_TYPES[format_name])
    options = {"quality": 92} if format_name in ("jpeg", "webp") else {}
    _fitting(image, format_name).save(file.path, format=format_name.upper(), **options)
    return file


def format_of(image: Image) -> str:
    """The format an image came in, by its key in `MEDIA_TYPES`; PNG for what was made here."""
    return (image.format or "png").lower()


def on_white(image: Image) -> Image:
    """The image in RGB; what is transparent becomes white and not black."""
    from PIL import Image

    if not image.has_transparency_data:
        return image.convert("RGB")
    full = image.convert("RGBA")
    ground = Image.new("RGB", full.size, "white")
    ground.paste(full, mask=full.getchannel("A"))
    return ground


def _fitting(image: Image, format_name: str) -> Image:
    """The image in a mode that the format can hold."""
    if format_name in ("jpeg", "bmp") and image.mode not in ("L", "RGB"):
        return on_white(image)
    if format_name == "webp" and image.mode not in ("RGB", "RGBA"):
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    return image.convert("RGB") if image.mode in ("CMYK", "F", "I") else image
