"""Making scanned pages easier to read."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tools.builtin.scans import is_dark, prepared, skew, threshold, turned


def lines_of_ink() -> Image.Image:
    """A page with six lines of dashes."""
    page = Image.new("L", (500, 300), 255)
    draw = ImageDraw.Draw(page)
    for top in range(40, 260, 40):
        for left in range(40, 440, 30):
            draw.rectangle((left, top, left + 20, top + 12), fill=0)
    return page


@pytest.mark.parametrize("angle", [-6.0, -2.5, 0.0, 1.0, 4.5])
def test_the_skew_of_a_page_is_found(angle: float) -> None:
    page = lines_of_ink().rotate(angle, fillcolor=255, expand=True, resample=Image.Resampling.BICUBIC)
    assert skew(page) == pytest.approx(angle, abs=0.3)


def test_an_empty_page_is_straight() -> None:
    assert skew(Image.new("L", (200, 300), 255)) == 0.0


def test_the_threshold_parts_ink_from_paper() -> None:
    page = Image.new("L", (100, 100), 210)
    page.paste(90, (0, 0, 30, 30))
    assert 90 <= threshold(page) < 210


def test_a_dark_page_is_made_light_and_a_small_one_large() -> None:
    page = Image.new("L", (300, 100), 20)
    ImageDraw.Draw(page).rectangle((100, 40, 200, 60), fill=230)
    assert is_dark(page)
    ready = prepared(page)
    assert not is_dark(ready)
    assert ready.size == (4 * 300 + 40, 4 * 100 + 40)


def test_black_and_white_has_no_shades() -> None:
    page = lines_of_ink().resize((250, 150), Image.Resampling.BILINEAR)
    assert set(np.unique(np.asarray(prepared(page, black_and_white=True)))) == {0, 255}


def test_a_quarter_turn_is_clockwise() -> None:
    page = Image.new("L", (10, 4), 255)
    page.putpixel((0, 0), 0)
    assert turned(page, 1).getpixel((3, 0)) == 0
