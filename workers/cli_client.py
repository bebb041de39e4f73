"""A small client of the service's own REST interface."""

from __future__ import annotations

import json
import mimetypes
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2

from workers.cli_errors import CliError

_TIMEOUT = 60.0
#: Seconds to keep trying to come back to a stream that broke.
_RECONNECT = 20.0


class Client:
    """Speaks to one service. Raises `CliError` with what the service said, or that none answers."""

    def __init__(self, url: str, key: str | None) -> None:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        self.url = url.rstrip("/")
        # What the environment says of proxies is for the outside, not for one's own service.
        self._http = httpx2.Client(base_url=self.url, headers=headers, timeout=_TIMEOUT, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, path: str, **parameters: Any) -> Any:
        """The JSON at `path`; parameters that are None or empty are left out."""
        query = {name: value for name, value in parameters.items() if value not in (None, [], "")}
        return self._send("GET", path, params=query)

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        """The JSON answer to a JSON body."""
        return self._send("POST", path, json=body, **more)

    def put(self, path: str, body: Any) -> Any:
        """The JSON answer to a JSON body."""
        return self._send("PUT", path, json=body)

    def delete(self, path: str) -> None:
        """Take away what is at `path`."""
        self._send("DELETE", path)

    def upload(self, path: Path) -> dict[str, Any]:
        """A file as an artifact, as a value of a run's inputs."""
        media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        try:
            with path.open("rb") as file:
                sent = {"file": (path.name, file, media_type)}
                kept = self._send("POST", "/v1/artifacts", files=sent)
        except OSError as error:
            raise CliError(f"The file {path} cannot be read: {error.strerror}.") from error
        return {"artifact": kept["id"], "media_type": kept["media_type"], "name": kept["name"]}

    def download(self, artifact: str, target: Path) -> None:
        """The bytes of an artifact into a file."""
        with self._saying(), self._http.stream("GET", f"/v1/artifacts/{artifact}") as reply:
            if reply.is_error:
                reply.read()
                raise _refused(reply)
            with target.open("wb") as file:
                for chunk in reply.iter_bytes():
                    file.write(chunk)

    def events(self, run_id: str, *, after: int = 0) -> Iterator[dict[str, Any]]:
        """The events of a run until its end; a broken stream is taken up where it broke."""
        last, broken_since = after, None
        while True:
            try:
                for event in self._stream(run_id, last):
                    last, broken_since = event["number"], None
                    yield event
            except (httpx2.TransportError, CliError) as error:
                broken_since = broken_since or time.monotonic()
                if isinstance(error, CliError) or time.monotonic() - broken_since > _RECONNECT:
                    raise self._silent(error) from error
                time.sleep(0.3)
            else:
                return

    def _stream(self, run_id: str, after: int) -> Iterator[dict[str, Any]]:
        headers = {"Last-Event-ID": str(after)}
        path = f"/v1/runs/{run_id}/events"
        with self._http.stream("GET", path, headers=headers, timeout=_TIMEOUT) as reply:
            if reply.is_error:
                reply.read()
                raise _refused(reply)
            for line in reply.iter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))

    def _send(self, method: str, path: str, **more: Any) -> Any:
        with self._saying():
            reply = self._http.request(method, path, **more)
        if reply.is_error:
            raise _refused(reply)
        return reply.json() if reply.content else None

    @contextmanager
    def _saying(self) -> Iterator[None]:
        try:
            yield
        except httpx2.TransportError as error:
            raise self._silent(error) from error

    def _silent(self, error: Exception) -> CliError:
        if isinstance(error, CliError):
            return error
        if isinstance(error, httpx2.ConnectError):
            where = f"No service answers at {self.url}."
            return CliError(f"{where} Start one with 'toolpath serve', or name another with --url.")
        return CliError(f"The service at {self.url} did not answer: {str(error) or type(error).__name__}.")


def _refused(reply: httpx2.Response) -> CliError:
    """What the problem document says, one line for each bad field."""
    try:
        problem = reply.json()
        lines = [str(problem["detail"])]
    except (ValueError, KeyError, TypeError):
        return CliError(f"The service answered {reply.status_code} {reply.reason_phrase}.")
    said = lines[0]
    lines += [
        f"  {error['path'] or '/'}: {error['detail']}"
        for error in problem.get("errors", ())
        if error["detail"] not in said
    ]
    lines += [f"  nearest tool: {name}" for name in problem.get("nearest", ())]
    return CliError("\n".join(lines))
