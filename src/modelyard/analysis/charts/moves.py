"""What two versions answered to the same rows: scores, flips, slices and rows that move."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from modelyard.analysis.charts import words
from modelyard.analysis.charts.layers import (
    Axes,
    Groups,
    Sketch,
    colour,
    diagonal,
    encoded,
    of,
    told,
)
from modelyard.analysis.charts.points import Point, required
from modelyard.analysis.charts.theme import COMPARED
from modelyard.analysis.charts.types import NothingToDraw
from modelyard.analysis.group_types import named
from modelyard.analysis.moves.types import Flips, MovedSlice, MovedSlices, Shift

MOST = 30
WAYS = {"flips": "flips", "up": "rises", "down": "falls"}
Names = tuple[str, str]
"""What the version before and the one after are called."""


def scores(found: Shift, names: Names) -> Sketch:
    """The histograms of both versions, over each other."""
    if found.histogram is None:
        raise NothingToDraw(found.reason or "no row has a score of both")
    sides = words.names_of(names)
    bins = found.histogram
    rows: list[Point] = []
    for low, high, *shares in zip(bins.low, bins.high, bins.before, bins.after, strict=True):
        rows += [
            {"line": line, "low": low, "high": high, "bottom": 0, "share": share}
            for line, share in zip(sides, shares, strict=True)
        ]
    axes = Axes(words.clean(found.score.removeprefix("the ")).capitalize(), "Share of the rows")
    pointed = [
        alt.Tooltip("line:N", title="Version"),
        told("low", "From", ".4~g"),
        told("high", "To", ".4~g"),
        told("share", "Share", ".2%"),
    ]
    across = {"x": axes.x("low"), "x2": alt.X2("high"), "color": colour(sides)}
    boxes = encoded(
        of("bins").mark_rect(opacity=0.35),
        **across,
        y=axes.y("bottom"),
        y2=alt.Y2("share"),
        tooltip=pointed,
    )
    tops = encoded(of("bins").mark_rule(strokeWidth=2), **across, y=axes.y("share"))
    return Sketch(
        [boxes, tops],
        {"bins": required(rows)},
        note=f"KS {words.number(found.ks or 0.0)}",
        description=f"How {words.clean(found.score)} is spread: mean "
        f"{words.number(found.mean_before or 0.0)} by {sides[0]}, "
        f"{words.number(found.mean_after or 0.0)} by {sides[1]}.",
        roles=COMPARED,
    )


def flips(found: Flips, _names: Names) -> Sketch:
    """How many rows went from which class to which."""
    some = found.kinds[:MOST]
    if not some:
        raise NothingToDraw("no row is decided otherwise")
    names = words.names_of(f"{each.before} → {each.after}" for each in some)
    rows: list[Point] = [
        {"name": name, "value": each.rows, "low": None, "high": None}
        for name, each in zip(names, some, strict=True)
    ]
    chart = Groups(names, "Rows", "From, to", across_domain=(0, some[0].rows))
    return Sketch(
        chart.dots(),
        {"groups": rows},
        note=f"{found.flipped:,} of {found.rows:,} rows",
        description=f"Rows that flip: most from {names[0].replace(' → ', ' to ')}, "
        f"{some[0].rows:,}.",
        height=max(120, 26 * len(names) + 30),
    )


def _called(some: Sequence[MovedSlice]) -> list[str]:
    """What slices are called; one that both rises and falls says which."""
    names = [named(each.conditions) for each in some]
    return [
        f"{name} ({WAYS[each.what]})" if names.count(name) > 1 else name
        for name, each in zip(names, some, strict=True)
    ]


def slices(found: MovedSlices, _names: Names) -> Sketch:
    """A point with its interval for each slice, beside a line at the other rows.

    Flips and scores have no scale in common: what the first slice is of is drawn.
    """
    if not found.slices:
        raise NothingToDraw(found.reason or "no slice moves more than the other rows")
    is_of_flips = found.slices[0].what == "flips"
    some = [each for each in found.slices if (each.what == "flips") == is_of_flips][:MOST]
    names = words.names_of(_called(some))
    rows: list[Point] = [
        {
            "name": name,
            "value": each.inside - each.outside,
            "low": each.low,
            "high": each.high,
        }
        for name, each in zip(names, some, strict=True)
    ]
    what = "Share of flips" if is_of_flips else "Mean move of scores"
    chart = Groups(names, f"{'Flips' if is_of_flips else 'Move'} beyond other rows", "Slice")
    zero = of("zero").mark_rule(style="reference").encode(x=chart.x("value"))
    first = rows[0]
    return Sketch(
        [zero, *chart.dots()],
        {"groups": rows, "zero": [{"value": 0}]},
        note=f"{found.looked_at:,} slices were looked at",
        description=f"{what} in slices, less that of the other rows: surest where "
        f"{words.quoted(first['name'])}, {words.number(first['value'])} "
        f"({words.number(first['low'])} to {words.number(first['high'])}).",
        height=max(120, 26 * len(names) + 30),
    )


def movers(found: Sequence[tuple[float, float]], names: Names) -> Sketch:
    """The scores of the rows that move most: before across, after up."""
    if not found:
        raise NothingToDraw("no row moves, or versions give no scores")
    rows: list[Point] = [{"before": before, "after": after} for before, after in found]
    every = [value for pair in found for value in pair]
    low, high = min(every), max(every)
    sides = words.names_of(names)
    axes = Axes(f"Score by {sides[0]}", f"Score by {sides[1]}")
    line, ends = diagonal(axes, low, high)
    pointed = [told("before", sides[0]), told("after", sides[1])]
    points = axes.points("rows", "before", "after")
    return Sketch(
        [line, encoded(points.mark_point(size=50), tooltip=pointed)],
        {"rows": required(rows), "diagonal": ends},
        note="above the line: moved up",
        description=f"The {len(rows)} rows that move most: the first from "
        f"{words.number(found[0][0])} to {words.number(found[0][1])}.",
    )
