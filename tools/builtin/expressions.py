"""Arithmetic over a whitelisted syntax tree: numbers, operators, and a few functions; nothing else exists."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from tools.errors import BadArguments

Number = int | float

_LENGTH = 1_000
_NODES = 500
#: Bits of any whole number on the way: enough for 2 ** 10000, too few to stop the machine.
_BITS = 10_010
_LARGEST_FACTORIAL = 1_000

_NUMBER = r"(\d+(?:\.\d+)?)"
#: How people write sums, as signs; in this order.
_WORDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), sign)
    for pattern, sign in (
        (r"^\s*(?:what(?:'s| is)|how much is|calculate|compute|evaluate|work out|solve)\b", " "),
        (r"[=?.!\s]+$", ""),
        (r"[×·✕]", "*"),
        (r"[÷∶]", "/"),
        (r"[−–—]", "-"),
        (r"[$€£¥]", " "),
        (r"√\s*" + _NUMBER, r" sqrt(\1) "),
        (r"\b(?:the )?square root of\s+" + _NUMBER, r" sqrt(\1) "),
        (r"\b(?:the )?cube root of\s+" + _NUMBER, r" cbrt(\1) "),
        (r"\b(?:the )?(?:square root of|square root)\s*\(", " sqrt("),
        (_NUMBER + r"\s*(?:%|\bpercent\b|\bper cent\b)\s*of\b", r" (\1/100) * "),
        (_NUMBER + r"\s*(?:\bpercent\b|\bper cent\b|%(?!\s*[\d.(A-Za-z]))", r" (\1/100) "),
        (r"\bto the power(?: of)?\b|\braised to\b|\^", " ** "),
        (r"\bsquared\b|²", " ** 2 "),
        (r"\bcubed\b|³", " ** 3 "),
        (r"\b(?:plus|added to)\b", " + "),
        (r"\bminus\b", " - "),
        (r"\b(?:times|multiplied by)\b|(?<=[\d)])\s*x\s*(?=[\d(])", " * "),
        (r"\b(?:divided by|over)\b", " / "),
        (r"\b(?:modulo|mod)\b", " % "),
        (r"\bhalf of\b", " 0.5 * "),
        (r"\btwice\b|\bdouble\b", " 2 * "),
    )
)
_THOUSANDS = re.compile(r"(?<![\d.])\d{1,3}(?:,\d{3})+(?![\d,])")
_CALL = re.compile(r"[A-Za-z]\w*\s*\(")


def evaluate(expression: str) -> tuple[Number, str]:
    """The value of an arithmetic expression, and the expression as it was understood.

    >>> evaluate("15 percent of 80"), evaluate("2^10")[0]
    ((12.0, '(15/100) * 80'), 1024)

    Raises `BadArguments` for anything but arithmetic, for what has no value, and for numbers that
    grow without bound.
    """
    text = understood(expression)
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BadArguments(f"this is no arithmetic expression: {text!r}", paths=("/expression",)) from error
    if sum(1 for _ in ast.walk(tree)) > _NODES:
        raise BadArguments("the expression is too long: split it", paths=("/expression",))
    try:
        return _finite(_value(tree.body)), text
    except ZeroDivisionError as error:
        raise BadArguments("division by zero has no value", paths=("/expression",)) from error
    except OverflowError as error:
        raise BadArguments("the result is too large", paths=("/expression",)) from error
    except (ValueError, TypeError) as error:
        raise BadArguments(f"the expression has no value: {error}", paths=("/expression",)) from error


def understood(expression: str) -> str:
    """The expression with words and typographic signs as operators. Raises `BadArguments` when too long."""
    if len(expression) > _LENGTH:
        raise BadArguments(f"the expression has over {_LENGTH} characters: split it", paths=("/expression",))
    text = expression
    for pattern, sign in _WORDS:
        text = pattern.sub(sign, text)
    if not _CALL.search(text):
        # Between the arguments of a function a comma parts numbers; elsewhere it groups digits.
        text = _THOUSANDS.sub(lambda found: found[0].replace(",", ""), text)
    return " ".join(text.split())


def _value(node: ast.expr) -> Number:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return number
        case ast.Name(id=name) if name.lower() in _CONSTANTS:
            return _CONSTANTS[name.lower()]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _bounded(_OPERATORS[type(op)](_value(left), _value(right)))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name.lower() in _FUNCTIONS:
            return _bounded(_FUNCTIONS[name.lower()](*map(_value, args)))
    raise BadArguments(
        f"{ast.unparse(node)[:80]!r} is no arithmetic: numbers, + - * / // % **, brackets, "
        f"{', '.join(_CONSTANTS)} and these functions are known: {', '.join(_FUNCTIONS)}",
        paths=("/expression",),
    )


def _bounded(number: Any) -> Number:
    if isinstance(number, complex):
        raise ValueError("it is not a real number")
    if isinstance(number, int) and number.bit_length() > _BITS:
        raise OverflowError
    assert isinstance(number, (int, float))
    return number


def _finite(number: Number) -> Number:
    if isinstance(number, float) and not math.isfinite(number):
        raise OverflowError
    return number


def _power(base: Number, exponent: Number) -> Any:
    """`base ** exponent`, refused before it is computed when it would be huge."""
    if isinstance(base, int) and isinstance(exponent, int) and abs(base) > 1:
        if base.bit_length() * abs(exponent) > 2 * _BITS:
            raise OverflowError
        if exponent < 0:
            return float(base) ** exponent
    return base**exponent


def _factorial(number: Number) -> int:
    if number > _LARGEST_FACTORIAL or number != int(number):
        raise OverflowError if number > _LARGEST_FACTORIAL else ValueError("factorials are of whole numbers")
    return math.factorial(int(number))


def _logarithm(number: Number, base: Number | None = None) -> float:
    """Of base ten when none is given, as on calculators; `ln` is the natural one."""
    return math.log10(number) if base is None else math.log(number, base)


def _round(number: Number, digits: Number = 0) -> Number:
    # Beyond all digits that a number has here, rounding works on ever larger powers of ten.
    places = int(max(-_BITS, min(digits, _BITS)))
    return round(number, places) if places else round(number)


def _mean(*numbers: Number) -> float:
    return math.fsum(numbers) / len(numbers)


_CONSTANTS: Mapping[str, float] = {"pi": math.pi, "e": math.e, "tau": math.tau, "π": math.pi}

_OPERATORS: Mapping[type[ast.operator], Callable[[Number, Number], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}

_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "sqrt": math.sqrt,
    "cbrt": lambda number: math.copysign(abs(number) ** (1 / 3), number),
    "abs": abs,
    "round": _round,
    "floor": math.floor,
    "ceil": math.ceil,
    "exp": math.exp,
    "log": _logarithm,
    "ln": math.log,
    "log2": math.log2,
    "log10": math.log10,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "tanh": math.tanh,
    "degrees": math.degrees,
    "radians": math.radians,
    "factorial": _factorial,
    "gcd": math.gcd,
    "lcm": math.lcm,
    "hypot": math.hypot,
    "min": lambda *numbers: min(numbers),
    "max": lambda *numbers: max(numbers),
    "sum": lambda *numbers: sum(numbers),
    "mean": _mean,
    "average": _mean,
}
