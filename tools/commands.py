"""Command-line programs as tools: what the operator declares of one, and how a call becomes its arguments."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from tools.errors import BadArguments
from tools.schemas import Schema
from tools.spec import (
    Believed,
    Effect,
    File,
    Json,
    Kind,
    Limits,
    Price,
    Runs,
    Tool,
    Trust,
    file_schema,
    is_file_schema,
)

_PLACE = re.compile(r"\{([a-zA-Z_]\w*)\}")
_PLAIN = ("string", "integer", "number", "boolean")


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file that the program leaves in its folder."""

    path: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Command:
    """One program as a tool. Raises `ValueError`, whose message begins with the key at fault.

    `args` are literals, with at most one `{parameter}` in each; one of an array repeats the argument,
    one that is not given leaves it out. Memory and files are bounded in bytes, times in seconds.
    """

    name: str
    program: str
    description: str
    args: tuple[str, ...] = ()
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    stdin: str | None = None
    output: Literal["text", "lines", "json"] | None = None
    output_schema: Mapping[str, Any] | None = None
    files: Mapping[str, OutputFile] = field(default_factory=dict)
    success: tuple[int, ...] = (0,)
    retry: tuple[int, ...] = ()
    timeout: float = 60.0
    memory: int = 2 * 2**30
    cpu_seconds: int = 60
    file_bytes: int = 2**30
    concurrency: int = 4
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    effect: Effect = Effect.READ
    price: Decimal = Decimal(0)
    does: tuple[str, ...] = ()
    quality: float | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        self._check_parameters()
        self._check_files()
        if self.output_schema is not None and self.output != "json":
            raise ValueError('output_schema: it is for output = "json"')
        for key, schema in (("parameters", self._input_schema()), ("output_schema", self._output_schema())):
            try:
                Schema(schema)
            except ValueError as error:
                raise ValueError(f"{key}: no JSON Schema: {str(error)[:200]}") from None

    def _check_parameters(self) -> None:
        unused = set(self.parameters)
        for number, part in enumerate(self.args):
            unused -= {self._checked_place(f"args[{number}]", part)}
        if self.stdin is not None:
            if self.stdin not in self.parameters:
                raise ValueError(f"stdin: there is no parameter {self.stdin!r}")
            unused -= {self.stdin}
        if unused:
            raise ValueError(f"parameters.{min(unused)}: neither args nor stdin uses it")

    def _check_files(self) -> None:
        for name, file in self.files.items():
            path = PurePosixPath(file.path)
            if path.is_absolute() or ".." in path.parts or not path.name:
                raise ValueError(f"files.{name}.path: give a path inside the folder of the call")
        taken = {"text": "text", "lines": "lines", "json": "result"}.get(self._stdout or "")
        if taken in self.files:
            raise ValueError(f"files.{taken}: that name is for what the program prints")

    @property
    def definition(self) -> str:
        """A hash of what decides a call: a plan made for another declaration is not run by this one."""
        parts = (self.program, self.args, self.stdin, self.output, self.success, self.retry, sorted(self.env))
        files = {name: [file.path, file.media_type] for name, file in self.files.items()}
        return hashlib.sha256(json.dumps([parts, files], sort_keys=True).encode()).hexdigest()[:16]

    def where(self) -> str | None:
        """The program's absolute path; None when there is none."""
        found = shutil.which(self.program)
        return None if found is None else str(Path(found).absolute())

    def tool(self) -> Tool:
        """The record that the catalog keeps; it names the declaration and carries none of the environment."""
        summary, _, more = self.description.strip().partition("\n")
        believed: tuple[Believed, ...] = ()
        if self.quality is not None or self.seconds is not None:
            quality, seconds = self.quality or 0.8, 1.0 if self.seconds is None else self.seconds
            believed = (Believed(usd=float(self.price), seconds=seconds, quality=quality),)
        return Tool(
            name=self.name,
            summary=summary,
            description=more.strip(),
            kind=Kind.COMMAND,
            input_schema=self._input_schema(),
            output_schema=self._output_schema(),
            does=self.does or (self.name,),
            effect=self.effect,
            price=Price(per_call=self.price),
            limits=Limits(timeout=self.timeout, concurrency=self.concurrency),
            runs=Runs.PROCESS,
            believed=believed,
            trust=Trust.UNTRUSTED,
            tags=(f"command:{self.name}",),
            binding={"command": self.name, "definition": self.definition},
        )

    def arguments(self, given: Mapping[str, Json]) -> list[str]:
        """What follows the program's name; each value stays one argument, whatever is in it.

        Raises `BadArguments` for a value that the program would take for an option.
        """
        made: list[str] = []
        for part in self.args:
            place = _PLACE.search(part)
            if place is None:
                made.append(part)
                continue
            value = given.get(place[1])
            if value is None:
                continue
            before, after = part[: place.start()], part[place.end() :]
            for item in value if isinstance(value, list) else [value]:
                text = _text(place[1], item)
                if not before and text.startswith("-") and "--" not in made:
                    what = f"{text[:40]!r} begins with a dash, and the program would take it for an option"
                    raise BadArguments(f"{place[1]}: {what}", paths=(f"/{place[1]}",))
                made.append(f"{before}{text}{after}")
        return made

    @property
    def _stdout(self) -> Literal["text", "lines", "json"] | None:
        return self.output or (None if self.files else "text")

    def outputs(self, printed: bytes, folder: Path) -> dict[str, Any]:
        """What the program printed and left in its folder. Raises `ValueError`, `FileNotFoundError`."""
        made: dict[str, Any] = {}
        match self._stdout:
            case "text":
                made["text"] = printed.decode(errors="replace")
            case "lines":
                made["lines"] = printed.decode(errors="replace").splitlines()
            case "json":
                value = json.loads(printed)
                made.update(value if isinstance(value, dict) and not self.files else {"result": value})
        for name, file in self.files.items():
            path = folder / file.path
            if not path.is_file():
                raise FileNotFoundError(file.path)
            made[name] = File(path, file.media_type, path.name)
        return made

    def _checked_place(self, key: str, part: str) -> str:
        places = _PLACE.findall(part)
        if len(places) > 1:
            raise ValueError(f"{key}: {part!r} has several parameters; one argument takes one")
        if not places:
            if "{" in part or "}" in part:
                raise ValueError(f"{key}: {part!r}: a parameter is written {{name}}")
            return ""
        name = str(places[0])
        if name not in self.parameters:
            raise ValueError(f"{key}: there is no parameter {name!r}")
        schema = self.parameters[name]
        items = schema.get("items", {}) if schema.get("type") == "array" else schema
        if not is_file_schema(items) and items.get("type") not in (*_PLAIN, "file"):
            raise ValueError(
                f"parameters.{name}.type: an argument is one of {', '.join(_PLAIN)}, file, or an array"
            )
        return name

    def _input_schema(self) -> dict[str, Any]:
        fields = {name: _field(schema) for name, schema in self.parameters.items()}
        optional = {name for name, schema in self.parameters.items() if "default" in schema}
        optional |= {name for name, schema in self.parameters.items() if schema.get("optional") is True}
        required = [name for name in fields if name not in optional]
        return {"type": "object", "properties": fields, "required": required, "additionalProperties": False}

    def _output_schema(self) -> dict[str, Any]:
        if self._stdout == "json" and not self.files:
            return dict(self.output_schema or {"type": "object"})
        fields: dict[str, Any] = {}
        if self._stdout == "text":
            fields["text"] = {"type": "string"}
        elif self._stdout == "lines":
            fields["lines"] = {"type": "array", "items": {"type": "string"}}
        elif self._stdout == "json":
            fields["result"] = dict(self.output_schema or {})
        fields |= {name: file_schema(file.media_type) for name, file in self.files.items()}
        return {"type": "object", "properties": fields, "required": list(fields)}


def _field(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A parameter's schema; `type = "file"` with `media_types` stands for a file."""
    plain = {key: part for key, part in schema.items() if key not in ("media_types", "optional")}
    if schema.get("type") == "file":
        return file_schema(*schema.get("media_types", ()), description=str(schema.get("description", "")))
    if isinstance(schema.get("items"), Mapping):
        plain["items"] = _field(schema["items"])
    return plain


def _text(name: str, value: Json) -> str:
    text = (
        str(value.path) if isinstance(value, File) else value if isinstance(value, str) else json.dumps(value)
    )
    if "\0" in text:
        raise BadArguments(f"{name}: an argument holds no zero byte", paths=(f"/{name}",))
    return text
