"""Charts, looked at as images."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tools.builtin import plots
from tools.errors import BadArguments
from tools.work import Work

BEST = {
    "columns": ["region", "product", "units"],
    "rows": [["East", "Tea", 40], ["North", "Milk", 10], ["West", "A $5 & $6 cake", 20]],
    "name": "best $ per region $",
}
BLUE = (0x3B, 0x6F, 0xB6)
ORANGE = (0xE0, 0x8A, 0x2E)


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path)


def opened(answer: dict[str, Any]) -> Image.Image:
    assert answer["image"].media_type == "image/png"
    with Image.open(answer["image"].path) as image:
        assert image.format == "PNG"
        return image.convert("RGB")


def heights_in(image: Image.Image, colour: tuple[int, int, int]) -> list[int]:
    """Heights in pixels of the upright blocks of that colour, left to right."""
    is_colour = (np.abs(np.asarray(image).astype(int) - colour).max(axis=2) < 8).sum(axis=0)
    found: list[int] = []
    inside = False
    for height in (*is_colour.tolist(), 0):
        if height > 8:
            found = [*found[:-1], max(found[-1], height)] if inside else [*found, height]
        inside = height > 8
    return found


def test_the_plain_bars_are_as_high_as_their_values(work: Work) -> None:
    image = opened(plots.plot_bar_simple(BEST, work=work))
    assert image.size == (460, 288)
    east, north, west = heights_in(image, BLUE)
    assert east / north == pytest.approx(4, rel=0.05)
    assert east / west == pytest.approx(2, rel=0.05)


def test_the_styled_chart_is_sharper_and_colours_the_items(work: Work) -> None:
    image = opened(plots.plot_bar_styled(BEST, work=work))
    assert image.width == 1620
    (tea,), (milk,) = heights_in(image, BLUE), heights_in(image, ORANGE)
    assert tea / milk == pytest.approx(4, rel=0.02)


def test_grouped_bars_stand_beside_each_other(work: Work) -> None:
    data = {
        "columns": ["year", "shop", "units"],
        "rows": [["a", "x", 10], ["a", "y", 20], ["b", "x", 30], ["b", "y", 40]],
    }
    image = opened(plots.plot_bar_styled(data, work=work, x="year", group="shop"))
    first, second = heights_in(image, BLUE)[:2], heights_in(image, ORANGE)[:2]
    assert second[1] / second[0] == pytest.approx(2, rel=0.02)
    assert first[1] / first[0] == pytest.approx(3, rel=0.02)


@pytest.mark.parametrize("plot", [plots.plot_line, plots.plot_pie, plots.plot_histogram, plots.plot_scatter])
def test_every_other_chart_is_drawn_in_colour(work: Work, plot: Any) -> None:
    data = {
        "columns": ["day", "kind", "n", "m"],
        "rows": [[f"2026-01-{day:02}", "ab"[day % 2], day, day * day] for day in range(1, 20)],
    }
    image = opened(plot(data, work=work, title="a title"))
    assert image.width == 1620
    pixels = np.asarray(image).astype(int)
    assert (np.ptp(pixels, axis=2) > 40).sum() > 1_000


def test_the_title_names_the_file_and_never_a_folder(work: Work) -> None:
    image = plots.plot_pie(BEST, work=work, title="../../x/y: 100 %")["image"]
    assert (image.name, image.path.parent) == ("x y 100.png", work.scratch)


def test_a_table_without_rows_is_refused(work: Work) -> None:
    with pytest.raises(BadArguments):
        plots.plot_bar_simple({"columns": ["a", "n"], "rows": []}, work=work)


def test_the_two_bar_charts_take_each_others_main_arguments() -> None:
    simple, styled = (tool for tool in plots.TOOLS if "plot_bar" in tool.does)
    assert set(simple.input_schema["properties"]) < set(styled.input_schema["properties"])
    assert simple.ports.outputs == styled.ports.outputs
    assert simple.believed[0].seconds < styled.believed[0].seconds
    assert simple.believed[0].quality < styled.believed[0].quality
