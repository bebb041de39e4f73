"""The only code that touches the openai library: sends one chat request, sorts what goes wrong.

Importing this takes a second, so `tools.llm` does it when the first request is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx2
import openai
import orjson

from tools.errors import BadOutput, TimedOut, ToolError
from tools.net import Net, connection_error
from tools.redaction import redact
from tools.statuses import status_error

_EXCERPT = 300
#: The library reads these from the environment, whomever it talks to.
_NOT_FOR_PEERS = ("openai-organization", "openai-project")


class ChatRequests:
    """A connection to one OpenAI-compatible server."""

    def __init__(self, *, net: Net, base_url: str, api_key: str | None, timeout: float) -> None:
        self._host = httpx2.URL(base_url).host
        self._secrets = (api_key,) if api_key else ()
        self._http = net.client(event_hooks={"request": [_strip]})
        self._client = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=api_key or "none",
            # One owner of retries: whoever calls us.
            max_retries=0,
            timeout=timeout,
            http_client=self._http,
        )

    async def send(self, body: Mapping[str, Any], *, headers: Mapping[str, str]) -> dict[str, Any]:
        """The server's reply as JSON, whatever it holds. Raises `ToolError`."""
        try:
            raw = await self._client.chat.completions.with_raw_response.create(
                **body, extra_headers=dict(headers)
            )
        except openai.APITimeoutError:
            raise TimedOut(f"{self._host} did not answer in time") from None
        except openai.APIStatusError as error:
            raise self._of_status(error) from None
        except openai.APIConnectionError as error:
            raise connection_error(error.__cause__ or error, self._host) from None
        except openai.OpenAIError as error:
            raise BadOutput(f"{self._host}: {error}") from None
        except httpx2.TransportError as error:
            raise connection_error(error, self._host) from None
        return self._decoded(raw.http_response)

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
            raise BadOutput(f"the reply of {self._host} is not a chat completion")
        return decoded

    def _of_status(self, error: openai.APIStatusError) -> ToolError:
        body = error.body
        words = body.get("message") if isinstance(body, dict) else None
        text = redact(str(words or error.response.text), self._secrets)[:_EXCERPT]
        return status_error(error.status_code, error.response.headers, host=self._host, excerpt=text)


async def _strip(request: httpx2.Request) -> None:
    for name in _NOT_FOR_PEERS:
        request.headers.pop(name, None)
