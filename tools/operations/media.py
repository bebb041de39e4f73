"""Images from words or from images, speech from text, and the words of a recording."""

from __future__ import annotations

import asyncio
import base64
import binascii
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.errors import BadArguments, BadOutput
from tools.operations.asked import Answer, Asked, Site, tokens_of
from tools.spec import File
from tools.statuses import status_error

_IMAGE_SETTINGS = ("n", "size", "quality", "background", "style", "response_format", "output_format")
_SPEECH_SETTINGS = ("voice", "response_format", "speed", "instructions")
_TRANSCRIPTION_SETTINGS = ("language", "prompt", "response_format", "temperature")
#: How the formats of images begin.
_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"RIFF": "image/webp",
    b"GIF8": "image/gif",
}
_AUDIO = {
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
}


async def images(asked: Asked, site: Site) -> Answer:
    """`{"images": […]}` where the output schema has that field, else the first in its field for a file.

    With a file among the arguments that image is edited.
    """
    body: dict[str, Any] = {
        "model": site.model,
        "prompt": asked.text(),
        "response_format": "b64_json",
        **asked.settings(_IMAGE_SETTINGS),
    }
    given = asked.file()
    operation = "images" if given is None else "image_edits"
    if given is not None:
        body["image"] = await _upload(given[1])
    try:
        reply = await site.requests.send(body, headers=site.headers, operation=operation)
    except BadArguments:
        # Some models know one form of answer and refuse to be told it.
        del body["response_format"]
        reply = await site.requests.send(body, headers=site.headers, operation=operation)
    items = reply.get("data")
    if not isinstance(items, list) or not items:
        raise BadOutput("the server answered no image")
    files = [await _image(item, number, asked, site) for number, item in enumerate(items)]
    tokens_in, tokens_out = tokens_of(reply)
    output: dict[str, Any]
    output = {"images": files} if "images" in asked.output_names() else {asked.file_field("image"): files[0]}
    return Answer(output, tokens_in, tokens_out)


async def _image(item: Any, number: int, asked: Asked, site: Site) -> File:
    coded = item.get("b64_json") if isinstance(item, Mapping) else None
    address = item.get("url") if isinstance(item, Mapping) else None
    if isinstance(coded, str):
        try:
            content = base64.b64decode(coded, validate=True)
        except binascii.Error:
            raise BadOutput("an image of the server is no base64") from None
    elif isinstance(address, str):
        reply = await site.net.request("GET", address)
        if reply.status != 200:
            raise status_error(reply.status, reply.headers, host="the place of the image")
        content = reply.body
    else:
        raise BadOutput("an image of the server has neither content nor an address")
    media_type = next((kind for start, kind in _SIGNATURES.items() if content.startswith(start)), None)
    if media_type is None:
        raise BadOutput("what the server answered is no PNG, JPEG, WebP or GIF image")
    name = f"image-{number + 1}{mimetypes.guess_extension(media_type) or ''}"
    return await _written(asked.context.scratch / name, content, media_type)


async def speech(asked: Asked, site: Site) -> Answer:
    """The spoken text in the output schema's field for a file. It goes to the disk as it comes."""
    text = asked.text()
    settings = {"voice": "alloy", **asked.settings(_SPEECH_SETTINGS)}
    wanted = str(settings.get("response_format", "mp3"))
    target = asked.context.scratch / f"speech.{wanted if wanted.isalnum() else 'bin'}"
    body = {"model": site.model, "input": text, **settings}
    told = await site.requests.save(body, target, headers=site.headers)
    if not (await asyncio.to_thread(target.stat)).st_size:
        raise BadOutput("the server answered no sound")
    media_type = told if told.startswith("audio/") else _AUDIO.get(wanted)
    if media_type is None or told in ("application/json", "text/html"):
        raise BadOutput(f"the server answered {told or 'something'} in place of sound")
    return Answer({asked.file_field("audio"): File(target, media_type, target.name)})


async def transcription(asked: Asked, site: Site) -> Answer:
    """`{"text": …}`, with what else of the reply the output schema names (language, duration, segments)."""
    given = asked.file()
    if given is None:
        raise BadArguments(f"the tool {asked.tool.name} needs a recording among its arguments")
    body = {"model": site.model, "file": await _upload(given[1]), **asked.settings(_TRANSCRIPTION_SETTINGS)}
    reply = await site.requests.send(body, headers=site.headers, operation="transcription")
    if not isinstance(reply.get("text"), str):
        raise BadOutput("the server's reply has no text")
    tokens_in, tokens_out = tokens_of(reply)
    output = {name: reply[name] for name in ("text", *asked.output_names()) if name in reply}
    return Answer(output, tokens_in, tokens_out)


async def _upload(file: File) -> tuple[str, bytes, str]:
    return file.name, await asyncio.to_thread(file.path.read_bytes), file.media_type


async def _written(path: Path, content: bytes, media_type: str) -> File:
    await asyncio.to_thread(path.write_bytes, content)
    return File(path, media_type, path.name)
