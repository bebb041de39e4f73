"""Tools that calculate and convert units."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

from tools.builtin.expressions import Number, evaluate
from tools.builtin.fields import number, outputs, schema, string
from tools.builtin.unit_names import read_units
from tools.errors import BadArguments
from tools.spec import Believed, Docs, Kind, Limits, Ports, Runs, Tool

if TYPE_CHECKING:
    from pint import UnitRegistry

#: Whole numbers beyond this lose digits in the JSON of many programs.
_EXACT = 2**53


def calculate(expression: str) -> dict[str, Any]:
    """The value of an arithmetic expression, as a number and as text (exact for whole numbers)."""
    value, understood = evaluate(expression)
    try:
        plain = float(value) if isinstance(value, int) and abs(value) > _EXACT else _tidy(value)
    except OverflowError as error:
        raise BadArguments("the result is too large", paths=("/expression",)) from error
    shown = value if isinstance(value, int) else plain
    return {"result": plain, "text": f"{understood} = {shown}"}


def convert_units(value: float, *, from_unit: str, to_unit: str) -> dict[str, Any]:
    """`value` of one unit in another; temperatures are converted as points on their scales."""
    import pint

    registry = _registry()
    source, target = read_units(registry, from_unit, to_unit)
    try:
        found = float(registry.Quantity(value, source).to(target).magnitude)
    except pint.DimensionalityError as error:
        message = f"{from_unit!r} and {to_unit!r} measure different things and cannot be converted"
        raise BadArguments(message, paths=("/to_unit",)) from error
    except (pint.PintError, OverflowError, ZeroDivisionError) as error:
        raise BadArguments(f"{value:g} {from_unit} has no value in {to_unit}: {error}") from error
    if not math.isfinite(found):
        raise BadArguments(f"{value:g} {from_unit} is too large a value in {to_unit}", paths=("/value",))
    made = _tidy(found)
    return {"value": made, "text": f"{value:g} {from_unit} = {made:.6g} {to_unit}"}


@cache
def _registry() -> UnitRegistry[Any]:
    """All units; reading their definitions takes a fifth of a second, once for a process."""
    import pint

    return pint.UnitRegistry()


def _tidy(value: Number) -> Number:
    """Without the noise of binary fractions: 0.1 + 0.2 is 0.3, and 4.0 is 4."""
    if isinstance(value, int):
        return value
    rounded = float(f"{value:.12g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < _EXACT else rounded


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="calculate",
        summary="Calculate the value of an arithmetic expression.",
        kind=Kind.PYTHON,
        does=("calculate",),
        input_schema=schema(
            {
                "expression": string(
                    "arithmetic, such as (3 + 4) * 2 or 15% of 80", minLength=1, maxLength=1000
                )
            },
            ["expression"],
        ),
        output_schema=outputs(
            result=number("the value"), text=string("the expression and its value, exact for whole numbers")
        ),
        ports=Ports({"expression": ("expression", "string")}, {"result": "number", "text": "text"}),
        limits=Limits(timeout=10),
        runs=Runs.PROCESS,
        believed=(Believed(seconds=0.001, quality=0.97, n=10),),
        tags=("numbers",),
        docs=Docs(
            when_to_use="Calculate, compute, evaluate, work out, add, subtract, multiply, divide, "
            "percentage, "
            "power, square root: a sum, formula, equation or arithmetic of numbers. Not for columns "
            "of a table.",
            examples=(
                {"request": "What is 15 percent of 80?", "arguments": {"expression": "15% of 80"}},
                {"request": "Calculate (3 + 4) * 2.5", "arguments": {"expression": "(3 + 4) * 2.5"}},
            ),
            errors=("BadArguments: not arithmetic, no value (division by zero), or too large",),
        ),
        binding={"function": f"{__name__}:calculate"},
    ),
    Tool(
        name="convert_units",
        summary="Convert a value from one unit of measurement into another.",
        kind=Kind.PYTHON,
        does=("convert_units",),
        input_schema=schema(
            {
                "value": number("the value to convert"),
                "from_unit": string("its unit, such as mile, kg, degF or km/h", minLength=1, maxLength=60),
                "to_unit": string("the unit wanted", minLength=1, maxLength=60),
            },
            ["value", "from_unit", "to_unit"],
        ),
        output_schema=outputs(
            value=number("the converted value"), text=string("both values with their units")
        ),
        ports=Ports(
            {"value": ("number",), "from_unit": ("unit",), "to_unit": ("unit",)},
            {"value": "number", "text": "text"},
        ),
        limits=Limits(timeout=20),
        runs=Runs.PROCESS,
        believed=(Believed(seconds=0.001, quality=0.96, n=10),),
        tags=("numbers", "units"),
        docs=Docs(
            when_to_use="Convert, change or express units of measurement: length, distance, weight, mass, "
            "temperature, speed, volume, area, time, energy, data. Miles to kilometres, pounds to kilograms, "
            "Fahrenheit to Celsius. Not for currencies.",
            examples=(
                {
                    "request": "How many kilometres are 26.2 miles?",
                    "arguments": {"value": 26.2, "from_unit": "mile", "to_unit": "kilometer"},
                },
            ),
            errors=("BadArguments: a unit is not known, or the two measure different things",),
        ),
        binding={"function": f"{__name__}:convert_units"},
    ),
)
