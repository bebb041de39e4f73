"""Units as people write them, read without letting anything but names of units through."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tools.errors import BadArguments

if TYPE_CHECKING:
    from pint import Unit, UnitRegistry

_LENGTH = 60
_NAME = r"(?:[A-Za-zµμΩ°Å]+(?:_[A-Za-z]+)*)"
_FACTOR = re.compile(rf"({_NAME})(?:(?:\^|\*\*)?(-?[1-4]))?")
_SUPERSCRIPTS = str.maketrans({"²": "^2", "³": "^3", "μ": "µ"})
#: What people write and the registry reads otherwise, or not at all.
_ALIASES = {
    "celsius": "degC",
    "centigrade": "degC",
    "°c": "degC",
    "degrees celsius": "degC",
    "degree celsius": "degC",
    "fahrenheit": "degF",
    "°f": "degF",
    "degrees fahrenheit": "degF",
    "degree fahrenheit": "degF",
    "kelvins": "kelvin",
    "degrees kelvin": "kelvin",
    "°": "degree",
    "mpg": "mile/gallon",
    "kmh": "kph",
    "hrs": "hour",
    "hr": "hour",
    "mins": "minute",
    "secs": "second",
    "sec": "second",
    "yrs": "year",
    "pounds": "pound",
    "metres": "meter",
    "tons": "short_ton",
    "tonnes": "metric_ton",
    "feet": "foot",
}
#: What the registry reads as numbers.
_NO_UNITS = frozenset({"nan", "inf", "infinity"})
#: Letters that mean temperatures when both sides are such, and other things otherwise.
_TEMPERATURES = {"c": "degC", "f": "degF", "k": "kelvin", "°c": "degC", "°f": "degF"}
_POWER_WORDS = (
    (re.compile(r"\b(?:square|sq)\.?\s+(\w+)", re.IGNORECASE), r"\1^2"),
    (re.compile(r"\b(?:cubic|cu)\.?\s+(\w+)", re.IGNORECASE), r"\1^3"),
    (re.compile(r"\b(\w+)\s+squared\b", re.IGNORECASE), r"\1^2"),
    (re.compile(r"\b(\w+)\s+cubed\b", re.IGNORECASE), r"\1^3"),
)


def read_units(registry: UnitRegistry[Any], from_unit: str, to_unit: str) -> tuple[Unit, Unit]:
    """Both units. Raises `BadArguments` that names the one that is not known."""
    pair = [
        unit.strip().lower().removeprefix("degrees ").removeprefix("degree ") for unit in (from_unit, to_unit)
    ]
    are_temperatures = all(unit in _TEMPERATURES or _ALIASES.get(unit, "").startswith("deg") for unit in pair)
    first, second = (
        _TEMPERATURES.get(short, unit) if are_temperatures else unit
        for short, unit in zip(pair, (from_unit, to_unit), strict=True)
    )
    return _read(registry, first, field="from_unit"), _read(registry, second, field="to_unit")


def _read(registry: UnitRegistry[Any], text: str, *, field: str) -> Unit:
    """One unit: names with small exponents, multiplied and divided."""
    if len(text) > _LENGTH:
        raise BadArguments(f"a unit of over {_LENGTH} characters is none", paths=(f"/{field}",))
    flat = " ".join(text.translate(_SUPERSCRIPTS).split())
    flat = _ALIASES.get(flat.lower(), flat)
    for pattern, sign in _POWER_WORDS:
        flat = pattern.sub(sign, flat)
    above, *below = re.split(r"\s*/\s*|\s+per\s+", flat)
    unit = _product(registry, above, text, field=field)
    for part in below:
        unit = unit / _product(registry, part, text, field=field)
    return unit


def _product(registry: UnitRegistry[Any], text: str, whole: str, *, field: str) -> Unit:
    """Factors joined by `*`, `·` or blanks; a name of several words, such as nautical mile, comes first."""
    joined = _ALIASES.get(text.lower(), text.replace(" ", "_"))
    if re.fullmatch(_NAME, joined) and (known := _known(registry, joined)):
        return registry.parse_units(known)
    unit = registry.parse_units("")
    for part in re.split(r"\s*[*·]\s*|\s+", text):
        found = _FACTOR.fullmatch(part)
        name = _known(registry, _ALIASES.get(found[1].lower(), found[1])) if found else None
        if found is None or name is None:
            raise BadArguments(
                f"{whole!r} is no known unit: write it as in km, mile/hour, m^2 or degC", paths=(f"/{field}",)
            )
        unit = unit * registry.parse_units(name) ** int(found[2] or 1)
    return unit


def _known(registry: UnitRegistry[Any], name: str) -> str | None:
    """The name as written, since letter case matters (mW, MW), else in small letters; None if unknown."""
    if "/" in name:  # an alias of ours
        return name
    if name.lower() in _NO_UNITS:
        return None
    return next((one for one in (name, name.lower()) if re.fullmatch(_NAME, one) and one in registry), None)
