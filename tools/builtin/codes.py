"""Tools that make and read QR codes."""

from __future__ import annotations

from typing import Any

from tools.builtin.fields import array, integer, need_text, outputs, schema, string
from tools.builtin.image_files import on_white, open_image
from tools.errors import BadArguments, BadOutput
from tools.spec import Believed, Docs, File, Kind, Limits, Ports, Runs, Tool, file_schema
from tools.work import Work

#: Bytes that the largest code holds with the correction of errors used here.
_MOST = 2_331


def make_qr_code(text: str, *, work: Work, scale: int = 10) -> dict[str, Any]:
    """A QR code of a text or address, `scale` pixels for each square."""
    import qrcode
    from qrcode.constants import ERROR_CORRECT_M

    content = need_text(text, "encode")
    if len(content.encode()) > _MOST:
        raise BadArguments(f"a QR code holds {_MOST:,} bytes at most: shorten the text", paths=("/text",))
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, box_size=scale, border=4)
    code.add_data(content)
    code.make(fit=True)
    file = work.file("qr-code.png", "image/png")
    code.make_image().save(str(file.path))
    return {"image": file}


def read_qr_code(image: File) -> dict[str, Any]:
    """What the QR codes and bar codes in an image say."""
    import zxingcpp

    found = zxingcpp.read_barcodes(on_white(open_image(image)))
    if not found:
        raise BadOutput("no QR code or bar code was found in the image")
    codes = [{"text": one.text, "format": str(one.format).rpartition(".")[2]} for one in found]
    return {"text": codes[0]["text"], "codes": codes}


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="make_qr_code",
        summary="Make a QR code image of a text or web address.",
        kind=Kind.PYTHON,
        does=("make_qr_code",),
        input_schema=schema(
            {
                "text": string("the text or address to encode", minLength=1),
                "scale": integer("pixels of one square", minimum=1, maximum=40, default=10),
            },
            ["text"],
        ),
        output_schema=outputs(image=file_schema("image/png", description="the QR code")),
        ports=Ports({"text": ("url", "text", "string"), "scale": ("integer",)}, {"image": "image/png"}),
        limits=Limits(timeout=30),
        runs=Runs.PROCESS,
        believed=(Believed(seconds=0.05, quality=0.97, n=10),),
        tags=("images", "codes"),
        docs=Docs(
            when_to_use="Make, create, generate or encode a QR code, quick response code, scannable code or "
            "two-dimensional barcode of a link, URL or text.",
            examples=(
                {
                    "request": "Make a QR code of https://example.com",
                    "arguments": {"text": "https://example.com"},
                },
            ),
            errors=("BadArguments: the text is empty or too long for a code",),
        ),
        binding={"function": f"{__name__}:make_qr_code"},
    ),
    Tool(
        name="read_qr_code",
        summary="Read the QR codes and bar codes in an image.",
        kind=Kind.PYTHON,
        does=("read_qr_code",),
        input_schema=schema({"image": file_schema("image/*", description="a picture of a code")}, ["image"]),
        output_schema=outputs(
            text=string("what the first code says"),
            codes=array({"type": "object"}, "text and format of every code found"),
        ),
        ports=Ports({"image": ("image/*",)}, {"text": "text", "codes": "json"}),
        limits=Limits(timeout=60),
        runs=Runs.PROCESS,
        believed=(Believed(seconds=0.05, quality=0.92, n=8),),
        tags=("images", "codes"),
        docs=Docs(
            when_to_use=(
                "Scan, read or decode a QR code, barcode, bar code or data matrix in a picture or photo."
            ),
            examples=({"request": "What does the QR code in this photo say?", "arguments": {}},),
            errors=(
                "BadInputFile: the file is no image, is broken, or has too many pixels",
                "BadOutput: no code was found",
            ),
        ),
        binding={"function": f"{__name__}:read_qr_code"},
    ),
)
