"""What all requests and answers share: strict bodies, money as decimal strings, times in RFC 3339."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema, model_validator

from tools.json_values import unkept

T = TypeVar("T")

#: Digits behind the point that are shown of believed money: a tenth of a nano-dollar.
_SHOWN = Decimal("0.000000001")


def _money(usd: Decimal | float) -> str:
    exact = usd if isinstance(usd, Decimal) else Decimal(repr(float(usd))).quantize(_SHOWN)
    text = format(exact, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def shown(value: Any) -> Any:
    """JSON of the orchestrator as the contract has it: every `usd` a decimal string."""
    if isinstance(value, Mapping):
        return {
            key: _money(inner) if key == "usd" and isinstance(inner, (int, float)) else shown(inner)
            for key, inner in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [shown(inner) for inner in value]
    return value


def moment(seconds: float) -> str:
    """A time as RFC 3339 in UTC, with milliseconds."""
    at = datetime.fromtimestamp(seconds, tz=UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds_of(at: datetime | None) -> float | None:
    """Seconds since 1970 of a time that a caller gave; without a zone it counts as UTC."""
    if at is None:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


_MONEY = {"type": "string", "pattern": r"^-?\d+(\.\d+)?$", "examples": ["0.0123"]}

#: USD that a caller asks for, to the nano-dollar.
Usd = Annotated[Decimal, Field(ge=0, le=1_000_000_000, max_digits=20, decimal_places=9)]

#: USD as a decimal string, never in powers of ten.
Money = Annotated[Decimal | float, PlainSerializer(_money, return_type=str), WithJsonSchema(_MONEY)]

#: USD that somebody gave, shown with the digits given.
GivenMoney = Annotated[
    Decimal, PlainSerializer(lambda usd: format(usd, "f"), return_type=str), WithJsonSchema(_MONEY)
]

#: Seconds since 1970, shown as RFC 3339 in UTC.
Moment = Annotated[
    float,
    PlainSerializer(moment, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]

#: Any JSON value.
Json = Annotated[Any, WithJsonSchema({})]


class Asked(BaseModel):
    """A body or a part of one: unknown fields, and values that no database keeps, are refused by name."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _can_be_kept(cls, value: Any) -> Any:
        fault = unkept(value) if isinstance(value, dict) else None
        if fault is not None:
            raise ValueError(fault)
        return value


class Told(BaseModel):
    """An answer or a part of one: all its fields are always there, and the document says so."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class PageOut(Told, Generic[T]):
    """One page of a list; `next_cursor` fetches the next one and is null at the end."""

    items: list[T]
    next_cursor: str | None = None
