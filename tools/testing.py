"""Test doubles that ship: files in memory, and a chat model that answers from a script.

`python -m tools.testing --script rules.json --port 8089` serves a script on this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import orjson

from tools.errors import BadInputFile
from tools.spec import File, Json
from tools.testing_models import PATHS, answer_of, body_of
from tools.testing_server import Answer, LoopbackServer, Received, json_answer

_OPERATIONS = {"chat/completions": "chat", **PATHS}


class MemoryFiles:
    """`tools.adapter.Files` without a store: names in memory, contents below `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.kept: dict[str, File] = {}

    def put(self, content: bytes | str, *, media_type: str = "text/plain", name: str = "file") -> str:
        """Keep that content; answers the id of the artifact."""
        artifact = f"art_{len(self.kept) + 1}"
        path = self._path(artifact)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.kept[artifact] = File(path, media_type, name, artifact)
        return artifact

    async def load(self, artifact: str) -> File:
        """Raises `BadInputFile` when there is none of that id."""
        try:
            return self.kept[artifact]
        except KeyError:
            raise BadInputFile(f"there is no artifact {artifact}") from None

    async def save(self, path: Path, *, media_type: str, name: str) -> Mapping[str, Json]:
        """Keep a copy of the file."""
        artifact = f"art_{len(self.kept) + 1}"
        kept = shutil.copyfile(path, self._path(artifact))
        self.kept[artifact] = File(kept, media_type, name, artifact)
        size = len(kept.read_bytes())
        return {"artifact": artifact, "media_type": media_type, "name": name, "size": size}

    def _path(self, artifact: str) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder / artifact


@dataclass(frozen=True, slots=True)
class Rule:
    """What to answer to a prompt; the first rule that matches is used, `times` times at most.

    A prompt is the text of all messages of a request. It must hold `match` and fit `regex`, and the
    request must be for `model`, where these are given. The answer is one of: `reply` (a function of
    the request's body that returns text or JSON), `text`, `json`, `tool_call` ({"name", "arguments"}),
    `malformed` (a broken body), `drop` (a broken connection), or a `status` with `retry_after`. It
    comes after `delay` seconds, and as a stream nobody asked for with `sse`.
    """

    match: str = ""
    regex: str | None = None
    model: str | None = None
    times: int | None = None
    text: str | None = None
    json: Json = None
    reply: Callable[[Mapping[str, Any]], Json] | None = None
    tool_call: Mapping[str, Any] | None = None
    status: int = 200
    retry_after: float | None = None
    delay: float = 0.0
    malformed: bool = False
    sse: bool = False
    drop: bool = False
    finish_reason: str = "stop"

    @property
    def is_fault(self) -> bool:
        """Whether the answer is none."""
        return self.drop or self.malformed or self.status != 200

    def fits(self, body: Mapping[str, Any]) -> bool:
        """Whether this rule is for that request."""
        prompt = prompt_of(body)
        return (
            self.match in prompt
            and (self.regex is None or re.search(self.regex, prompt) is not None)
            and self.model in (None, body.get("model"))
        )


class ScriptedModel(LoopbackServer):
    """An OpenAI-compatible server that answers from a script, on a free port of this machine.

    Use it as `async with ScriptedModel([Rule("hello", text="hi")]) as model:` and call
    `model.base_url`. `prompts` holds the bodies of the requests received, of all operations. With
    `refuses_schemas` a request for structured output is answered 400.
    """

    def __init__(
        self,
        rules: Sequence[Rule | Mapping[str, Any]],
        *,
        models: Sequence[str] = ("scripted",),
        refuses_schemas: bool = False,
        port: int = 0,
    ) -> None:
        super().__init__(self._answer, port=port)
        self._rules = [rule if isinstance(rule, Rule) else rule_from(rule) for rule in rules]
        self._used = [0] * len(self._rules)
        self._models = models
        self._refuses_schemas = refuses_schemas
        self.prompts: list[dict[str, Any]] = []
        #: What it says at /metrics; nothing is there while this is None.
        self.metrics: str | None = None

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    async def _answer(self, received: Received) -> Answer:
        if received.path == "/v1/models":
            return json_answer({"object": "list", "data": [_model(name) for name in self._models]})
        if received.path == "/metrics" and self.metrics is not None:
            return Answer(200, {"content-type": "text/plain"}, self.metrics.encode())
        operation = _OPERATIONS.get(received.path.removeprefix("/v1/"))
        if operation is None or received.method != "POST":
            return _refusal(404, f"there is nothing at {received.path}")
        body = body_of(received)
        self.prompts.append(body)
        if self._refuses_schemas and "response_format" in body:
            return _refusal(400, "response_format is not supported")
        rule = self._rule_for(body)
        if rule is None:
            return _refusal(404, f"no rule of the script is for: {prompt_of(body)[-300:]}")
        if rule.delay:
            await asyncio.sleep(rule.delay)
        if operation != "chat" and not rule.is_fault:
            return answer_of(operation, body, _text(rule, body))
        return _answer_of(rule, body, len(self.prompts))

    def _rule_for(self, body: Mapping[str, Any]) -> Rule | None:
        for index, rule in enumerate(self._rules):
            if (rule.times is None or self._used[index] < rule.times) and rule.fits(body):
                self._used[index] += 1
                return rule
        return None


def prompt_of(body: Mapping[str, Any]) -> str:
    """The text of all messages of a request, or the one text that other requests have."""
    contents = [message.get("content") for message in body.get("messages", ())]
    contents += [body[name] for name in ("input", "prompt") if name in body]
    return "\n".join(text if isinstance(text, str) else orjson.dumps(text).decode() for text in contents)


def rule_from(record: Mapping[str, Any]) -> Rule:
    """A rule from the JSON of a script. Raises `ValueError` for a field that rules do not have."""
    unknown = set(record) - {field.name for field in fields(Rule)}
    if unknown:
        raise ValueError(f"a rule has no {', '.join(sorted(unknown))}")
    return Rule(**record)


def _answer_of(rule: Rule, body: Mapping[str, Any], number: int) -> Answer:
    if rule.drop:
        return Answer(drop=True)
    if rule.status != 200:
        pause = {} if rule.retry_after is None else {"retry_after": f"{rule.retry_after:g}"}
        return json_answer({"error": {"message": rule.text or "as the script says"}}, rule.status, **pause)
    if rule.malformed:
        return Answer(200, {"content-type": "application/json"}, b'{"choices": [{"message": {"cont')
    completion = _completion(rule, body, number)
    if rule.sse or body.get("stream"):
        return _stream(completion)
    return json_answer(completion)


def _completion(rule: Rule, body: Mapping[str, Any], number: int) -> dict[str, Any]:
    text = _text(rule, body)
    message: dict[str, Any] = {"role": "assistant", "content": text}
    reason = rule.finish_reason
    if rule.tool_call is not None:
        arguments = orjson.dumps(rule.tool_call.get("arguments", {})).decode()
        function = {"name": rule.tool_call["name"], "arguments": arguments}
        message["tool_calls"] = [{"id": f"call_{number}", "type": "function", "function": function}]
        message["content"], reason = None, "tool_calls"
    tokens_in, tokens_out = len(prompt_of(body).split()), len(text.split())
    return {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion",
        "created": 0,
        "model": body.get("model", "scripted"),
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {
            "prompt_tokens": tokens_in,
            "completion_tokens": tokens_out,
            "total_tokens": tokens_in + tokens_out,
        },
    }


def _text(rule: Rule, body: Mapping[str, Any]) -> str:
    value = rule.reply(body) if rule.reply is not None else rule.json if rule.text is None else rule.text
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _stream(completion: Mapping[str, Any]) -> Answer:
    """A chunk for each word, then one with the reason and one with the usage, as servers send them."""
    choice = completion["choices"][0]
    text, bare = choice["message"].get("content") or "", {**completion, "object": "chat.completion.chunk"}
    usage = bare.pop("usage")
    deltas = [{"content": word} for word in re.findall(r"\S+\s*|\s+", text)]
    first = {name: value for name, value in choice["message"].items() if name != "content"}
    choices = [{"index": 0, "delta": delta, "finish_reason": None} for delta in (first, *deltas)]
    choices.append({"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]})
    chunks = [{**bare, "choices": [one]} for one in choices]
    chunks.append({**bare, "choices": [], "usage": usage})
    body = b"".join(b"data: " + orjson.dumps(chunk) + b"\n\n" for chunk in chunks)
    return Answer(200, {"content-type": "text/event-stream"}, body + b"data: [DONE]\n\n")


def _refusal(status: int, message: str) -> Answer:
    return json_answer({"error": {"message": message, "type": "invalid_request_error"}}, status)


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "script"}


async def _serve(rules: Sequence[Mapping[str, Any]], port: int) -> None:
    async with ScriptedModel(rules, port=port) as model:
        print(f"the scripted model is at {model.base_url}", flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Serve a script until interrupted."""
    parser = argparse.ArgumentParser(description="Serve a scripted chat model on this machine.")
    parser.add_argument("--script", type=Path, required=True, help="JSON: a list of rules, or {rules: […]}")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    options = parser.parse_args()
    document = orjson.loads(options.script.read_bytes())
    rules = document if isinstance(document, list) else document["rules"]
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(rules, options.port))


if __name__ == "__main__":
    main()
