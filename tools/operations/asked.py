"""What is asked of a model, where, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tools.adapter import CallContext
from tools.errors import BadArguments
from tools.net import Net
from tools.spec import File, Tool, is_file_schema

if TYPE_CHECKING:
    from tools.openai_requests import OpenAiRequests

#: Arguments that hold the text of a request, in the order in which they are looked for.
_TEXTS = ("input", "text", "texts", "prompt")


@dataclass(frozen=True, slots=True)
class Asked:
    """A call: its arguments with files at hand, and the prompt where the binding has a template."""

    tool: Tool
    arguments: Mapping[str, Any]
    context: CallContext
    prompt: str | None = None

    def text(self) -> Any:
        """The text to work on: one or several. Raises `BadArguments`."""
        if self.prompt is not None:
            return self.prompt
        for name in _TEXTS:
            value = self.arguments.get(name)
            if isinstance(value, str) or (isinstance(value, list) and all(isinstance(x, str) for x in value)):
                return value
        words = f"one of {', '.join(_TEXTS)} must hold text, or the binding a prompt"
        raise BadArguments(f"the tool {self.tool.name} has nothing to work on: {words}")

    def settings(self, known: Sequence[str]) -> dict[str, Any]:
        """What is said beside the text: the binding's `parameters`, and arguments of those names."""
        fixed = dict(self.tool.binding.get("parameters") or {})
        return fixed | {name: self.arguments[name] for name in known if name in self.arguments}

    def file(self) -> tuple[str, File] | None:
        """The first argument that is a file."""
        return next(((k, v) for k, v in self.arguments.items() if isinstance(v, File)), None)

    def output_names(self) -> Sequence[str]:
        """The fields of the output schema."""
        return list(self.tool.output_schema.get("properties", {}))

    def file_field(self, otherwise: str) -> str:
        """The field of the output schema that holds a file."""
        fields = self.tool.output_schema.get("properties", {})
        return next((name for name, schema in fields.items() if is_file_schema(schema)), otherwise)


@dataclass(frozen=True, slots=True)
class Site:
    """Where it is asked: a model of a server."""

    base_url: str
    model: str
    requests: OpenAiRequests
    net: Net
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; files lie in the call's folder."""

    output: Mapping[str, Any]
    tokens_in: int = 0
    tokens_out: int = 0


def tokens_of(reply: Mapping[str, Any]) -> tuple[int, int]:
    """Tokens in and out, in both of the ways in which servers name them; 0 for what is not told."""
    usage = reply.get("usage")
    if not isinstance(usage, Mapping):
        return 0, 0
    return (
        _count(usage, "prompt_tokens", "input_tokens"),
        _count(usage, "completion_tokens", "output_tokens"),
    )


def _count(usage: Mapping[str, Any], *names: str) -> int:
    found = (usage[name] for name in names if isinstance(usage.get(name), int))
    return max(next(found, 0), 0)
