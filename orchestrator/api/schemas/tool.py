"""Tools as they are registered, searched and tried out."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from orchestrator.api.schemas.fields import Asked
from orchestrator.errors import FieldProblem, Invalid
from orchestrator.ports import ToolStatus
from orchestrator.registry.sources import Listed
from tools.spec import (
    Believed,
    Cache,
    CacheScope,
    Docs,
    Effect,
    Kind,
    Limits,
    Ports,
    Price,
    Runs,
    Tool,
    Trust,
)

Usd = Annotated[Decimal, Field(ge=0, max_digits=20, decimal_places=12)]
#: The kinds that say in a field of their own how a tool is reached.
_BINDINGS = frozenset({"http", "model", "python"})
Share = Annotated[float, Field(gt=0, le=1)]
JobName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]


class PortsIn(Asked):
    """Semantic types by field; an input lists all it takes, best first."""

    inputs: dict[str, list[str] | str] = Field(default_factory=dict)
    outputs: dict[str, str] = Field(default_factory=dict)

    def value(self) -> Ports:
        """As tools have it."""
        inputs = {k: (v,) if isinstance(v, str) else tuple(v) for k, v in self.inputs.items()}
        return Ports(inputs=inputs, outputs=self.outputs)


class PriceIn(Asked):
    """Money in USD."""

    per_call: Usd = Decimal(0)
    per_second: Usd = Decimal(0)
    per_1k_tokens_in: Usd = Decimal(0)
    per_1k_tokens_out: Usd = Decimal(0)


class LimitsIn(Asked):
    """Seconds of a whole call, calls at once, calls a second; `by` counts an argument's values apart."""

    timeout: Annotated[float, Field(gt=0, le=86_400)] = 60.0
    concurrency: Annotated[int, Field(ge=1)] | None = None
    rate: Annotated[float, Field(gt=0)] | None = None
    by: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    #: Seconds of a step from its first readiness to its end, waits and all tries together.
    deadline: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None


class CacheIn(Asked):
    """Who may use a result again for equal arguments, for how many seconds."""

    scope: CacheScope
    max_age: Annotated[float, Field(gt=0, le=31_536_000)]


class BelievedIn(Asked):
    """What is believed before any call; `n` is how many observations that is worth."""

    subtask_type: str = "*"
    usd: Annotated[float, Field(ge=0)] = 0.0
    seconds: Annotated[float, Field(ge=0)] = 1.0
    quality: Share = 0.8
    n: Annotated[float, Field(ge=0, le=1e6)] = 2.0


class DocsIn(Asked):
    """The tool's document."""

    when_to_use: str = ""
    examples: list[dict[str, Any]] = Field(default_factory=list)
    errors: list[str] = Field(default_factory=list)
    run_before: list[str] = Field(default_factory=list)
    run_after: list[str] = Field(default_factory=list)


class ToolIn(Asked):
    """A tool to register; the field named like its kind says how to reach it."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    summary: Annotated[str, Field(min_length=1, max_length=1_000)]
    description: Annotated[str, Field(max_length=50_000)] = ""
    kind: Kind
    input_schema: dict[str, Any]
    output_schema: dict[str, Any] = Field(default_factory=lambda: {"type": "object"})
    does: list[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=64)]] = Field(
        default_factory=list
    )
    ports: PortsIn = PortsIn()
    effect: Effect = Effect.READ
    undo: str | None = None
    price: PriceIn = PriceIn()
    limits: LimitsIn = LimitsIn()
    runs: Runs | None = None
    believed: list[BelievedIn] = Field(default_factory=list)
    auth: dict[str, str | dict[str, str]] = Field(default_factory=dict)
    tags: list[Annotated[str, Field(min_length=1, max_length=64)]] = Field(default_factory=list)
    docs: DocsIn = DocsIn()
    trust: Trust = Trust.UNTRUSTED
    cache: CacheIn | None = None
    http: dict[str, Any] | None = None
    model: dict[str, Any] | None = None
    python: dict[str, Any] | None = None

    def value(self) -> Tool:
        """As tools have it. Raises `Invalid` for fields that do not go together."""
        docs = self.docs
        if self.cache is not None and self.effect is not Effect.READ:
            detail = (
                f"only results of tools whose effect is read may be used again; this one is {self.effect}"
            )
            raise Invalid("The tool cannot be registered.", problems=[FieldProblem("/cache", detail)])
        return Tool(
            name=self.name,
            summary=self.summary,
            kind=self.kind,
            input_schema=self.input_schema,
            output_schema=self.output_schema,
            description=self.description,
            does=tuple(self.does),
            ports=self.ports.value(),
            effect=self.effect,
            undo=self.undo,
            price=Price(**dict(self.price)),
            limits=Limits(**dict(self.limits)),
            runs=self.runs or (Runs.PROCESS if self.kind is Kind.PYTHON else Runs.LOOP),
            believed=tuple(Believed(**dict(one)) for one in self.believed),
            auth=self.auth,
            tags=tuple(self.tags),
            docs=Docs(
                when_to_use=docs.when_to_use,
                examples=tuple(docs.examples),
                errors=tuple(docs.errors),
                run_before=tuple(docs.run_before),
                run_after=tuple(docs.run_after),
            ),
            trust=self.trust,
            cache=None if self.cache is None else Cache(self.cache.scope, self.cache.max_age),
            binding=self._binding(),
        )

    def _binding(self) -> dict[str, Any]:
        given = {"http": self.http, "model": self.model, "python": self.python}
        own = given.pop(self.kind.value, None) or {}
        foreign = [name for name, value in given.items() if value is not None]
        if foreign and self.kind.value in _BINDINGS:
            detail = f"a tool of kind {self.kind} says how to reach it in `{self.kind}`"
            problems = [FieldProblem(f"/{name}", detail) for name in foreign]
            raise Invalid(f"The tool cannot be registered: {problems[0].path}: {detail}", problems=problems)
        return own


class ToolsIn(Asked):
    """Tools to register, each judged alone."""

    tools: Annotated[list[Any], Field(min_length=1, max_length=10_000)]


class FacetsIn(Asked):
    """Which tools may be found; an empty list means all."""

    kind: list[Kind] = Field(default_factory=list)
    tags: list[str] = Field(default_factory=list)
    effect: list[Effect] = Field(default_factory=list)
    does: list[str] = Field(default_factory=list)
    inputs: list[str] = Field(default_factory=list)
    outputs: list[str] = Field(default_factory=list)
    #: As GET /v1/sources names them.
    sources: list[str] = Field(default_factory=list)


class ToolsAsked(Asked):
    """Which tools are listed; a field that is not given means all."""

    q: Annotated[str, Field(max_length=1_000, description="words, all in the name or the summary")] = ""
    kind: Annotated[list[Kind], Field(description="of one of these kinds")] = Field(default_factory=list)
    source: Annotated[list[str], Field(description="from one of these, as GET /v1/sources names them")] = (
        Field(default_factory=list)
    )
    status: Annotated[list[ToolStatus], Field(description="in one of these")] = Field(default_factory=list)
    limit: Annotated[int, Field(ge=1, le=200, description="items on a page")] = 200
    cursor: Annotated[str | None, Field(max_length=500, description="the next_cursor of the page before")] = (
        None
    )

    def value(self) -> Listed:
        """As the registry has it."""
        return Listed(self.kind, self.source, self.status, self.q)


class SearchIn(Asked):
    """Words to find tools by."""

    query: Annotated[str, Field(max_length=20_000)]
    k: Annotated[int, Field(ge=1, le=1_000)] = 5
    filter: FacetsIn = FacetsIn()


class InvokeIn(Asked):
    """Arguments to try a tool with."""

    arguments: dict[str, Any] = Field(default_factory=dict)
