"""Rates by groups of rows, beside those of a reference group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from modelyard.analysis.charts import words
from modelyard.analysis.charts.layers import SHARE, Groups, Sketch, of
from modelyard.analysis.charts.points import Point, drawable
from modelyard.analysis.charts.types import NothingToDraw
from modelyard.analysis.group_types import Fairness

MOST_GROUPS = 16
APART = "\n"
"""Between the group and the rate of a line; no name has it."""


@dataclass(frozen=True)
class Panels(Groups):
    """Groups below the title of each panel; a line is a title, or names its group and panel."""

    def y(self) -> alt.Y:
        """The lines, in their order; a title stands out."""
        is_title = f"indexof(datum.value, '{_escaped(APART)}') < 0"
        axis = alt.Axis(
            labelExpr=f"split(datum.value, '{_escaped(APART)}')[0]",
            labelFontWeight={"condition": {"test": is_title, "value": 600}, "value": 400},
            labelLimit=180,
            labelOverlap=False,
            gridOpacity={"condition": {"test": is_title, "value": 0}, "value": 1},
            grid=True,
            domain=False,
        )
        return alt.Y("row:N", title=None, scale=alt.Scale(domain=list(self.names)), axis=axis)


def fairness(found: Fairness) -> Sketch:
    """A panel for each rate: a point with its interval for each group, around the reference's.

    Raises:
        NothingToDraw: no group has any of the rates.
    """
    column = words.clean(found.column)
    shown = _shown(found)
    names = dict(zip(shown, words.names_of(found.rates.label[at] for at in shown), strict=True))
    base = found.rates.label.index(found.reference)
    table = found.rates.model_dump()
    lines: list[str] = []
    rows: list[Point] = []
    marks: list[Point] = []
    told: list[str] = []
    for rate, title in words.RATES.items():
        values = table[rate]
        points: list[Point] = [
            {
                "row": f"{name}{APART}{title}",
                "name": name,
                "line": title,
                "value": values[at],
                "low": table[f"{rate}_low"][at],
                "high": table[f"{rate}_high"][at],
            }
            for at, name in names.items()
            if drawable(values[at])
        ]
        if not points:
            continue
        panel = [title, *(point["row"] for point in points)]
        lines += panel
        rows += points
        if drawable(values[base]):
            marks += [
                {"line": title, "row": row, "value": values[base], "at": at}
                for at, row in enumerate(panel)
            ]
        told.append(_told(title, points))
    if not rows:
        raise NothingToDraw(f"no group of {column} has a rate")
    chart = Panels(lines, "Rate", column, across_format=SHARE)
    reference = words.quoted(found.reference)
    more = len(found.rates.label) - len(shown)
    few = f"; {more} groups are not drawn" if more else ""
    return Sketch(
        [_reference(chart), *_dots(chart)],
        {"groups": rows, "reference": marks},
        note=f"dashed: {reference}, the reference",
        description=f"Rates by {column} beside those of {reference}: {'; '.join(told)}{few}.",
        height=max(120, 22 * len(lines) + 40),
    )


def _shown(found: Fairness) -> list[int]:
    """The groups of most weight, and the reference; in their order."""
    base = found.rates.label.index(found.reference)
    others = [at for at in range(len(found.rates.label)) if at != base]
    others.sort(key=lambda at: -found.rates.weight[at])
    return sorted([base, *others[: MOST_GROUPS - 1]])


def _reference(chart: Panels) -> alt.Chart:
    """A line down each panel, at the rate of the reference."""
    line = of("reference").mark_line(style="reference", clip=True)
    found: alt.Chart = line.encode(x=chart.x("value"), y=chart.y(), detail="line:N", order="at:Q")
    return found


def _dots(chart: Panels) -> list[alt.Chart]:
    """Points that tell a pointer their panel, too."""
    *below, dots = chart.dots()
    tooltip = [*dots.encoding.tooltip, alt.Tooltip("line:N", title="Rate")]
    return [*below, dots.encode(tooltip=tooltip)]


def _told(title: str, points: Sequence[Point]) -> str:
    least = min(points, key=lambda point: float(point["value"]))
    most = max(points, key=lambda point: float(point["value"]))
    return (
        f"{title.lower()} from {words.number(least['value'])} for {words.quoted(least['name'])} "
        f"to {words.number(most['value'])} for {words.quoted(most['name'])}"
    )


def _escaped(text: str) -> str:
    return text.encode("unicode_escape").decode()
