"""Tools as they are registered, listed, found and tried out."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from orchestrator.api.schemas.fields import Asked, Json, Money, Told
from orchestrator.domain.belief import Belief, Prior
from orchestrator.ports import CatalogEntry, Hit
from orchestrator.registry.invoke import Invocation
from orchestrator.registry.quality import Hint
from tools.spec import Believed, Docs, Effect, Kind, Limits, Ports, Price, Runs, Tool, Trust

Usd = Annotated[Decimal, Field(ge=0, max_digits=20, decimal_places=12)]
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
    """Seconds of a whole call, calls at once, calls a second."""

    timeout: Annotated[float, Field(gt=0, le=86_400)] = 60.0
    concurrency: Annotated[int, Field(ge=1)] | None = None
    rate: Annotated[float, Field(gt=0)] | None = None


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
    auth: dict[str, str] = Field(default_factory=dict)
    tags: list[Annotated[str, Field(min_length=1, max_length=64)]] = Field(default_factory=list)
    docs: DocsIn = DocsIn()
    trust: Trust = Trust.UNTRUSTED
    http: dict[str, Any] | None = None
    model: dict[str, Any] | None = None
    python: dict[str, Any] | None = None

    def value(self) -> Tool:
        """As tools have it; another field than that of its kind stays in the binding, to be refused."""
        docs = self.docs
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
            binding=self._binding(),
        )

    def _binding(self) -> dict[str, Any]:
        given = {"http": self.http, "model": self.model, "python": self.python}
        own = given.pop(self.kind.value, None) or {}
        return own | {name: value for name, value in given.items() if value is not None}


class ToolOut(Told):
    """A registered tool; `hash` tells versions apart by what decides the behaviour of a call."""

    name: str
    version: int
    summary: str
    description: str
    kind: Kind
    input_schema: dict[str, Json]
    output_schema: dict[str, Json]
    does: list[str]
    ports: dict[str, Json]
    effect: Effect
    undo: str | None
    price: dict[str, Money]
    limits: dict[str, Json]
    runs: Runs
    believed: list[dict[str, Json]]
    tags: list[str]
    docs: dict[str, Json]
    trust: Trust
    binding: dict[str, Json]
    hash: str
    status: str
    reason: str

    @classmethod
    def of(cls, entry: CatalogEntry) -> ToolOut:
        """Of a catalog entry."""
        tool, price, limits, docs = entry.tool, entry.tool.price, entry.tool.limits, entry.tool.docs
        return cls(
            name=tool.name,
            version=tool.version,
            summary=tool.summary,
            description=tool.description,
            kind=tool.kind,
            input_schema=dict(tool.input_schema),
            output_schema=dict(tool.output_schema),
            does=list(tool.does),
            ports={
                "inputs": {name: list(types) for name, types in tool.ports.inputs.items()},
                "outputs": dict(tool.ports.outputs),
            },
            effect=tool.effect,
            undo=tool.undo,
            price={
                "per_call": price.per_call,
                "per_second": price.per_second,
                "per_1k_tokens_in": price.per_1k_tokens_in,
                "per_1k_tokens_out": price.per_1k_tokens_out,
            },
            limits={"timeout": limits.timeout, "concurrency": limits.concurrency, "rate": limits.rate},
            runs=tool.runs,
            believed=[
                {
                    "subtask_type": b.subtask_type,
                    "usd": b.usd,
                    "seconds": b.seconds,
                    "quality": b.quality,
                    "n": b.n,
                }
                for b in tool.believed
            ],
            tags=list(tool.tags),
            docs={
                "when_to_use": docs.when_to_use,
                "examples": [dict(example) for example in docs.examples],
                "errors": list(docs.errors),
                "run_before": list(docs.run_before),
                "run_after": list(docs.run_after),
            },
            trust=tool.trust,
            binding=dict(tool.binding),
            hash=tool.hash,
            status=entry.status,
            reason=entry.reason,
        )


class HintOut(Told):
    """What is missing in a tool's document."""

    field: str
    hint: str


class RegisteredOut(Told):
    """A tool as registered, with what its document still lacks."""

    tool: ToolOut
    quality: list[HintOut]

    @classmethod
    def of(cls, entry: CatalogEntry, hints: list[Hint]) -> RegisteredOut:
        """Of an entry and its hints."""
        return cls(tool=ToolOut.of(entry), quality=[HintOut(field=h.field, hint=h.hint) for h in hints])


class ToolsIn(Asked):
    """Tools to register, each judged alone."""

    tools: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=10_000)]


class RefusedTool(Told):
    """A tool that was not registered, and why; `number` counts from 0 in the body."""

    number: int
    name: str | None
    reason: str
    errors: list[dict[str, str]]


class BulkToolsOut(Told):
    """What was made and what was refused."""

    created: list[str]
    refused: list[RefusedTool]
    quality: dict[str, list[HintOut]]


class FacetsIn(Asked):
    """Which tools may be found; an empty list means all."""

    kind: list[Kind] = Field(default_factory=list)
    tags: list[str] = Field(default_factory=list)
    effect: list[Effect] = Field(default_factory=list)
    does: list[str] = Field(default_factory=list)
    inputs: list[str] = Field(default_factory=list)
    outputs: list[str] = Field(default_factory=list)


class SearchIn(Asked):
    """Words to find tools by."""

    query: Annotated[str, Field(max_length=20_000)]
    k: Annotated[int, Field(ge=1, le=1_000)] = 5
    filter: FacetsIn = FacetsIn()


class FoundOut(Told):
    """A found tool, its score, and the words that speak for it."""

    name: str
    version: int
    summary: str
    kind: Kind
    tags: list[str]
    does: list[str]
    score: float
    why: list[str]

    @classmethod
    def of(cls, hit: Hit) -> FoundOut:
        """Of a hit."""
        tool = hit.tool
        return cls(
            name=tool.name,
            version=tool.version,
            summary=tool.summary,
            kind=tool.kind,
            tags=list(tool.tags),
            does=list(tool.does),
            score=hit.score,
            why=list(hit.matched),
        )


class SearchOut(Told):
    """Tools, best first."""

    items: list[FoundOut]


class InvokeIn(Asked):
    """Arguments to try a tool with."""

    arguments: dict[str, Any] = Field(default_factory=dict)


class ExchangeOut(Told):
    """What one call sent and got, bounded and without secrets."""

    request: str
    reply: str | None
    error: str | None
    seconds: float


class UsageOut(Told):
    """What a call took."""

    usd: Money
    seconds: float
    tokens_in: int
    tokens_out: int


class InvokeOut(Told):
    """The result of a call, what it took, and its record."""

    tool: str
    version: int
    output: dict[str, Json]
    usage: UsageOut
    record: list[ExchangeOut]

    @classmethod
    def of(cls, made: Invocation) -> InvokeOut:
        """Of a call made."""
        usage = made.result.usage
        return cls(
            tool=made.tool.name,
            version=made.tool.version,
            output=dict(made.result.output),
            usage=UsageOut(
                usd=usage.usd, seconds=usage.seconds, tokens_in=usage.tokens_in, tokens_out=usage.tokens_out
            ),
            record=[
                ExchangeOut(request=e.request, reply=e.reply, error=e.error, seconds=e.seconds)
                for e in made.exchanges
            ],
        )


class PriorIn(Asked):
    """A prior for one type of sub-task: mean money, mean seconds, quality, worth `n` observations."""

    subtask_type: Annotated[str, Field(min_length=1, max_length=64)] = "*"
    usd: Annotated[float, Field(ge=0)]
    seconds: Annotated[float, Field(ge=0)]
    quality: Share
    n: Annotated[float, Field(ge=0, le=1e6)] = 2.0

    def value(self) -> Prior:
        """As the domain has it."""
        return Prior(usd=self.usd, seconds=self.seconds, quality=self.quality, n=self.n)


class PriorsIn(Asked):
    """Priors to write."""

    beliefs: Annotated[list[PriorIn], Field(min_length=1, max_length=1_000)]


class BeliefOut(Told):
    """What is believed of a tool for one type of sub-task; `prior` and what was `observed` since.

    `trend` compares the observed means with the prior: above 1 it is dearer, slower or better.
    """

    subtask_type: str
    usd: Money
    seconds: float
    quality: float
    success: float
    n: float
    prior: dict[str, float]
    observed: dict[str, float]
    trend: dict[str, float | None]

    @classmethod
    def of(cls, belief: Belief) -> BeliefOut:
        """Of the domain's value."""
        seen, prior = belief.observed, belief.prior
        return cls(
            subtask_type=belief.subtask_type,
            usd=belief.usd,
            seconds=belief.seconds,
            quality=belief.quality,
            success=belief.success,
            n=belief.n,
            prior={"usd": prior.usd, "seconds": prior.seconds, "quality": prior.quality, "n": prior.n},
            observed={"tries": seen.tries, "successes": seen.successes, "judged": seen.judged},
            trend={
                "usd": _share(seen.usd, seen.tries, prior.usd),
                "seconds": _share(seen.seconds, seen.tries, prior.seconds),
                "quality": _share(seen.quality, seen.judged, prior.quality),
            },
        )


def _share(total: float, n: float, prior: float) -> float | None:
    return total / n / prior if n > 0 and prior > 0 else None


class BeliefsOut(Told):
    """All beliefs about a tool's newest version."""

    tool: str
    version: int
    beliefs: list[BeliefOut]
