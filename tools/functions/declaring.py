"""The decorator that marks a function as a tool. It leaves the function as it is, and costs no import."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypeVar, overload

_MARK = "__toolpath__"
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Declared:
    """What the decorator says; the rest comes from the function's signature and docstring."""

    name: str | None = None
    does: tuple[str, ...] = ()
    effect: str = "read"
    undo: str | None = None
    price: Decimal = Decimal(0)
    quality: float | None = None
    seconds: float | None = None
    timeout: float = 60.0
    runs: str | None = None
    requires: Mapping[str, str] | None = None
    tags: Sequence[str] = ()
    when_to_use: str = ""
    examples: Sequence[Mapping[str, Any]] = ()


@overload
def tool(function: Function, /) -> Function: ...
@overload
def tool(
    *,
    name: str | None = None,
    does: str | Sequence[str] = (),
    effect: Literal["read", "idempotent", "once"] = "read",
    undo: str | None = None,
    price: Decimal | float | str = 0,
    quality: float | None = None,
    seconds: float | None = None,
    timeout: float = 60.0,
    runs: Literal["loop", "process"] | None = None,
    requires: Mapping[str, str] | None = None,
    tags: Sequence[str] = (),
    when_to_use: str = "",
    examples: Sequence[Mapping[str, Any]] = (),
) -> Callable[[Function], Function]: ...
def tool(function: Any = None, /, **given: Any) -> Any:
    """Mark a function as a tool; with or without arguments, all of them by name.

    `name` is the function's own unless given; `does` the types of sub-task it serves (its name).
    `effect` says what a repeated call does to the world: "read" changes nothing, "idempotent" leaves
    things as one call did, "once" must not be repeated without a person's word. `undo` names the tool
    that takes a call back. `price` is USD a call; `quality` in (0, 1] and `seconds` are what is
    believed before the first call; `timeout` is in seconds. `runs` is "loop" for async functions,
    "process" for all others. `requires` are programs that must be on the PATH, each with the hint
    that mends its absence. `examples` are objects with `request` and `arguments`.

    What cannot be described is reported when the module is registered, not here.
    """

    def mark(marked: Any) -> Any:
        setattr(marked, _MARK, _declared(**given))
        return marked

    return mark if function is None else mark(function)


def declared_of(value: Any) -> Declared | None:
    """What the decorator said of it; None for everything else."""
    found = getattr(value, _MARK, None) if callable(value) else None
    return found if isinstance(found, Declared) else None


def _declared(*, does: str | Sequence[str] = (), price: Decimal | float | str = 0, **given: Any) -> Declared:
    return Declared(
        does=(does,) if isinstance(does, str) else tuple(does), price=Decimal(str(price)), **given
    )
