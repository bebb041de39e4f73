"""The calculator and the converter of units."""

from typing import Any

import pytest

from tools.builtin.numbers import calculate, convert_units
from tools.errors import BadArguments


@pytest.mark.parametrize(
    ("expression", "result", "text"),
    [
        ("0.1 + 0.2", 0.3, "0.1 + 0.2 = 0.3"),
        ("10 / 4", 2.5, "10 / 4 = 2.5"),
        ("10 / 5", 2, "10 / 5 = 2"),
        ("2 ** 70", 2.0**70, "2 ** 70 = 1180591620717411303424"),
        ("1/3", 0.333333333333, "1/3 = 0.333333333333"),
    ],
)
def test_results_come_as_number_and_text(expression: str, result: float, text: str) -> None:
    assert calculate(expression) == {"result": result, "text": text}


def test_a_result_that_no_number_holds_is_refused() -> None:
    with pytest.raises(BadArguments, match="too large"):
        calculate("10 ** 400")


@pytest.mark.parametrize(
    ("value", "from_unit", "to_unit", "result"),
    [
        (5, "mile", "km", 8.04672),
        (26.2, "miles", "kilometers", 42.1648128),
        (100, "celsius", "fahrenheit", 212),
        (32, "Fahrenheit", "Celsius", 0),
        (212, "F", "C", 100),
        (98.6, "degrees Fahrenheit", "°C", 37),
        (0, "degC", "kelvin", 273.15),
        (1, "C", "A*s", 1),
        (90, "km/h", "m/s", 25),
        (60, "miles per hour", "kph", 96.56064),
        (1, "square meter", "cm^2", 10_000),
        (1, "m²", "square feet", 10.7639104167),
        (2, "cubic meters", "liters", 2000),
        (1, "nautical mile", "m", 1852),
        (3, "lbs", "kg", 1.36077711),
        (1, "kWh", "MJ", 3.6),
        (2, "KILOGRAMS", "g", 2000),
        (1, "GiB", "byte", 1_073_741_824),
        (1, "MW", "mW", 1e9),
        (90, "minutes", "hours", 1.5),
        (1, "fluid ounce", "ml", 29.5735295625),
        (10, "m s^-2", "km/hour^2", 129_600),
    ],
)
def test_values_are_converted(value: float, from_unit: str, to_unit: str, result: float) -> None:
    out = convert_units(value, from_unit=from_unit, to_unit=to_unit)
    assert out["value"] == pytest.approx(result)
    assert out["text"].startswith(f"{value:g} {from_unit} = ")


@pytest.mark.parametrize(
    ("value", "from_unit", "to_unit", "words"),
    [
        (1, "meter", "kg", "measure different things"),
        (1, "glorbs", "kg", "'glorbs' is no known unit"),
        (1, "kg", "USD", "'USD' is no known unit"),
        (1, "m^99999999", "m", "no known unit"),
        (1, "m**9**9**9", "m", "no known unit"),
        (1, "5 * meter", "m", "no known unit"),
        (1, "__class__", "m", "no known unit"),
        (1, "(m)", "m", "no known unit"),
        (1, "nan", "m", "'nan' is no known unit"),
        (1, "m", "NaN", "'NaN' is no known unit"),
        (1, "inf", "m", "'inf' is no known unit"),
        (1, "m*Infinity", "m", "no known unit"),
        (1, "", "m", "no known unit"),
        (1, "m/", "m", "no known unit"),
        (1, "m" * 61, "m", "over 60 characters"),
        (1e308, "km", "mm", "too large"),
        (1, "degC*m", "K*m", "cannot be converted"),
    ],
)
def test_units_that_do_not_fit_are_refused(value: Any, from_unit: str, to_unit: str, words: str) -> None:
    with pytest.raises(BadArguments, match=words):
        convert_units(value, from_unit=from_unit, to_unit=to_unit)
