"""Tools that change images and say what they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tools.builtin.fields import Field, array, integer, number, outputs, schema, string
from tools.builtin.image_files import MEDIA_TYPES, format_of, need_room, on_white, open_image, save_image
from tools.errors import BadArguments
from tools.spec import Believed, Docs, File, Kind, Limits, Ports, Runs, Tool, file_schema
from tools.work import Work

if TYPE_CHECKING:
    from PIL.Image import Image


def resize_image(
    image: File,
    *,
    work: Work,
    width: int | None = None,
    height: int | None = None,
    percent: float | None = None,
) -> dict[str, Any]:
    """Scale to a width and height in pixels (one alone keeps the shape) or to a percentage."""
    from PIL.Image import Resampling

    opened = open_image(image)
    size = _new_size(opened, width=width, height=height, percent=percent)
    need_room(*size)
    # The reducing filters need full colours, not numbers of a palette.
    full = opened.convert("RGBA" if opened.has_transparency_data else "RGB") if opened.mode == "P" else opened
    return _saved(full.resize(size, Resampling.LANCZOS), opened, image, work=work)


def _new_size(
    image: Image, *, width: int | None, height: int | None, percent: float | None
) -> tuple[int, int]:
    if percent is not None:
        return round(image.width * percent / 100), round(image.height * percent / 100)
    if width is None and height is None:
        raise BadArguments("say how large: a width, a height (in pixels) or a percentage", paths=("/width",))
    if width is None:
        assert height is not None
        return max(1, round(image.width * height / image.height)), height
    return width, height if height is not None else max(1, round(image.height * width / image.width))


def rotate_image(image: File, *, work: Work, degrees: float = 90) -> dict[str, Any]:
    """Turn clockwise by so many degrees; the picture grows to hold its corners."""
    from PIL.Image import Resampling

    opened = open_image(image)
    full = opened.convert("RGBA" if opened.has_transparency_data else "RGB")
    fill = (255, 255, 255, 0) if full.mode == "RGBA" else (255, 255, 255)
    turned = full.rotate(-degrees, resample=Resampling.BICUBIC, expand=True, fillcolor=fill)
    return _saved(turned, opened, image, work=work)


def crop_image(
    image: File,
    *,
    work: Work,
    left: int = 0,
    top: int = 0,
    width: int | None = None,
    height: int | None = None,
) -> dict[str, Any]:
    """Cut out the part that begins at `left`, `top` (pixels from the upper left corner)."""
    opened = open_image(image)
    right = min(opened.width, left + (opened.width if width is None else width))
    bottom = min(opened.height, top + (opened.height if height is None else height))
    if right <= left or bottom <= top:
        raise BadArguments(f"that part lies outside the image of {opened.width} × {opened.height} pixels")
    return _saved(opened.crop((left, top, right, bottom)), opened, image, work=work)


def grayscale_image(image: File, *, work: Work) -> dict[str, Any]:
    """Take the colours out."""
    opened = open_image(image)
    gray = opened.convert("LA") if opened.has_transparency_data else opened.convert("L")
    return _saved(gray, opened, image, work=work)


def convert_image(image: File, *, work: Work, format: str = "png") -> dict[str, Any]:
    """Save in another format."""
    if format not in MEDIA_TYPES:
        raise BadArguments(f"unknown format; known: {', '.join(MEDIA_TYPES)}", paths=("/format",))
    opened = open_image(image)
    return {"image": save_image(opened, work=work, name=image.name, format_name=format)}


def describe_image_file(image: File) -> dict[str, Any]:
    """Size in pixels, format, colour mode and main colours."""
    opened = open_image(image)
    colours = _main_colours(opened)
    words = (
        f"{format_of(opened).upper()} image, {opened.width} × {opened.height} pixels, mode {opened.mode}; "
        f"main colours: {', '.join(colours)}"
    )
    return {
        "description": words,
        "width": opened.width,
        "height": opened.height,
        "format": format_of(opened),
        "mode": opened.mode,
        "colours": colours,
    }


def _main_colours(image: Image, count: int = 4) -> list[str]:
    """The commonest colours after bringing like ones together, as #rrggbb, the commonest first."""
    import numpy as np
    from PIL.Image import Resampling

    small = on_white(image).resize((64, 64), Resampling.BOX).quantize(count).convert("RGB")
    found, times = np.unique(np.asarray(small).reshape(-1, 3), axis=0, return_counts=True)
    return [f"#{bytes(colour).hex()}" for colour in found[np.argsort(-times, kind="stable")]]


def _saved(changed: Image, opened: Image, file: File, *, work: Work) -> dict[str, Any]:
    """The changed image in the format it came in."""
    return {"image": save_image(changed, work=work, name=file.name, format_name=format_of(opened))}


_IMAGE: Field = file_schema("image/*", description="a PNG, JPEG, WebP, GIF, BMP or TIFF file")
_OUTPUT = outputs(image=file_schema("image/*", description="the new image"))
_ERRORS = ("BadInputFile: the file is no image, is broken, or has too many pixels",)
_PIXELS = {"x-unit": ["px", "pixel", "pixels"]}


def _tool(
    name: str,
    function: Any,
    *,
    summary: str,
    fields: Mapping[str, Field],
    when: str,
    request: str,
    arguments: Mapping[str, Any],
    types: Mapping[str, tuple[str, ...]] | None = None,
) -> Tool:
    """A record with what all tools from image to image have in common."""
    return Tool(
        name=name,
        summary=summary,
        kind=Kind.PYTHON,
        does=(name,),
        input_schema=schema({"image": _IMAGE, **fields}, ["image"]),
        output_schema=_OUTPUT,
        ports=Ports({"image": ("image/*",), **(types or {})}, {"image": "image/*"}),
        limits=Limits(timeout=60),
        runs=Runs.PROCESS,
        believed=(Believed(seconds=0.06, quality=0.95, n=8),),
        tags=("images",),
        docs=Docs(
            when_to_use=when,
            examples=({"request": request, "arguments": dict(arguments)},),
            errors=_ERRORS,
        ),
        binding={"function": f"{__name__}:{function.__name__}"},
    )


TOOLS: tuple[Tool, ...] = (
    _tool(
        "resize_image",
        resize_image,
        summary="Make an image larger or smaller.",
        fields={
            "width": integer("width in pixels", minimum=1, maximum=20_000, **{"x-unit": ["wide", "width"]}),
            "height": integer(
                "height in pixels", minimum=1, maximum=20_000, **{"x-unit": ["high", "height"]}
            ),
            "percent": number("size in percent of what it is", exclusiveMinimum=0, maximum=1_000)
            | {"x-unit": ["percent", "smaller", "larger", "bigger"]},
        },
        types={"width": ("integer",), "height": ("integer",), "percent": ("number",)},
        when="Resize, scale, shrink, enlarge, reduce or make a thumbnail of a picture, photo or "
        "image, to so many "
        "pixels wide or high or to a percentage.",
        request="Make this photo 800 pixels wide",
        arguments={"width": 800},
    ),
    _tool(
        "rotate_image",
        rotate_image,
        summary="Turn an image clockwise.",
        fields={
            "degrees": number("degrees, clockwise", minimum=-360, maximum=360, default=90)
            | {"x-unit": ["degree", "degrees", "°"]}
        },
        types={"degrees": ("number",)},
        when="Rotate, turn, tilt, straighten or put upright a picture, photo or scan by an angle.",
        request="Rotate the picture by 90 degrees",
        arguments={"degrees": 90},
    ),
    _tool(
        "crop_image",
        crop_image,
        summary="Cut a rectangle out of an image.",
        fields={
            "left": integer("pixels from the left edge", minimum=0, default=0),
            "top": integer("pixels from the upper edge", minimum=0, default=0),
            "width": integer("width of the part in pixels", minimum=1, **{"x-unit": ["wide", "width"]}),
            "height": integer("height of the part in pixels", minimum=1, **{"x-unit": ["high", "height"]}),
        },
        types=dict.fromkeys(("left", "top", "width", "height"), ("integer",)),
        when="Crop, cut out, clip, trim or extract a part or region of a picture.",
        request="Crop the upper left 200 by 100 pixels",
        arguments={"width": 200, "height": 100},
    ),
    _tool(
        "grayscale_image",
        grayscale_image,
        summary="Turn an image into shades of gray.",
        fields={},
        when=(
            "Grayscale, greyscale, black and white, monochrome, desaturate, remove the colours of a picture."
        ),
        request="Make this photo black and white",
        arguments={},
    ),
    _tool(
        "convert_image",
        convert_image,
        summary="Save an image in another format.",
        fields={
            "format": string(
                "the format to save in",
                enum=list(MEDIA_TYPES),
                default="png",
                **{"x-words": {"jpeg": ["jpg", "jpeg"], "tiff": ["tif", "tiff"], "bmp": ["bitmap", "bmp"]}},
            )
        },
        types={"format": ("string",)},
        when=(
            "Convert, transform, change or export a picture to another file format: PNG, JPG, WebP, "
            "GIF, BMP, TIFF."
        ),
        request="Convert this PNG to JPEG",
        arguments={"format": "jpeg"},
    ),
    Tool(
        name="describe_image_file",
        summary="Tell the size, format, colour mode and main colours of an image.",
        kind=Kind.PYTHON,
        does=("describe_image_file",),
        input_schema=schema({"image": _IMAGE}, ["image"]),
        output_schema=outputs(
            description=string("all of it in a sentence"),
            width=integer("pixels"),
            height=integer("pixels"),
            format=string("png, jpeg …"),
            mode=string("how colours are kept, such as RGB"),
            colours=array({"type": "string"}, "main colours as #rrggbb, the commonest first"),
        ),
        ports=Ports(
            {"image": ("image/*",)},
            {
                "description": "text",
                "width": "integer",
                "height": "integer",
                "format": "string",
                "mode": "string",
                "colours": "json",
            },
        ),
        limits=Limits(timeout=60),
        runs=Runs.PROCESS,
        believed=(Believed(seconds=0.05, quality=0.95, n=8),),
        tags=("images",),
        docs=Docs(
            when_to_use="Image info, properties, metadata, dimensions, resolution, how large or what "
            "format a "
            "picture is, which colours it has. Does not read text in it.",
            examples=({"request": "How many pixels does this picture have?", "arguments": {}},),
            errors=_ERRORS,
        ),
        binding={"function": f"{__name__}:describe_image_file"},
    ),
)
