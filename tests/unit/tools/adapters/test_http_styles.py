"""The styles write values as OpenAPI's own table of examples has them."""

from __future__ import annotations

from typing import Any

import pytest

from tools.adapters.http_styles import header_text, pairs, path_text, quoted

COLORS: list[str] = ["blue", "black", "brown"]
RGB = {"R": 100, "G": 200, "B": 150}


@pytest.mark.parametrize(
    ("style", "explode", "value", "text"),
    [
        ("matrix", False, "blue", ";color=blue"),
        ("matrix", False, COLORS, ";color=blue,black,brown"),
        ("matrix", False, RGB, ";color=R,100,G,200,B,150"),
        ("matrix", True, COLORS, ";color=blue;color=black;color=brown"),
        ("matrix", True, RGB, ";R=100;G=200;B=150"),
        ("label", False, "blue", ".blue"),
        ("label", False, COLORS, ".blue,black,brown"),
        ("label", False, RGB, ".R,100,G,200,B,150"),
        ("label", True, COLORS, ".blue.black.brown"),
        ("label", True, RGB, ".R=100.G=200.B=150"),
        ("simple", False, "blue", "blue"),
        ("simple", False, COLORS, "blue,black,brown"),
        ("simple", False, RGB, "R,100,G,200,B,150"),
        ("simple", True, RGB, "R=100,G=200,B=150"),
        ("simple", False, "a/b ü", "a%2Fb%20%C3%BC"),
    ],
)
def test_styles_of_paths(style: str, explode: bool, value: Any, text: str) -> None:
    assert path_text("color", value, style=style, explode=explode, quote=quoted) == text


@pytest.mark.parametrize(
    ("style", "explode", "value", "text"),
    [
        ("form", False, "blue", "color=blue"),
        ("form", False, COLORS, "color=blue,black,brown"),
        ("form", False, RGB, "color=R,100,G,200,B,150"),
        ("form", True, COLORS, "color=blue&color=black&color=brown"),
        ("form", True, RGB, "R=100&G=200&B=150"),
        ("spaceDelimited", False, COLORS, "color=blue%20black%20brown"),
        ("spaceDelimited", False, RGB, "color=R%20100%20G%20200%20B%20150"),
        ("pipeDelimited", False, COLORS, "color=blue%7Cblack%7Cbrown"),
        ("deepObject", True, RGB, "color[R]=100&color[G]=200&color[B]=150"),
        ("deepObject", True, {"a": {"b": [1, {"c": "x y"}]}}, "color[a][b][0]=1&color[a][b][1][c]=x%20y"),
        ("form", True, True, "color=true"),
        ("form", True, "a&b=c,d", "color=a%26b%3Dc%2Cd"),
        ("form", False, ["a,b", "c"], "color=a%2Cb,c"),
        ("form", True, [], ""),
        ("form", False, [], ""),
    ],
)
def test_styles_of_queries_and_forms(style: str, explode: bool, value: Any, text: str) -> None:
    written = pairs("color", value, style=style, explode=explode, quote=quoted)
    assert "&".join(f"{name}={one}" for name, one in written) == text


def test_reserved_signs_may_stay_but_none_that_part_parameters() -> None:
    assert quoted("a/b?c:d&e#f=g", reserved=True) == "a/b?c:d%26e%23f%3Dg"


def test_headers_are_simple() -> None:
    assert header_text(COLORS, explode=False) == "blue,black,brown"
    assert header_text(RGB, explode=True) == "R=100,G=200,B=150"
