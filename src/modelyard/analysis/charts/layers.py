"""The layers that charts are made of: lines, bands, points, whiskers, rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import altair as alt

from modelyard.analysis.charts.points import Point
from modelyard.analysis.charts.theme import DASHES, SERIES

SHARE = ".0%"
HEIGHT = 260
SIGN, LETTER, LONGEST_LABEL = 40, 6, 130
"""Pixels of a legend: a sign with the room around it, a letter, a label at most."""


@dataclass
class Sketch:
    """A chart before it has a theme.

    Args:
        layers: from the ground up.
        data: the datasets that they name.
        note: the number that sums it up.
        description: what is to be seen, in one sentence.
        threshold: the value of the parameter of this name, where a layer refers to it.
        height: in pixels.
        roles: whose colours the series have, in turn.
    """

    layers: list[alt.Chart]
    data: dict[str, list[Point]]
    note: str
    description: str
    threshold: float | None = None
    height: int = HEIGHT
    roles: Sequence[str] = SERIES


@dataclass(frozen=True)
class Axes:
    """What is shown across and up, in words; all layers of a chart share them."""

    across: str
    up: str
    across_format: str = ""
    up_format: str = ""
    across_domain: Sequence[float] = ()
    up_domain: Sequence[float] = ()
    zero: bool = False

    def x(self, name: str) -> alt.X:
        """A column of numbers, across."""
        return alt.X(
            f"{name}:Q",
            title=self.across,
            axis=_axis(self.across_format),
            scale=_scale(self.across_domain, zero=self.zero),
        )

    def y(self, name: str) -> alt.Y:
        """A column of numbers, up."""
        return alt.Y(
            f"{name}:Q",
            title=self.up,
            axis=_axis(self.up_format),
            scale=_scale(self.up_domain, zero=self.zero),
        )

    def line(self, data: str, x: str, y: str, **mark: Any) -> alt.Chart:
        """A line through points, in their order."""
        order = alt.Order(f"{x}:Q")
        return encoded(of(data).mark_line(**mark), x=self.x(x), y=self.y(y), order=order)

    def series(self, data: str, x: str, y: str, names: Sequence[str], **mark: Any) -> alt.Chart:
        """A line for each name in the column `line`."""
        line = self.line(data, x, y, **mark)
        return encoded(line, color=colour(names), strokeDash=dash(names))

    def band(self, data: str, x: str, **mark: Any) -> alt.Chart:
        """The area between the columns `low` and `high`."""
        area = of(data).mark_area(**mark)
        return encoded(area, x=self.x(x), y=self.y("low"), y2=alt.Y2("high"))

    def points(self, data: str, x: str, y: str, **mark: Any) -> alt.Chart:
        """A point for each row."""
        return encoded(of(data).mark_point(**mark), x=self.x(x), y=self.y(y))

    def whiskers(self, data: str, x: str, low: str = "low", high: str = "high") -> alt.Chart:
        """A vertical line from one limit to the other, where a row has both."""
        whole = of(data).transform_filter(f"isValid(datum.{low}) && isValid(datum.{high})")
        rule = whole.mark_rule(style="whisker")
        return encoded(rule, x=self.x(x), y=self.y(low), y2=alt.Y2(high))

    def hover(self, data: str, x: str, y: str, told: Sequence[alt.Tooltip]) -> alt.Chart:
        """What a pointer finds: unseen points with what is told of them."""
        return encoded(self.points(data, x, y, style="hover"), tooltip=list(told))

    def threshold(self) -> alt.Chart:
        """A vertical line where the parameter `threshold` is."""
        rule = of("mark").transform_calculate(at="threshold").mark_rule(style="threshold")
        return encoded(rule, x=self.x("at"))

    def reached(self, data: str, x: str, y: str, *, falling: bool = False) -> alt.Chart:
        """A mark on a curve, where the parameter `threshold` leads to.

        Both columns rise along the curve; with `falling` the second one is that of the last point.
        """
        chosen = of(data).transform_filter(
            "isValid(datum.threshold) && datum.threshold >= threshold"
        )
        if falling:
            last: dict[str, Any] = {x: f"datum.last.{x}", y: f"datum.last.{y}"}
            chosen = chosen.transform_aggregate(last=f"argmax({x})").transform_calculate(**last)
        else:
            most: dict[str, Any] = {x: f"max({x})", y: f"max({y})"}
            chosen = chosen.transform_aggregate(**most)
        return encoded(chosen.mark_point(style="mark"), x=self.x(x), y=self.y(y))


@dataclass(frozen=True)
class Groups:
    """Things one below the other, with numbers across."""

    names: Sequence[str]
    across: str
    what: str
    across_format: str = ""
    across_domain: Sequence[float] = ()
    series: Sequence[str] = field(default=())

    def x(self, name: str) -> alt.X:
        """A column of numbers, across."""
        return alt.X(
            f"{name}:Q",
            title=self.across,
            axis=_axis(self.across_format),
            scale=_scale(self.across_domain),
        )

    def y(self) -> alt.Y:
        """The names, in their order."""
        axis = alt.Axis(labelLimit=180, grid=True, domain=False)
        return alt.Y("name:N", title=None, sort=list(self.names), axis=axis)

    def dots(self) -> list[alt.Chart]:
        """Points with whiskers, of each series."""
        whiskers = (
            of("groups")
            .transform_filter("isValid(datum.low) && isValid(datum.high)")
            .mark_rule(style="whisker")
            .encode(x=self.x("low"), x2=alt.X2("high"), y=self.y())
        )
        told = [
            alt.Tooltip("name:N", title=self.what),
            alt.Tooltip("value:Q", title=self.across, format=".3f"),
            alt.Tooltip("low:Q", title="From", format=".3f"),
            alt.Tooltip("high:Q", title="To", format=".3f"),
        ]
        dots = of("groups").mark_point(size=52).encode(x=self.x("value"), y=self.y(), tooltip=told)
        if not self.series:
            return [whiskers, dots]
        order = list(self.series)
        beside = alt.YOffset("line:N", sort=order, scale=alt.Scale(paddingOuter=0.6))
        by = alt.Color("line:N", title=None, scale=alt.Scale(domain=order))
        shape = alt.Shape("line:N", title=None, scale=alt.Scale(domain=order))
        told.insert(1, alt.Tooltip("line:N", title="Metric"))
        return [
            whiskers.encode(color=by, yOffset=beside),
            dots.encode(color=by, yOffset=beside, shape=shape, tooltip=told),
        ]


def of(data: str) -> alt.Chart:
    """A chart of a dataset that the spec names."""
    return alt.Chart(alt.NamedData(name=data))


def encoded(mark: alt.Chart, **channels: Any) -> alt.Chart:
    """A mark whose channels show columns."""
    found: alt.Chart = mark.encode(**channels)
    return found


def colour(names: Sequence[str]) -> alt.Color:
    """The colours of the theme for the names in the column `line`, in turn."""
    legend = alt.Legend(columns=fitting(names))
    return alt.Color("line:N", title=None, scale=alt.Scale(domain=list(names)), legend=legend)


def fitting(names: Sequence[str], beside: int = 60) -> alt.ExprRef:
    """How many names of a legend stand beside each other on a chart of any width.

    That is told from the place of the chart, if it has one: its own width depends on the legend.

    Args:
        names: in the legend.
        beside: pixels at the left of it that are not the legend's.
    """
    longest = max(map(len, names), default=0)
    wide = SIGN + min(LONGEST_LABEL, LETTER * longest)
    return alt.ExprRef(f"max(1, floor(((containerSize()[0] || width) - {beside}) / {wide}))")


def dash(names: Sequence[str]) -> alt.StrokeDash:
    """Their dashes."""
    scale = alt.Scale(domain=list(names), range=list(DASHES[: len(names)]))
    return alt.StrokeDash("line:N", title=None, scale=scale)


def diagonal(axes: Axes, low: float = 0.0, high: float = 1.0) -> tuple[alt.Chart, list[Point]]:
    """A dashed line on which both numbers are the same, and its dataset `diagonal`."""
    return (
        axes.line("diagonal", "low", "high", style="reference"),
        [{"low": low, "high": low}, {"low": high, "high": high}],
    )


def told(name: str, title: str, form: str = ".3f") -> alt.Tooltip:
    """A number that a pointer is told."""
    return alt.Tooltip(f"{name}:Q", title=title, format=form)


def _axis(form: str) -> alt.Axis:
    return alt.Axis(format=form) if form else alt.Axis()


def _scale(domain: Sequence[float], *, zero: bool = False) -> alt.Scale:
    if domain:
        return alt.Scale(domain=list(domain))
    return alt.Scale(zero=zero)
