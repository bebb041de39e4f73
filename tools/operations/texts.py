"""Vectors of texts, and the Responses interface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.errors import BadOutput
from tools.json_replies import parse_reply
from tools.operations.asked import Answer, Asked, Site, tokens_of
from tools.schemas import Schema

#: Texts that go into one request.
_AT_ONCE = 128
_EMBEDDING_SETTINGS = ("dimensions",)
_RESPONSE_SETTINGS = ("temperature", "max_output_tokens", "reasoning")


async def embeddings(asked: Asked, site: Site) -> Answer:
    """`{"embedding": […]}` where the output schema has that field, else `{"embeddings": [[…], …]}`."""
    text = asked.text()
    texts = [text] if isinstance(text, str) else list(text)
    settings = asked.settings(_EMBEDDING_SETTINGS)
    vectors: list[list[float]] = []
    tokens = 0
    for start in range(0, len(texts), _AT_ONCE):
        part = texts[start : start + _AT_ONCE]
        # Floats in plain JSON: not every server knows the library's default, base64.
        body = {"model": site.model, "input": part, "encoding_format": "float", **settings}
        reply = await site.requests.send(body, headers=site.headers, operation="embeddings")
        vectors += _vectors(reply, len(part))
        tokens += tokens_of(reply)[0]
        asked.context.progress(len(vectors) / len(texts), f"{len(vectors)} of {len(texts)} texts")
    if "embedding" in asked.output_names():
        if len(vectors) != 1:
            raise BadOutput(f"the tool {asked.tool.name} answers one embedding, and got {len(vectors)} texts")
        return Answer({"embedding": vectors[0]}, tokens)
    return Answer({"embeddings": vectors}, tokens)


def _vectors(reply: Mapping[str, Any], wanted: int) -> list[list[float]]:
    """In the order of the texts, whatever the order of the reply."""
    items = reply.get("data")
    if not isinstance(items, list) or len(items) != wanted or not all(isinstance(x, dict) for x in items):
        raise BadOutput(f"the server answered no list of {wanted} embeddings")
    ordered = sorted(items, key=lambda item: item["index"]) if all(_numbered(x) for x in items) else items
    vectors = [item.get("embedding") for item in ordered]
    if not all(isinstance(vector, list) and vector for vector in vectors):
        raise BadOutput("an embedding of the server is no list of numbers")
    return vectors


def _numbered(item: Mapping[str, Any]) -> bool:
    return isinstance(item.get("index"), int)


async def responses(asked: Asked, site: Site) -> Answer:
    """The text of the response, or JSON that fits where the output schema has other fields than text."""
    schema = asked.tool.output_schema
    only_text = set(asked.output_names()) <= {"text"}
    body: dict[str, Any] = {
        "model": site.model,
        "input": asked.text(),
        "store": False,
        **asked.settings(_RESPONSE_SETTINGS),
    }
    if isinstance(asked.tool.binding.get("system"), str):
        body["instructions"] = asked.tool.binding["system"]
    if not only_text:
        body["text"] = {"format": {"type": "json_schema", "name": "reply", "schema": schema, "strict": False}}
    reply = await site.requests.send(body, headers=site.headers, operation="responses")
    text = _text_of(reply)
    tokens_in, tokens_out = tokens_of(reply)
    output = {"text": text} if only_text else parse_reply(text, Schema(schema))
    return Answer(output, tokens_in, tokens_out)


def _text_of(reply: Mapping[str, Any]) -> str:
    if reply.get("status") not in (None, "completed"):
        raise BadOutput(f"the response is {reply.get('status')}")
    parts = [
        part.get("text")
        for item in reply.get("output") or ()
        if isinstance(item, Mapping) and item.get("type") == "message"
        for part in item.get("content") or ()
        if isinstance(part, Mapping) and part.get("type") == "output_text"
    ]
    if not parts or not all(isinstance(part, str) for part in parts):
        raise BadOutput("the server's reply is no response with text")
    return "".join(str(part) for part in parts)
