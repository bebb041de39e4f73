"""Tools as answers: their records, what was found, what a trial gave."""

from __future__ import annotations

from orchestrator.api.schemas.fields import Json, Money, Told
from orchestrator.ports import CatalogEntry, Hit
from orchestrator.registry.invoke import Invocation
from orchestrator.registry.quality import Hint
from tools.spec import Effect, Kind, Runs, Trust


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
