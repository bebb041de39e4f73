"""Tools that draw charts of tables as PNG images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.builtin import chart_data, charts
from tools.builtin.duck import holding
from tools.builtin.fields import Field, integer, outputs, schema, string
from tools.builtin.table_fields import DATA, DATA_TYPES, ERRORS, column
from tools.errors import BadArguments
from tools.spec import Believed, Docs, Kind, Limits, Ports, Runs, Tool, file_schema
from tools.work import Work


def plot_bar_simple(
    data: Any,
    *,
    work: Work,
    x: str | None = None,
    y: str | None = None,
    label: str | None = None,
    title: str | None = None,
) -> dict[str, Any]:
    """A plain bar chart, small and quick."""
    with holding(work.scratch, data=data) as duck:
        bars = chart_data.bars(duck, x=x, y=y, label=label)
    return _bar_chart(bars, title=title or _title_of(data), style=charts.SIMPLE, work=work)


def plot_bar_styled(
    data: Any,
    *,
    work: Work,
    x: str | None = None,
    y: str | None = None,
    label: str | None = None,
    group: str | None = None,
    title: str | None = None,
) -> dict[str, Any]:
    """A bar chart for a report: sharp, with values on the bars, and grouped by a column if asked."""
    with holding(work.scratch, data=data) as duck:
        bars = chart_data.bars(duck, x=x, y=y, label=label, group=group)
    made = title or _title_of(data) or f"{bars.y.name} by {bars.x.name}"
    return _bar_chart(bars, title=made, style=charts.STYLED, work=work)


def plot_line(
    data: Any,
    *,
    work: Work,
    x: str | None = None,
    y: str | None = None,
    group: str | None = None,
    title: str | None = None,
) -> dict[str, Any]:
    """A line chart of values along time or another ordered column."""
    with holding(work.scratch, data=data) as duck:
        across, up, lines = chart_data.line_series(duck, x=x, y=y, group=group)
    with charts.canvas(work, title=title or f"{up.name} by {across.name}", style=charts.STYLED) as (
        axes,
        image,
    ):
        charts.draw_lines(axes, lines, x=across.name, y=up.name)
    return {"image": image}


def plot_pie(
    data: Any,
    *,
    work: Work,
    x: str | None = None,
    y: str | None = None,
    slices: int = 8,
    title: str | None = None,
) -> dict[str, Any]:
    """A pie chart of the shares of a total."""
    with holding(work.scratch, data=data) as duck:
        up, shares = chart_data.shares(duck, x=x, y=y, slices=slices)
    with charts.canvas(work, title=title or f"shares of {up.name}", style=charts.STYLED) as (axes, image):
        charts.draw_pie(axes, shares)
    return {"image": image}


def plot_histogram(
    data: Any, *, work: Work, x: str | None = None, bins: int | None = None, title: str | None = None
) -> dict[str, Any]:
    """A histogram of how the values of a column are spread."""
    with holding(work.scratch, data=data) as duck:
        found, values = chart_data.numbers(duck, x, field="x")
    if not values:
        raise BadArguments(f"column {found.name!r} is empty", paths=("/x",))
    with charts.canvas(work, title=title or f"distribution of {found.name}", style=charts.STYLED) as (
        axes,
        image,
    ):
        charts.draw_histogram(axes, values, bins=bins, name=found.name)
    return {"image": image}


def plot_scatter(
    data: Any,
    *,
    work: Work,
    x: str | None = None,
    y: str | None = None,
    group: str | None = None,
    title: str | None = None,
) -> dict[str, Any]:
    """A scatter plot of one column of numbers against another."""
    with holding(work.scratch, data=data) as duck:
        across, up, clouds = chart_data.points(duck, x=x, y=y, group=group)
    with charts.canvas(work, title=title or f"{up.name} against {across.name}", style=charts.STYLED) as (
        axes,
        image,
    ):
        charts.draw_points(axes, clouds, x=across.name, y=up.name)
    return {"image": image}


def _bar_chart(bars: chart_data.Bars, *, title: str, style: charts.Style, work: Work) -> dict[str, Any]:
    with charts.canvas(work, title=title, style=style) as (axes, image):
        charts.draw_bars(axes, bars, style=style)
    return {"image": image}


def _title_of(data: Any) -> str:
    """The name of a table value says what it is; that of a file does not."""
    return str(data.get("name") or "") if isinstance(data, Mapping) else ""


_OUTPUT = outputs(image=file_schema("image/png", description="the chart"))
_X = column(
    "the column of names under the bars, slices or along the line; by default the first of names", "any"
)
_Y = column("the column of numbers; by default the one that looks like an amount", "number")
_NUMBER_X = column("the column of numbers to look at; by default the one that looks like an amount", "number")
_GROUP = column("a column whose values become series of their own, beside each other", "category")
_LABEL = column("a column to write on the bars; by default a second column of names", "category")
_TITLE = string("what to write above the chart", maxLength=200)
_BAR_WORDS = (
    "Bar chart, bars, bar graph, column chart, columns, draw columns, plot, graph, diagram, "
    "chart it, draw, visualise, visualize, "
    "picture or compare amounts of categories, such as sales by region or the best product of each area. "
)


def _tool(
    name: str,
    function: Any,
    *,
    summary: str,
    fields: Mapping[str, Field],
    when: str,
    request: str,
    believed: Believed,
    does: str | None = None,
) -> Tool:
    """A record with what all charts have in common."""
    types = {"bins": ("integer",), "slices": ("integer",), "title": ("string",)}
    return Tool(
        name=name,
        summary=summary,
        kind=Kind.PYTHON,
        does=(does or name,),
        input_schema=schema({"data": DATA, **fields, "title": _TITLE}, ["data"]),
        output_schema=_OUTPUT,
        ports=Ports(
            {"data": DATA_TYPES, **{field: types.get(field, ("column",)) for field in [*fields, "title"]}},
            {"image": "image/png"},
        ),
        limits=Limits(timeout=90),
        runs=Runs.PROCESS,
        believed=(believed,),
        tags=("charts", "images", "tables"),
        docs=Docs(
            when_to_use=when,
            examples=({"request": request, "arguments": {}},),
            errors=ERRORS,
            run_after=("top_per_group", "aggregate_table", "query_table"),
        ),
        binding={"function": f"{__name__}:{function.__name__}"},
    )


TOOLS: tuple[Tool, ...] = (
    _tool(
        "plot_bar_simple",
        plot_bar_simple,
        does="plot_bar",
        summary="Draw a plain bar or column chart of a table, small and quick.",
        fields={"x": _X, "y": _Y, "label": _LABEL},
        when=_BAR_WORDS + "A quick look in low resolution.",
        request="Which product sold most per region in this CSV, as a bar chart?",
        believed=Believed(seconds=0.15, quality=0.78, n=8),
    ),
    _tool(
        "plot_bar_styled",
        plot_bar_styled,
        does="plot_bar",
        summary="Draw a styled bar chart of a table, sharp, with values on the bars, grouped if asked.",
        fields={"x": _X, "y": _Y, "label": _LABEL, "group": _GROUP},
        when=_BAR_WORDS + "High resolution for a report, with values, colours and grouped bars.",
        request="Make a bar chart of the sales of each product, grouped by year, for the report",
        believed=Believed(seconds=0.22, quality=0.93, n=8),
    ),
    _tool(
        "plot_line",
        plot_line,
        summary="Draw a line chart of values over time or along another ordered column.",
        fields={"x": _X, "y": _Y, "group": _GROUP},
        when=(
            "Line chart, line graph, curve, trend, time series, development or change over days, "
            "months or years."
        ),
        request="Plot the monthly revenue as a line",
        believed=Believed(seconds=0.4, quality=0.9, n=6),
    ),
    _tool(
        "plot_pie",
        plot_pie,
        summary="Draw a pie chart of the shares of a whole.",
        fields={
            "x": _X,
            "y": _Y,
            "slices": integer(
                "slices before the rest is put together",
                minimum=1,
                maximum=11,
                default=8,
                **{"x-unit": ["slice", "slices"]},
            ),
        },
        when="Pie chart, shares, percentages, parts of a whole, composition, what makes up the whole.",
        request="Show the share of each product in the sales as a pie chart",
        believed=Believed(seconds=0.35, quality=0.9, n=6),
    ),
    _tool(
        "plot_histogram",
        plot_histogram,
        summary="Draw a histogram of how the values of a column are spread.",
        fields={
            "x": _NUMBER_X,
            "bins": integer(
                "how many ranges", minimum=1, maximum=200, **{"x-unit": ["bin", "bins", "ranges", "buckets"]}
            ),
        },
        when="Histogram, distribution, spread or frequency of the values of a column of numbers.",
        request="Histogram of the ages with 20 bins",
        believed=Believed(seconds=0.35, quality=0.9, n=6),
    ),
    _tool(
        "plot_scatter",
        plot_scatter,
        summary="Draw a scatter plot of one column of numbers against another.",
        fields={"x": _NUMBER_X, "y": _Y, "group": _GROUP},
        when="Scatter plot, cloud of points, correlation or relation between two columns of numbers.",
        request="Plot height against weight",
        believed=Believed(seconds=0.45, quality=0.9, n=6),
    ),
)
