"""Imports of OpenAPI documents: what is asked, and what is told."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field

from orchestrator.api.schemas.fields import Json, Told
from orchestrator.errors import FieldProblem, Invalid
from orchestrator.registry.imports import Change, Imported, Updated
from tools.json_values import unkept
from tools.openapi.compiler import Choice, Options
from tools.openapi.importing import Source
from tools.openapi.loading import MAX_BYTES

Name = Annotated[str, Field(min_length=1, max_length=200)]
_WORDS = {"tag": "tags", "path": "paths", "method": "methods", "operation": "operations"}


class ChoiceIn(BaseModel):
    """Operations by tag, path (with `*`), method and operationId."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tags: list[Name] = Field(default_factory=list)
    paths: list[Name] = Field(default_factory=list)
    methods: list[Name] = Field(default_factory=list)
    operations: list[Name] = Field(default_factory=list)


class ImportOpenApiIn(BaseModel):
    """A document by `url`, or as `document`: an object, or JSON or YAML text."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)

    url: Annotated[str, Field(min_length=1, max_length=4_000)] | None = None
    document: dict[str, Any] | str | None = None
    #: The document's own path among the files, from which its references are read.
    name: Annotated[str, Field(min_length=1, max_length=1_000)] = "openapi"
    #: Other documents by their path; an object, or JSON or YAML text.
    files: dict[str, dict[str, Any] | str] = Field(default_factory=dict, max_length=500)
    #: `["tag:pets", "path:/pets/*", "method:get", "operation:listPets"]`, or the same by kind.
    include: ChoiceIn | list[Name] = Field(default_factory=list)
    exclude: ChoiceIn | list[Name] = Field(default_factory=list)
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=32)] | None = None
    #: The base address, in place of all that the document says.
    server: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None
    #: Names of secrets by security scheme; `SCHEME.client_id` and `SCHEME.client_secret` for OAuth's.
    auth: dict[str, Name] = Field(default_factory=dict)
    #: What is taken from replies: a JMESPath expression by operationId.
    select: dict[str, Annotated[str, Field(min_length=1, max_length=2_000)]] = Field(default_factory=dict)
    #: Tell what would happen, and change nothing.
    dry_run: bool = False

    def source(self) -> Source:
        """Where the document comes from. Raises `Invalid` unless exactly one place is named."""
        if (self.url is None) == (self.document is None):
            detail = "give either url or document"
            raise Invalid(detail, problems=[FieldProblem("/document", detail)])
        if self.url is not None:
            return Source(url=self.url)
        files = {path: _text(text, f"/files/{path}") for path, text in self.files.items()}
        return Source(text=_text(self.document, "/document"), name=self.name, files=files)

    def options(self) -> Options:
        """What is asked of the import. Raises `Invalid`."""
        fault = unkept({"auth": self.auth, "select": self.select, "server": self.server})
        if fault is not None:
            raise Invalid(f"This cannot be kept: {fault}.")
        return Options(
            include=_choice(self.include, "/include"),
            exclude=_choice(self.exclude, "/exclude"),
            prefix=self.prefix or "",
            server=self.server or "",
            auth=self.auth,
            select=self.select,
        )


def _choice(given: ChoiceIn | list[str], path: str) -> Choice:
    if isinstance(given, ChoiceIn):
        return Choice(**{word: tuple(getattr(given, word)) for word in _WORDS.values()})
    found: dict[str, list[str]] = {}
    for number, text in enumerate(given):
        word, _, name = text.partition(":")
        if text.startswith("/"):
            word, name = "path", text
        if word not in _WORDS or not name:
            detail = "use tag:NAME, path:/PATTERN, method:NAME or operation:ID"
            raise Invalid(detail, problems=[FieldProblem(f"{path}/{number}", detail)])
        found.setdefault(_WORDS[word], []).append(name)
    return Choice(**{word: tuple(names) for word, names in found.items()})


def _text(given: Any, path: str) -> bytes:
    """The text of a document. Raises `Invalid` when it is too large, or holds what no text may."""
    try:
        text = given.encode() if isinstance(given, str) else orjson.dumps(given)
    except (UnicodeError, TypeError) as error:
        detail = f"it cannot be written: {str(error)[:200]}"
        raise Invalid(detail, problems=[FieldProblem(path, detail)]) from None
    if len(text) > MAX_BYTES:
        detail = f"a document has at most {MAX_BYTES:,} bytes"
        raise Invalid(detail, problems=[FieldProblem(path, detail)])
    return bytes(text)


class SkippedOut(Told):
    """An operation that became no tool."""

    operation: str
    reason: str


class DuplicateOut(Told):
    """Two tools that do the same."""

    tool: str
    of: str
    reason: str


class ChangeOut(Told):
    """One difference; long values are left out."""

    what: str
    change: str
    before: Json = None
    after: Json = None

    @classmethod
    def of(cls, change: Change) -> ChangeOut:
        """Of what the registry says."""
        return cls(what=change.what, change=change.change, before=change.before, after=change.after)


class UpdatedOut(Told):
    """A tool that the document now describes otherwise."""

    name: str
    version: int
    changes: list[ChangeOut]

    @classmethod
    def of(cls, updated: Updated) -> UpdatedOut:
        """Of what the registry says."""
        changes = [ChangeOut.of(change) for change in updated.changes]
        return cls(name=updated.name, version=updated.version, changes=changes)


class ShortfallOut(Told):
    """Something missing, how often, and where for example."""

    what: str
    count: int
    operations: list[str]


class DocumentQualityOut(Told):
    """How well a document describes its operations, from 0 to 1, and what it lacks."""

    score: float | None
    missing: list[ShortfallOut]
    notes: list[ShortfallOut]


class ImportedOut(Told):
    """What an import did."""

    source: str
    created: list[str]
    updated: list[UpdatedOut]
    unchanged: list[str]
    skipped: list[SkippedOut]
    duplicates: list[DuplicateOut]
    #: Tools of an earlier import that the document no longer has; they were left as they are.
    gone: list[str]
    quality: DocumentQualityOut
    #: The secrets that calls need, by security scheme.
    secrets: dict[str, str]
    #: Those among them that tools of the document name and nobody has set: PUT /v1/secrets/{name}.
    missing_secrets: list[str]

    @classmethod
    def of(cls, told: Imported) -> ImportedOut:
        """Of what the registry says."""
        return cls(
            source=told.source,
            created=told.created,
            updated=[UpdatedOut.of(one) for one in told.updated],
            unchanged=told.unchanged,
            skipped=[SkippedOut(operation=operation, reason=reason) for operation, reason in told.skipped],
            duplicates=[DuplicateOut(tool=one, of=of, reason=reason) for one, of, reason in told.duplicates],
            gone=told.gone,
            quality=DocumentQualityOut.model_validate(told.quality),
            secrets=dict(told.secrets),
            missing_secrets=told.missing,
        )
