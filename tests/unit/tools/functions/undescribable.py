"""Marked functions that cannot be tools."""

from __future__ import annotations

from toolpath import BadArguments, tool


@tool
def no_hint(a) -> int:
    """Add."""
    return a


@tool
def many(*given: int) -> int:
    """Add."""
    return sum(given)


@tool
def any_name(**given: int) -> int:
    """Add."""
    return sum(given.values())


@tool
def by_place(a: int, /) -> int:
    """Add."""
    return a


@tool
def no_return(a: int):
    """Add."""
    return a


@tool
def no_docstring(a: int) -> int:
    return a


@tool
def unknown_type(a: Nowhere) -> int:  # type: ignore[name-defined] # noqa: F821
    """Add."""
    return a


@tool
def strange_type(a: int, b: BadArguments) -> int:
    """Add."""
    return a


@tool
def own_work(work: str) -> str:
    """Add."""
    return work


@tool(runs="loop")
def blocking_on_the_loop(a: int) -> int:
    """Add."""
    return a


@tool(effect="often")  # type: ignore[call-overload]
def bad_effect(a: int) -> int:
    """Add."""
    return a


@tool(quality=2)
def bad_quality(a: int) -> int:
    """Add."""
    return a


@tool
def yields(a: int) -> int:  # type: ignore[misc]
    """Add."""
    yield a
