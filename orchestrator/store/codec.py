"""Values of the domain as JSON text and back."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

import orjson
from pydantic import TypeAdapter

T = TypeVar("T")

_NANO = Decimal(1_000_000_000)


def dumps(value: Any) -> str:
    """JSON text of plain values. Raises TypeError for what JSON cannot hold."""
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


def loads(text: str | None) -> Any:
    """The value of JSON text; None stays None."""
    return None if text is None else orjson.loads(text)


def dump(type_: type[T], value: T) -> str:
    """JSON text of a dataclass of the domain."""
    return _adapter(type_).dump_json(value).decode()  # type: ignore[arg-type]


def load(type_: type[T], text: str) -> T:
    """The dataclass that `dump` wrote."""
    value: T = _adapter(type_).validate_json(text)  # type: ignore[arg-type]
    return value


def nano(usd: Decimal | float) -> int:
    """Whole nano-dollars, rounded up: a budget must never be passed by rounding.

    >>> nano(Decimal("0.0123"))
    12300000
    """
    if not usd:
        return 0
    exact = Decimal(str(usd)) * _NANO
    return int(exact.to_integral_value(rounding="ROUND_CEILING"))


def usd(nanos: int) -> Decimal:
    """Dollars of whole nano-dollars."""
    return Decimal(nanos) / _NANO


@cache
def _adapter(type_: Any) -> TypeAdapter[Any]:
    return TypeAdapter(type_)
