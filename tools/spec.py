"""What a tool is: its record, its ports, and the values that go in and out of a call."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

Json = Any
JsonSchema = Mapping[str, Any]


class Kind(StrEnum):
    """By which means a tool is called."""

    HTTP = "http"
    MCP = "mcp"
    PYTHON = "python"
    COMMAND = "command"
    MODEL = "model"


class Effect(StrEnum):
    """What a repeated call does to the world."""

    #: Changes nothing.
    READ = "read"
    #: A second call with the same idempotency key leaves things as the first did.
    IDEMPOTENT = "idempotent"
    #: Must never be repeated without a person's word.
    ONCE = "once"


class Runs(StrEnum):
    """Where a Python tool runs: on the event loop (async, quick) or in a process that can be killed."""

    LOOP = "loop"
    PROCESS = "process"


class CacheScope(StrEnum):
    """Who may use a result again: the run that has it, all runs of its key, or all."""

    RUN = "run"
    KEY = "key"
    ALL = "all"


class Trust(StrEnum):
    """Whether the words a tool returns may be believed."""

    TRUSTED = "trusted"
    UNTRUSTED = "untrusted"


@dataclass(frozen=True, slots=True)
class File:
    """A file at hand on this machine; `artifact` is its id in the store, once it has one."""

    path: Path
    media_type: str
    name: str
    artifact: str | None = None

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> Any:
        """Only what is a file already passes as one, so that no request can name a path.

        Whoever writes values gives a list as the context, in which the files are kept aside.
        """
        aside = {"type": "function-plain", "function": _aside, "info_arg": True}
        return {"type": "is-instance", "cls": cls, "serialization": aside}

    @classmethod
    def __get_pydantic_json_schema__(cls, _core: Any, _handler: Any) -> dict[str, Any]:
        return {key: part for key, part in file_schema().items() if key != "description"}


#: The key of what stands for a file while a library writes the values around it; known to this process
#: alone, so that no argument can pose as a file.
ASIDE = f"$file-{secrets.token_hex(8)}"


def _aside(file: File, info: Any) -> dict[str, int]:
    info.context.append(file)
    return {ASIDE: len(info.context) - 1}


class MediaTypes:
    """Which files a parameter or a result takes: `Annotated[File, MediaTypes("image/png", "image/jpeg")]`."""

    def __init__(self, *types: str) -> None:
        self.types = types

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> Any:
        return self._put_into(handler(core))

    def _put_into(self, schema: Any) -> Any:
        """The types in every file of a schema: of an optional one, of a list of them."""
        if isinstance(schema, Mapping):
            own = {MEDIA_TYPES: list(self.types)} if MEDIA_TYPES in schema else {}
            return {key: self._put_into(part) for key, part in schema.items()} | own
        return [self._put_into(part) for part in schema] if isinstance(schema, list) else schema


@dataclass(frozen=True, slots=True)
class Ports:
    """Semantic types of what goes in and comes out, by field name.

    A type is a plain word (`text`, `url`, `table`, `tables`, `number`, `language`, `column`, `json` …)
    or a media type (`image/png`, `text/csv`, `image/*`) for a field that holds a file. An input
    lists all the types it takes, best first; an output has exactly one. The order of `inputs` is
    the order in which a planner should link them: the main input comes first, and so does the
    main output.
    """

    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Price:
    """Money in USD: `per_call`, `per_second` of run time, and per thousand tokens in and out."""

    per_call: Decimal = Decimal(0)
    per_second: Decimal = Decimal(0)
    per_1k_tokens_in: Decimal = Decimal(0)
    per_1k_tokens_out: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Limits:
    """`timeout` in seconds for a whole call; `concurrency` calls at once; `rate` calls a second.

    `by` names an argument: calls with different values of it are then counted apart. With ".host"
    behind the name, the host of the URL in it counts.
    """

    timeout: float = 60.0
    concurrency: int | None = None
    rate: float | None = None
    by: str | None = None
    #: Seconds from a step's first readiness to its end, waits and all tries together.
    deadline: float | None = None


@dataclass(frozen=True, slots=True)
class Cache:
    """Lets a result of equal arguments stand for a call, for `max_age` seconds. For `Effect.READ` only."""

    scope: CacheScope
    max_age: float


@dataclass(frozen=True, slots=True)
class Believed:
    """What is believed before any call of ours: mean money, mean seconds, quality in (0, 1].

    `n` is how many observations that belief is worth. `subtask_type` "*" stands for all types.
    """

    usd: float = 0.0
    seconds: float = 1.0
    quality: float = 0.8
    n: float = 2.0
    subtask_type: str = "*"


@dataclass(frozen=True, slots=True)
class Docs:
    """The tool's document: what a planner, a person or a model reads before choosing it."""

    when_to_use: str = ""
    examples: tuple[Mapping[str, Any], ...] = ()
    errors: tuple[str, ...] = ()
    #: Names of tools to run before or after this one.
    run_before: tuple[str, ...] = ()
    run_after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """One callable thing. Two records with the same `hash` are the same tool.

    `input_schema` and `output_schema` are JSON Schemas (2020-12) of objects. A field that holds a
    file has the schema `file_schema(...)`; its value in a plan or a record is
    `{"artifact": "art_…", "media_type": …, "name": …, "size": …}`, of which only `artifact` is required.
    `binding` says how to reach it, by kind: `{"function": "module:name"}`,
    `{"method", "url", "parameters", "headers"}`, `{"base_url" or "endpoint", "model", "prompt"}`.
    `does` names the sub-task types it serves (verbs with an object, such as `summarise_text`);
    tools that share one are alternatives.
    """

    name: str
    summary: str
    kind: Kind
    input_schema: JsonSchema
    output_schema: JsonSchema
    version: int = 1
    description: str = ""
    does: tuple[str, ...] = ()
    ports: Ports = field(default_factory=Ports)
    effect: Effect = Effect.READ
    undo: str | None = None
    price: Price = field(default_factory=Price)
    limits: Limits = field(default_factory=Limits)
    runs: Runs = Runs.LOOP
    believed: tuple[Believed, ...] = ()
    #: How calls prove who they are, by names of secrets, never values: see `tools.auth`.
    auth: Mapping[str, str | Mapping[str, str]] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    docs: Docs = field(default_factory=Docs)
    trust: Trust = Trust.TRUSTED
    binding: Mapping[str, Any] = field(default_factory=dict)
    cache: Cache | None = None
    #: Programs that must be on the PATH, each with the hint that mends its absence.
    requires: Mapping[str, str] = field(default_factory=dict)
    #: The most that one call has cost (USD), where that was more than its price says it can.
    most_seen: Decimal = Decimal(0)

    @property
    def hash(self) -> str:
        """SHA-256 over what decides the behaviour of a call (not over beliefs, prices, tags or version)."""
        body = {
            "name": self.name,
            "kind": self.kind,
            "in": self.input_schema,
            "out": self.output_schema,
            "effect": self.effect,
            "binding": self.binding,
            "summary": self.summary,
            "description": self.description,
        }
        text = json.dumps(body, sort_keys=True, separators=(",", ":"), default=_plain)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Usage:
    """What one call took: money in USD, seconds of run time, tokens in and out, seconds of GPUs."""

    usd: Decimal = Decimal(0)
    seconds: float = 0.0
    tokens_in: int = 0
    tokens_out: int = 0
    gpu_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call about to be made: the tool and its resolved arguments (files as references)."""

    tool: Tool
    arguments: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came back: an object that fits the output schema (files as references), and what it took."""

    output: Mapping[str, Json]
    usage: Usage = field(default_factory=Usage)
    #: Whether the output that fits is in a file, and `output` only says which, since it is too large.
    in_file: bool = False


#: The JSON Schema keyword that marks a field as a file and lists the media types it may have.
MEDIA_TYPES = "x-media-types"


def file_schema(*media_types: str, description: str = "") -> dict[str, Any]:
    """JSON Schema of a field that holds a file of one of `media_types` ("*/*" when none is given)."""
    return {
        "type": "object",
        "properties": {
            "artifact": {"type": "string"},
            "media_type": {"type": "string"},
            "name": {"type": "string"},
            "size": {"type": "integer"},
        },
        "required": ["artifact"],
        MEDIA_TYPES: list(media_types) or ["*/*"],
        "description": description,
    }


def is_file_schema(schema: JsonSchema) -> bool:
    """Whether a field of this schema holds a file."""
    return MEDIA_TYPES in schema


def fits(output_type: str, input_type: str) -> bool:
    """Whether a value of `output_type` may fill an input that takes `input_type`.

    >>> fits("image/png", "image/*"), fits("text", "text"), fits("text", "url")
    (True, True, False)
    """
    if input_type in ("any", "*/*") or output_type == input_type:
        return input_type != "*/*" or "/" in output_type
    if input_type.endswith("/*"):
        return output_type.startswith(input_type[:-1])
    return False


def _plain(value: Any) -> Any:
    """Mappings and sets of a frozen record as JSON has them."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)
