"""Marked functions, good and bad, as an operator's module has them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Annotated, Any

from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from toolpath import BadArguments, File, MediaTypes, Work, tool


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Point:
    x: int
    y: int = 0


class Row(TypedDict):
    name: str
    at: date


class Painted(BaseModel):
    image: Annotated[File, MediaTypes("image/png")]
    rows: list[Row]
    colour: Colour | None = None


@tool(
    effect="once", price="0.02", seconds=2, does="paint_points", timeout=5, tags=["art"], requires={"sh": "-"}
)
def paint(
    schema: str,
    points: list[Point],
    colour: Colour = Colour.RED,
    day: date = date(2026, 1, 2),
    *,
    under: Annotated[File | None, MediaTypes("image/*")] = None,
    copies: Annotated[int, Field(ge=1, description="how many")] = 3,
    work: Work,
) -> Painted:
    """Paint points.

    On a canvas of any size.

    Args:
        schema: what is painted
        copies: this is not told

    Raises:
        BadArguments: there is no point
    """
    if not points:
        raise BadArguments("there is no point")
    image = work.file("image.png", "image/png")
    image.path.write_bytes(b"x" * copies)
    return Painted(image=image, rows=[{"name": schema, "at": day}], colour=colour)


@tool
async def add(a: int, b: int = 1) -> int:
    """Add two numbers.

    :param a: the first
    """
    return a + b


@tool(runs="process", name="later")
async def add_later(a: int) -> dict[str, Any]:
    """Add one, in a process."""
    return {"sum": a + 1}


@tool
def nothing() -> None:
    """Do nothing."""


@tool
def one_file(source: File) -> Annotated[File, MediaTypes("text/csv")]:
    """Give it back."""
    return source


@tool
def lies(a: int) -> list[int]:
    """Return what was not promised."""
    return {"a": a}  # type: ignore[return-value]


@tool
def odd_union(value: File | dict[str, str]) -> str:
    """Tell a file from an object."""
    return type(value).__name__
