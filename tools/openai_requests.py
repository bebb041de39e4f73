"""The only code that touches the openai library: sends one request, sorts what goes wrong.

Importing this takes a second, so `tools.llm` does it when the first request is made.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import openai
import orjson

from tools.errors import BadArguments, BadOutput, TimedOut, ToolError
from tools.net import Net, connection_error
from tools.redaction import redact
from tools.statuses import status_error

_EXCERPT = 300
#: Bytes of a file that are written at once.
_PART = 65_536
#: The library reads these from the environment, whomever it talks to.
_NOT_FOR_PEERS = ("openai-organization", "openai-project")


class OpenAiRequests:
    """A connection to one OpenAI-compatible server."""

    def __init__(self, *, net: Net, base_url: str, api_key: str | None, timeout: float) -> None:
        self._host = httpx2.URL(base_url).host
        self._secrets = (api_key,) if api_key else ()
        self._http = net.client(event_hooks={"request": [_strip]})
        self._client = client = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=api_key or "none",
            # One owner of retries: whoever calls us.
            max_retries=0,
            timeout=timeout,
            http_client=self._http,
        )
        self._calls: Mapping[str, Callable[..., Awaitable[Any]]] = {
            "responses": client.responses.with_raw_response.create,
            "embeddings": client.embeddings.with_raw_response.create,
            "images": client.images.with_raw_response.generate,
            "image_edits": client.images.with_raw_response.edit,
            "transcription": client.audio.transcriptions.with_raw_response.create,
        }

    async def send(
        self, body: Mapping[str, Any], *, headers: Mapping[str, str], operation: str = "chat"
    ) -> dict[str, Any]:
        """The server's reply as JSON, whatever it holds. Raises `ToolError`."""
        with self._sorted():
            if operation == "chat":
                return self._decoded(await self._chat(body, headers))
            raw = await self._calls[operation](**body, extra_headers=dict(headers))
        return self._decoded(raw.http_response)

    async def _chat(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> httpx2.Response:
        """Not by the typed method, which walks through body and reply for a third of a call's time."""
        return await self._client.post(
            "/chat/completions", body=body, cast_to=httpx2.Response, options={"headers": dict(headers)}
        )

    async def stream(
        self, body: Mapping[str, Any], *, headers: Mapping[str, str]
    ) -> AsyncIterator[dict[str, Any]]:
        """The chunks of a chat completion as they come. Raises `ToolError`."""
        with self._sorted():
            more = {"stream": True, "stream_options": {"include_usage": True}}
            chunks = await self._client.chat.completions.create(
                **{**body, **more}, extra_headers=dict(headers)
            )
            async with chunks:
                async for chunk in chunks:
                    yield chunk.to_dict()

    async def save(self, body: Mapping[str, Any], target: Path, *, headers: Mapping[str, str]) -> str:
        """Spoken text into a file, part by part; answers its media type. Raises `ToolError`."""
        speech = self._client.audio.speech.with_streaming_response
        with self._sorted(), target.open("wb") as file:
            async with speech.create(**body, extra_headers=dict(headers)) as reply:
                async for part in reply.iter_bytes(_PART):
                    await asyncio.to_thread(file.write, part)
                return reply.headers.get("content-type", "").partition(";")[0].strip().lower()

    @contextmanager
    def _sorted(self) -> Iterator[None]:
        """What goes wrong, by what the caller should do next."""
        try:
            yield
        except openai.APITimeoutError:
            raise TimedOut(f"{self._host} did not answer in time") from None
        except openai.APIStatusError as error:
            raise self._of_status(error) from None
        except openai.APIConnectionError as error:
            raise connection_error(error.__cause__ or error, self._host) from None
        except openai.OpenAIError as error:
            raise BadOutput(f"{self._host}: {error}") from None
        except httpx2.TimeoutException:
            raise TimedOut(f"{self._host} did not go on in time") from None
        except httpx2.TransportError as error:
            raise connection_error(error, self._host) from None
        except TypeError as error:
            raise BadArguments(f"the request to {self._host} cannot be made: {error}") from None

    async def aclose(self) -> None:
        await self._http.aclose()

    def _decoded(self, response: httpx2.Response) -> dict[str, Any]:
        if response.headers.get("content-type", "").startswith("text/event-stream"):
            raise BadOutput(f"{self._host} answered with a stream that was not asked for")
        try:
            # Stricter than the client's own: no NaN, no endless nesting, no halves of characters.
            decoded = orjson.loads(response.content)
        except ValueError:
            raise BadOutput(f"the reply of {self._host} is not JSON") from None
        if not isinstance(decoded, dict):
            raise BadOutput(f"the reply of {self._host} is not a JSON object")
        return decoded

    def _of_status(self, error: openai.APIStatusError) -> ToolError:
        body = error.body
        words = body.get("message") if isinstance(body, dict) else None
        text = redact(str(words or error.response.text), self._secrets)[:_EXCERPT]
        return status_error(error.status_code, error.response.headers, host=self._host, excerpt=text)


async def _strip(request: httpx2.Request) -> None:
    for name in _NOT_FOR_PEERS:
        request.headers.pop(name, None)
