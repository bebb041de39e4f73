"""What a scripted server answers besides chats: vectors, images, speech, recordings, tensors."""

from __future__ import annotations

import base64
import hashlib
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import orjson

from tools.testing_server import Answer, LoopbackServer, Received, json_answer

#: Numbers in a vector, and bytes of a second of speech.
_DIMENSIONS = 8
_SECOND = 8_000
#: By path below /v1, what is done there.
PATHS = {
    "embeddings": "embeddings",
    "images/generations": "images",
    "images/edits": "image_edits",
    "audio/speech": "speech",
    "audio/transcriptions": "transcription",
    "responses": "responses",
}


def body_of(received: Received) -> dict[str, Any]:
    """The body of a request; of a form its fields, files by their size."""
    if not received.headers.get("content-type", "").startswith("multipart/form-data"):
        body = received.json()
        return body if isinstance(body, dict) else {}
    boundary = received.headers["content-type"].partition("boundary=")[2].strip('"').encode()
    fields: dict[str, Any] = {}
    for part in received.body.split(b"--" + boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        names = dict(item.partition("=")[::2] for item in head.decode().replace("\r\n", ";").split("; "))
        name, content = names["name"].strip('"'), content.removesuffix(b"\r\n")
        fields[name] = {"size": len(content)} if "filename" in names else content.decode()
    return fields


def answer_of(operation: str, body: Mapping[str, Any], text: str) -> Answer:
    """A good answer; `text` is what the script says."""
    if operation == "embeddings":
        given = body["input"]
        return json_answer(_embeddings([given] if isinstance(given, str) else given))
    if operation in ("images", "image_edits"):
        count = int(body.get("n", 1))
        images = [{"b64_json": base64.b64encode(png(number)).decode()} for number in range(count)]
        return json_answer({"created": 0, "data": images, "usage": {"input_tokens": 4, "output_tokens": 10}})
    if operation == "speech":
        return Answer(200, {"content-type": "audio/wav"}, wav(len(str(body["input"]).split())))
    if operation == "transcription":
        heard = text or f"{body['file']['size']} bytes"
        return json_answer({"text": heard, "language": "en", "duration": 1.5})
    content = [{"type": "output_text", "text": text, "annotations": []}]
    message = {"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": content}
    usage = {"input_tokens": len(str(body["input"]).split()), "output_tokens": len(text.split())}
    return json_answer({"id": "r", "object": "response", "status": "completed", "output": [message],
                        "usage": usage})  # fmt: skip


def _embeddings(texts: list[str]) -> dict[str, Any]:
    """Last first, which the protocol allows."""
    data = [
        {"object": "embedding", "index": index, "embedding": vector(text)} for index, text in enumerate(texts)
    ]
    tokens = sum(len(text.split()) for text in texts)
    return {"object": "list", "data": data[::-1], "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}


def vector(text: str) -> list[float]:
    """Numbers that depend on the text alone."""
    return [byte / 255 for byte in hashlib.sha256(text.encode()).digest()[:_DIMENSIONS]]


def png(shade: int) -> bytes:
    """A grey image of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    body = zlib.compress(bytes([0, shade % 256]))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def wav(seconds: int) -> bytes:
    """Silence."""
    data = bytes([128]) * _SECOND * seconds
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, _SECOND, _SECOND, 1, 8)
    rest = b"WAVE" + form + struct.pack("<4sI", b"data", len(data)) + data
    return struct.pack("<4sI", b"RIFF", len(rest)) + rest


class ScriptedTensors(LoopbackServer):
    """A server of KServe V2 with one model, which doubles numbers and repeats texts.

    `told` is what it says of its model's inputs; requests with "fail" as the model's name are answered
    500. Use it as `async with ScriptedTensors() as server:` and call `server.url`.
    """

    def __init__(self, *, model: str = "double", told: list[dict[str, Any]] | None = None) -> None:
        super().__init__(self._answer)
        self._model = model
        self._told = told or []
        self.bodies: list[dict[str, Any]] = []

    async def _answer(self, received: Received) -> Answer:
        parts = received.path.strip("/").split("/")
        match parts:
            case ["v2", "health", _]:
                return json_answer({})
            case ["v2", "repository", "index"]:
                return json_answer([{"name": self._model, "state": "READY"}])
            case ["v2", "models", name, *rest] if name == self._model:
                return self._of_model(rest[-1] if rest else "", received)
            case ["v2", "models", "fail", "infer"]:
                return json_answer({"error": "out of order"}, 500)
        return json_answer({"error": f"there is nothing at {received.path}"}, 404)

    def _of_model(self, last: str, received: Received) -> Answer:
        if last == "ready":
            return json_answer({})
        if last != "infer":
            return json_answer({"name": self._model, "inputs": self._told, "outputs": []})
        body = orjson.loads(received.body)
        self.bodies.append(body)
        outputs = [{**tensor, "data": [_doubled(one) for one in tensor["data"]]} for tensor in body["inputs"]]
        return json_answer({"model_name": self._model, "outputs": outputs})


def _doubled(value: Any) -> Any:
    return value if isinstance(value, (str, bool)) else value * 2
