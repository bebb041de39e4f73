"""Drawing charts into PNG files, in two styles: plain and quick, or styled and sharp."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tools.builtin.chart_data import Bars, Line
from tools.builtin.spreadsheets import file_name
from tools.spec import File
from tools.work import Work

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PALETTE = (
    *("#3b6fb6", "#e08a2e", "#4a9b6e", "#c44e52", "#8268b0", "#937860", "#d68bbf", "#7f7f7f"),
    *("#b8a835", "#4aa9c0", "#2f4b7c", "#a05195"),
)
_LONG_NAMES = 60


@dataclass(frozen=True, slots=True)
class Style:
    """How a chart is drawn: size in inches, dots per inch, and whether it is adorned."""

    width: float
    height: float
    dpi: int
    adorned: bool


SIMPLE = Style(6.4, 4.0, 72, adorned=False)
STYLED = Style(9.0, 5.6, 180, adorned=True)


@contextmanager
def canvas(work: Work, *, title: str, style: Style) -> Iterator[tuple[Axes, File]]:
    """Axes to draw on and the file they are written to when the block ends."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    # Names from data are words: "$" must not start a formula.
    with mpl.rc_context({"text.parse_math": False}):
        figure: Figure = Figure(figsize=(style.width, style.height), dpi=style.dpi, layout="constrained")
        axes = figure.add_subplot()
        axes.set_prop_cycle(color=_PALETTE)
        file = work.file(file_name(title or "chart", ".png"), "image/png")
        yield axes, file
        if title:
            axes.set_title(_short(title, 90), fontweight="bold" if style.adorned else "normal")
        if style.adorned:
            _adorn(axes)
        figure.savefig(file.path, format="png")


def _adorn(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)


def draw_bars(axes: Axes, bars: Bars, *, style: Style) -> None:
    """Bars side by side, labelled where the data name them; grouped where they form series."""
    if bars.series:
        _draw_grouped(axes, bars, style=style)
    else:
        _draw_plain(axes, bars, style=style)
    axes.set_ylabel(bars.y.name)
    axes.set_xlabel(bars.x.name + (f" (the {len(bars.names)} largest)" if bars.left_out else ""))
    axes.margins(y=0.12)
    if style.adorned:
        axes.grid(axis="y", color="#dddddd", linewidth=0.8)


def _draw_plain(axes: Axes, bars: Bars, *, style: Style) -> None:
    places = range(len(bars.names))
    drawn = axes.bar(places, bars.heights, color=_colours(bars, style))
    _name_places(axes, bars.names)
    values = [_figure(height) for height in bars.heights] if style.adorned else [""] * len(bars.heights)
    texts = ["\n".join(filter(None, pair)) for pair in zip(_padded(bars), values, strict=True)]
    if any(texts) and len(texts) <= _LONG_NAMES:
        axes.bar_label(drawn, labels=texts, padding=2, fontsize=8 if len(texts) <= 12 else 6)


def _draw_grouped(axes: Axes, bars: Bars, *, style: Style) -> None:
    names, series = list(dict.fromkeys(bars.names)), sorted(set(bars.series))
    height = {
        (name, one): value for name, one, value in zip(bars.names, bars.series, bars.heights, strict=True)
    }
    width = 0.8 / len(series)
    for number, one in enumerate(series):
        places = [place - 0.4 + width * (number + 0.5) for place in range(len(names))]
        values = [height.get((name, one), 0.0) for name in names]
        drawn = axes.bar(places, values, width=width, label=one)
        if style.adorned and len(bars.names) <= 30:
            axes.bar_label(drawn, labels=[_figure(value) if value else "" for value in values], fontsize=7)
    _name_places(axes, names)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)


def draw_lines(axes: Axes, lines: Sequence[Line], *, x: str, y: str) -> None:
    """One line for each series, with a legend where there are several."""
    for line in lines:
        if line.xs and isinstance(line.xs[0], str):
            axes.plot(range(len(line.xs)), line.ys, marker="o", markersize=3, label=line.name)
            _name_places(axes, line.xs)
        else:
            axes.plot(
                line.xs, line.ys, marker="o" if len(line.xs) <= 60 else None, markersize=3, label=line.name
            )
            axes.tick_params(axis="x", labelrotation=30 if not _is_number(line.xs) else 0)
    _finish(axes, lines, x=x, y=y)


def draw_points(axes: Axes, clouds: Sequence[Line], *, x: str, y: str) -> None:
    """One cloud of points for each series."""
    for cloud in clouds:
        axes.scatter(cloud.xs, cloud.ys, s=16, alpha=0.7, label=cloud.name)
    _finish(axes, clouds, x=x, y=y)


def draw_histogram(axes: Axes, values: Sequence[float], *, bins: int | None, name: str) -> None:
    """How many values fall into each of `bins` ranges (a good number of them by default)."""
    axes.hist(values, bins=bins or min(50, max(5, round(len(values) ** 0.5))), edgecolor="white")
    axes.set_xlabel(name)
    axes.set_ylabel("how many")
    axes.grid(axis="y", color="#dddddd", linewidth=0.8)


def draw_pie(axes: Axes, shares: Sequence[tuple[str, float]]) -> None:
    """Slices by size, with names and percentages."""
    axes.pie(
        [share for _, share in shares],
        labels=[_short(name, 30) for name, _ in shares],
        autopct="%1.1f%%",
        startangle=90,
        counterclock=False,
        wedgeprops={"edgecolor": "white"},
        colors=_PALETTE,
    )
    axes.axis("equal")


def _finish(axes: Axes, lines: Sequence[Line], *, x: str, y: str) -> None:
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(color="#dddddd", linewidth=0.8)
    if len(lines) > 1:
        axes.legend(frameon=False)


def _name_places(axes: Axes, names: Sequence[str]) -> None:
    long = sum(map(len, names)) > _LONG_NAMES
    axes.set_xticks(
        range(len(names)),
        labels=[_short(str(name), 24) for name in names],
        rotation=45 if long else 0,
        ha="right" if long else "center",
    )


def _colours(bars: Bars, style: Style) -> Any:
    """In the styled chart, bars with the same label share a colour."""
    if not style.adorned or not bars.labels:
        return _PALETTE[0]
    known = {
        label: _PALETTE[number % len(_PALETTE)] for number, label in enumerate(dict.fromkeys(bars.labels))
    }
    return [known[label] for label in bars.labels]


def _padded(bars: Bars) -> tuple[str, ...]:
    return tuple(_short(label, 20) for label in bars.labels) if bars.labels else ("",) * len(bars.names)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.4g}"


def _short(text: str, length: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= length else flat[: length - 1] + "…"


def _is_number(values: Sequence[Any]) -> bool:
    return all(isinstance(value, (int, float)) for value in values)
