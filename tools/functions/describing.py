"""A marked function → the record of a tool."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

from docstring_parser import Docstring, ParseError, parse

from tools.functions.declaring import Declared, declared_of
from tools.functions.typed import Undescribable, typed_of
from tools.spec import Believed, Docs, Effect, Kind, Limits, Price, Runs, Tool


def record_of(function: Callable[..., Any]) -> Tool:
    """The tool that a marked function is. Raises `Undescribable`, which names it and says what to do."""
    declared, typed = declared_of(function), typed_of(function)
    assert declared is not None
    assert typed is not None
    name = f"{function.__module__}.{function.__qualname__}"
    if function.__qualname__ != function.__name__:
        raise Undescribable(f"{name}: it is made inside another function or class: define it in the module")
    _check_numbers(declared, name)
    told = _docstring(function, name)
    _describe(typed.input_schema, told)
    return Tool(
        name=declared.name or function.__name__,
        summary=told.short_description or "",
        description=told.long_description or "",
        kind=Kind.PYTHON,
        input_schema=typed.input_schema,
        output_schema=typed.output_schema,
        does=declared.does or (declared.name or function.__name__,),
        effect=_one_of(Effect, declared.effect, "effect", name),
        undo=declared.undo,
        price=Price(per_call=declared.price),
        limits=Limits(timeout=declared.timeout),
        runs=_runs(function, declared, name),
        believed=_believed(declared),
        tags=tuple(declared.tags),
        docs=Docs(when_to_use=declared.when_to_use, examples=tuple(declared.examples), errors=_errors(told)),
        requires=dict(declared.requires or {}),
        binding={"function": f"{function.__module__}:{function.__name__}"},
    )


def _check_numbers(declared: Declared, name: str) -> None:
    if declared.price < 0 or not declared.price.is_finite():
        raise Undescribable(f"{name}: price={declared.price}: give USD of a call, 0 or more")
    if declared.quality is not None and not 0 < declared.quality <= 1:
        raise Undescribable(f"{name}: quality={declared.quality}: give a share above 0, at most 1")
    if not 0 < declared.timeout < math.inf or not 0 <= (declared.seconds or 0) < math.inf:
        raise Undescribable(f"{name}: timeout and seconds are seconds, and the timeout is above 0")


def _docstring(function: Callable[..., Any], name: str) -> Docstring:
    try:
        told = parse(inspect.getdoc(function) or "")
    except ParseError as error:
        raise Undescribable(f"{name}: its docstring cannot be read: {error}") from None
    if not told.short_description:
        raise Undescribable(f"{name}: it has no docstring: say in its first line what it does")
    return told


def _describe(schema: Mapping[str, Any], told: Docstring) -> None:
    """What the docstring says of parameters, where their hints say nothing."""
    for one in told.params:
        field = schema["properties"].get(one.arg_name)
        if field is not None and one.description and not field.get("description"):
            field["description"] = one.description


def _errors(told: Docstring) -> tuple[str, ...]:
    return tuple(f"{one.type_name}: {one.description}" for one in told.raises if one.type_name)


def _runs(function: Callable[..., Any], declared: Declared, name: str) -> Runs:
    is_async = inspect.iscoroutinefunction(function)
    if declared.runs is None:
        return Runs.LOOP if is_async else Runs.PROCESS
    runs: Runs = _one_of(Runs, declared.runs, "runs", name)
    if runs is Runs.LOOP and not is_async:
        raise Undescribable(
            f"{name}: only async functions run on the loop: leave runs away, or make it async"
        )
    return runs


def _believed(declared: Declared) -> tuple[Believed, ...]:
    if declared.seconds is None and declared.quality is None:
        return ()
    usual = Believed()
    return (
        Believed(
            usd=float(declared.price),
            seconds=usual.seconds if declared.seconds is None else declared.seconds,
            quality=usual.quality if declared.quality is None else declared.quality,
        ),
    )


def _one_of(kind: Any, value: str, field: str, name: str) -> Any:
    try:
        return kind(value)
    except ValueError:
        raise Undescribable(f"{name}: {field}={value!r}: use one of {', '.join(kind)}") from None
