"""Turns the documents of an import into tools; each operation is judged alone."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from tools.json_values import unkept
from tools.openapi import describing
from tools.openapi.arguments import ArgumentReader
from tools.openapi.closures import Closures
from tools.openapi.documents import Documents, Lost
from tools.openapi.inputs import Arguments
from tools.openapi.naming import name_of, unique, words_of
from tools.openapi.operation import Operation, Unread
from tools.openapi.operations import operations
from tools.openapi.outputs import Output, OutputReader
from tools.openapi.quality import Quality, Shortfall
from tools.openapi.schemas import Direction, Names, Schemas
from tools.openapi.security import SecurityReader
from tools.schemas import compiled as engine
from tools.spec import Docs, Kind, Tool, Trust

#: Where a tool leads whose document does not say where the service is; no such host can be (RFC 6761).
NOWHERE = "https://server.invalid"
#: Bytes of definitions: all with words, all, for what is sent and for what comes back.
_SENT = (64_000, 256_000)
_GOT = (12_000, 24_000)
#: Bytes of one schema with all that belongs to it.
_LARGEST = 1_000_000
_MOST_TOOLS = 20_000


@dataclass(frozen=True, slots=True)
class Choice:
    """Which operations are wanted; an empty field wants all, and what is excluded stays out.

    A path is a pattern with `*`; tags and methods are compared without regard to case.
    """

    tags: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is named."""
        return not (self.tags or self.paths or self.methods or self.operations)

    def names(self, operation: Operation, *, all_of: bool) -> bool:
        """Whether an operation is meant: by each field that names something, or by any of them."""
        tags = {tag.lower() for tag in describing.tags_of(operation)}
        answers = [
            answer
            for given, answer in (
                (self.tags, bool(tags & {tag.lower() for tag in self.tags})),
                (self.methods, operation.method.lower() in {one.lower() for one in self.methods}),
                (self.paths, any(fnmatch.fnmatchcase(operation.path, one) for one in self.paths)),
                (self.operations, operation.id in self.operations),
            )
            if given
        ]
        return all(answers) if all_of else any(answers)


@dataclass(frozen=True, slots=True)
class Options:
    """What an import asks for: `auth` names secrets by security scheme, `select` a JMESPath by operation."""

    include: Choice = Choice()
    exclude: Choice = Choice()
    prefix: str = ""
    server: str = ""
    auth: Mapping[str, str] = field(default_factory=dict)
    select: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Compiled:
    """The tools of an import, and what is to be said of it."""

    tools: list[Tool] = field(default_factory=list)
    #: (Operation, why it became no tool).
    skipped: list[tuple[str, str]] = field(default_factory=list)
    #: Operations of one document that do the same: (tool, the one before it).
    duplicates: list[tuple[str, str]] = field(default_factory=list)
    quality: dict[str, Any] = field(default_factory=dict)
    #: Documents that references lead to and that were not given.
    needed: list[str] = field(default_factory=list)
    #: What all tools of the document are tagged with.
    source: str = ""
    #: Secrets by security scheme.
    secrets: dict[str, str] = field(default_factory=dict)


def compiled(documents: Documents, options: Options) -> Compiled:
    """All tools of a document. Raises `BadArguments` for what is no OpenAPI document."""
    return _Compiler(documents, options).run()


class _Compiler:
    def __init__(self, documents: Documents, options: Options) -> None:
        self._documents = documents
        self._options = options
        names = Names()
        sent = Schemas(documents, Direction.SENT, names)
        got = Schemas(documents, Direction.GOT, names)
        self._arguments = ArgumentReader(documents, sent)
        self._outputs = OutputReader(documents, got)
        self._close_input = Closures(sent.definitions, full=_SENT[0], most=_SENT[1], strict=True)
        self._close_output = Closures(got.definitions, full=_GOT[0], most=_GOT[1])
        self._source = f"openapi:{_title(documents)}"
        self._security = SecurityReader(documents, options.auth, options.prefix or _title(documents))
        self._servers = describing.Servers(documents, options.server)
        self._quality = Quality()
        self._taken: set[str] = set()
        self._seen: dict[tuple[str, str], str] = {}
        self._made = Compiled(source=self._source, secrets=self._security.named())

    def run(self) -> Compiled:
        for found in operations(self._documents):
            if isinstance(found, Unread):
                self._made.skipped.append((found.operation, found.reason))
            else:
                self._take(found)
        self._made.quality = self._quality.told()
        self._made.needed = list(self._documents.needed)
        return self._made

    def _take(self, operation: Operation) -> None:
        include, exclude = self._options.include, self._options.exclude
        if not include.empty and not include.names(operation, all_of=True):
            return
        if exclude.names(operation, all_of=False):
            return
        try:
            self._add(operation)
        except Lost as lost:
            self._made.skipped.append((operation.label, str(lost)))
        except RecursionError:
            self._made.skipped.append((operation.label, "its schemas are nested too deep"))
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            # What nobody foresaw in one operation must not keep the others out.
            self._made.skipped.append((operation.label, f"it cannot be read: {str(error)[:200]}"))

    def _add(self, operation: Operation) -> None:
        if len(self._made.tools) >= _MOST_TOOLS:
            raise Lost(f"one import makes at most {_MOST_TOOLS:,} tools")
        arguments = self._arguments.read(operation)
        output = self._outputs.read(operation)
        tool, notes = self._tool(operation, arguments, output)
        self._taken.add(tool.name)
        self._made.tools.append(tool)
        self._quality.add(Shortfall.of(operation, tool, arguments, output, notes))
        self._note_duplicate(operation, tool)

    def _tool(self, operation: Operation, arguments: Arguments, output: Output) -> tuple[Tool, list[str]]:
        input_schema, cut_in = self._close_input.close(arguments.schema, arguments.needs)
        output_schema, cut_out = self._close_output.close(output.schema, output.needs)
        auth, notes = self._security.read(operation)
        base = self._servers.base_of(operation)
        binding = _binding(operation, arguments, output, base or NOWHERE)
        hosts = self._servers.hosts_of(operation)
        if hosts:
            binding["hosts"] = hosts
        select = self._options.select.get(operation.id)
        if select:
            binding["select"] = select
            output_schema = {"type": "object"}
        name = name_of(operation.id, operation.method, operation.path, self._options.prefix)
        tool = Tool(
            name=unique(name, self._taken),
            summary=describing.summary_of(operation),
            description=describing.description_of(operation),
            kind=Kind.HTTP,
            input_schema=input_schema,
            output_schema=output_schema,
            effect=describing.effect_of(operation, keyed=arguments.keyed),
            auth=auth,
            tags=(*describing.tags_of(operation), self._source),
            docs=Docs(errors=tuple(output.errors)),
            trust=Trust.UNTRUSTED,
            binding=binding,
        )
        _check(tool, closely=self._documents.doubtful)
        if cut_in:
            notes.append("its input is larger than a record may be: far parts are left open")
        if cut_out:
            notes.append("its output is larger than a record may be: far parts are left open")
        return tool, [*notes, *arguments.notes, *([] if base else ["the document names no server"])]

    def _note_duplicate(self, operation: Operation, tool: Tool) -> None:
        key = operation.method, re.sub(r"\{[^{}]*\}", "{}", str(tool.binding["url"]))
        if key in self._seen:
            self._made.duplicates.append((tool.name, self._seen[key]))
        else:
            self._seen[key] = tool.name


def _binding(operation: Operation, arguments: Arguments, output: Output, base: str) -> dict[str, Any]:
    path = operation.path if operation.path.startswith("/") else f"/{operation.path}"
    binding: dict[str, Any] = {
        "method": operation.method,
        "url": base + path.partition("#")[0],
        "parameters": arguments.parameters,
    }
    if output.accept:
        binding["headers"] = {"Accept": output.accept}
    if arguments.body is not None:
        binding["body"] = arguments.body
    pagination = describing.pagination_of(arguments.parameters)
    return binding if pagination is None else {**binding, "pagination": pagination}


def _check(tool: Tool, *, closely: bool) -> None:
    """Raises `Lost` for a record that could not be kept or called."""
    if closely:
        words = [tool.summary, tool.description, *tool.tags, *tool.docs.errors]
        fault = unkept([tool.input_schema, tool.output_schema, tool.binding, words])
        if fault is not None:
            raise Lost(f"it cannot be kept: {fault}")
    for what, schema in (("input", tool.input_schema), ("output", tool.output_schema)):
        size = len(orjson.dumps(schema))
        if size > _LARGEST:
            raise Lost(f"the schema of its {what} has {size:,} bytes, which is over {_LARGEST:,}")
        try:
            engine(schema)
        except ValueError as error:
            raise Lost(f"the schema of its {what} is none: {str(error)[:200]}") from None


def _title(documents: Documents) -> str:
    title = documents.root.at("info").get("title")
    return (words_of(title) if isinstance(title, str) else "")[:40].strip("_") or "api"
