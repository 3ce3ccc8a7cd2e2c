"""Two sides beside each other: columns, predictions, metrics, and what moved by what matters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import altair as alt

from modelyard.analysis.charts import words
from modelyard.analysis.charts.layers import Axes, Groups, Sketch, dash, encoded, of, told
from modelyard.analysis.charts.points import Point, drawable, required
from modelyard.analysis.charts.types import NothingToDraw
from modelyard.analysis.drift.types import (
    ColumnDrift,
    Density,
    Expected,
    MetricChange,
    PerformanceDrift,
    Shares,
)
from modelyard.analysis.names import name_of

MOST_BINS = 30
MOST_WIDER = 40
"""How many times wider than another a range may be to be drawn as wide as it is."""
NAMED = 8
"""Columns that are named beside their points."""
Names = tuple[str, str]
"""What the reference and the current side are called."""


def column(found: ColumnDrift, names: Names) -> Sketch:
    """The shares of both sides: areas over ranges of numbers, bars of categories."""
    if found.shares is None:
        raise NothingToDraw(found.why or "nothing is known of its values")
    sketch = _ranges(found, found.shares, names) if _alike(found.shares) else None
    return sketch or shares(found.shares, words.clean(found.name), names)


def columns(found: Sequence[ColumnDrift], test: str, _names: Names) -> Sketch:
    """How far each column moved by a test, the farthest first."""
    rows: list[Point] = [
        {"name": name, "value": result.statistic, "low": None, "high": None}
        for name, each in zip(words.names_of(each.name for each in found), found, strict=True)
        for result in each.tests
        if result.test == test and drawable(result.statistic)
    ]
    rows.sort(key=lambda row: -row["value"])
    rows = required(rows)[:MOST_BINS]
    chart = Groups([row["name"] for row in rows], test.upper(), "Column")
    return Sketch(
        chart.dots(),
        {"groups": rows},
        note="",
        description=f"{test.upper()} of {len(rows)} columns: the largest is that of "
        f"{rows[0]['name']}, {words.number(rows[0]['value'])}.",
        height=max(120, 26 * len(rows) + 30),
    )


def shares(found: Shares, what: str, names: Names) -> Sketch:
    """Bars of both sides, by category."""
    sides = _sides(names)
    bins = words.names_of(found.bin[:MOST_BINS])
    rows: list[Point] = []
    for name, before, after in zip(bins, found.reference, found.current, strict=False):
        rows += [
            {"name": name, "line": sides[0], "share": before},
            {"name": name, "line": sides[1], "share": after},
        ]
    required(rows)
    gaps = [abs(a - b) for a, b in zip(found.reference, found.current, strict=True)]
    at = gaps.index(max(gaps[:MOST_BINS]))
    left = len(found.bin) - MOST_BINS
    more = f"; {left} more are not drawn" if left > 0 else ""
    bars = of("shares").mark_bar(width={"band": 0.9})
    x = alt.X("name:N", title=what, sort=bins, axis=alt.Axis(labelAngle=-40, labelLimit=120))
    y = alt.Y("share:Q", title="Share of the rows", axis=alt.Axis(format=".0%"))
    pointed = [
        alt.Tooltip("name:N", title=what),
        alt.Tooltip("line:N", title="Side"),
        told("share", "Share", ".2%"),
    ]
    beside = alt.XOffset("line:N", sort=list(sides))
    return Sketch(
        [encoded(bars, x=x, y=y, xOffset=beside, color=_colour(sides, "square"), tooltip=pointed)],
        {"shares": rows},
        note="",
        description=f"Shares of {what} on both sides; the largest change is that of {bins[at]}, "
        f"from {words.percent(found.reference[at])} to {words.percent(found.current[at])}{more}.",
    )


def density(found: Density, what: str, names: Names) -> Sketch:
    """How the values of both sides are spread: the reference as an area, current as a line."""
    sides = _sides(names)
    axes = Axes(what, "Density")
    rows: list[Point] = []
    for value, before, after in zip(found.value, found.reference, found.current, strict=True):
        rows += [
            {"value": value, "line": sides[0], "density": before, "low": 0, "high": before},
            {"value": value, "line": sides[1], "density": after, "low": 0, "high": after},
        ]
    required(rows)
    older = of("densities").transform_filter(alt.datum.line == sides[0])
    area = older.mark_area(style="second-area")
    line = axes.line("densities", "value", "density")
    pointed = [
        alt.Tooltip("line:N", title="Side"),
        told("value", what),
        told("density", "Density"),
    ]
    peaks = [
        found.value[max(range(len(side)), key=side.__getitem__)]
        for side in (found.reference, found.current)
    ]
    return Sketch(
        [
            encoded(area, x=axes.x("value"), y=axes.y("low"), y2=alt.Y2("high")),
            encoded(line, color=_colour(sides), strokeDash=dash(sides)),
            axes.hover("densities", "value", "density", pointed),
        ],
        {"densities": rows},
        note="",
        description=f"Densities of {what}: the peak of {sides[0]} is at {words.number(peaks[0])}, "
        f"that of {sides[1]} at {words.number(peaks[1])}.",
    )


def importance(columns: Sequence[ColumnDrift], names: Names) -> Sketch:
    """A point for each column: what it tells of the side, by what the model takes from it."""
    rows: list[Point] = [
        {
            "name": words.clean(each.name),
            "across": each.model_importance,
            "up": each.drift_importance or 0.0,
            "outcome": each.outcome,
        }
        for each in columns
        if each.model_importance is not None
    ]
    if not rows:
        raise NothingToDraw(
            "what the model takes from its columns is not known; an evaluation keeps its "
            "importances once they are measured: modelyard evaluations importance ID"
        )
    rows.sort(key=lambda row: -max(row["across"], row["up"]))
    for at, row in enumerate(rows):
        row["label"] = row["name"] if at < NAMED else ""
    axes = Axes(
        "Share of the model's importance",
        f"Share of what tells {_sides(names)[1]} apart",
        *(".0%", ".0%"),
        zero=True,
    )
    pointed = [
        alt.Tooltip("name:N", title="Column"),
        told("across", "To the model", ".1%"),
        told("up", "To telling sides apart", ".1%"),
        alt.Tooltip("outcome:N", title="Outcome"),
    ]
    points = axes.points("columns", "across", "up")
    text = of("columns").mark_text(style="named", align="left", dx=7, dy=-5)
    both = max(rows, key=lambda row: min(row["across"], row["up"]))
    return Sketch(
        [
            encoded(points.mark_point(size=60), tooltip=pointed),
            encoded(text, x=axes.x("across"), y=axes.y("up"), text="label:N"),
        ],
        {"columns": rows},
        note="up: helps to tell the sides apart; right: helps the model",
        description=f"{len(rows)} columns by what they are to the model and to telling the sides "
        f"apart; {both['name']} has most of both: {words.percent(both['across'])} and "
        f"{words.percent(both['up'])}.",
    )


def differences(found: PerformanceDrift, names: Names) -> Sketch:
    """The change of each metric with its interval, around zero."""
    if found.reason:
        raise NothingToDraw(found.reason)
    known = [each for each in found.metrics if drawable(each.difference.value)]
    rows = [_difference(each) for each in known]
    required(rows)
    sides = _sides(names)
    chart = Groups([row["name"] for row in rows], f"{sides[1]} minus {sides[0]}", "Metric")
    worse = [name_of(each.code) for each in known if each.change == "worse"]
    said = f"worse beyond chance: {words.listed(worse)}" if worse else "none is worse beyond chance"
    return Sketch(
        [of("none").mark_rule(style="reference").encode(x=chart.x("value")), *chart.dots()],
        {"groups": rows, "none": [{"value": 0}]},
        note="",
        description=f"Changes of {len(rows)} metrics; {said}.",
        height=max(120, 26 * len(rows) + 30),
    )


def expected(found: Expected, names: Names) -> Sketch:
    """What is expected of each metric, beside what came true."""
    if found.reason:
        raise NothingToDraw(found.reason)
    series = ("expected", "realised")
    metrics = {"expected": found.metrics, "realised": found.realised}
    rows: list[Point] = [
        {
            "name": name_of(each.code),
            "line": line,
            "value": each.value,
            "low": each.low,
            "high": each.high,
        }
        for line, some in metrics.items()
        for each in some
        if drawable(each.value)
    ]
    required(rows)
    there = list(dict.fromkeys(row["name"] for row in rows))
    lines = [line for line in series if any(row["line"] == line for row in rows)]
    chart = Groups(there, f"Metric on {_sides(names)[1]}", "Metric", series=lines)
    first = rows[0]
    return Sketch(
        chart.dots(),
        {"groups": rows},
        note="" if found.trusted else "cannot be trusted",
        description=f"Without a truth, {first['name']} is expected to be "
        f"{words.number(first['value'])}"
        f"{'' if len(lines) == 1 else '; what came true is beside it'}.",
        height=max(120, 40 * len(there) + 30),
    )


def _alike(held: Shares) -> bool:
    """Whether all ranges are wide enough to be seen on one scale: those of a long tail are not."""
    pairs = zip(held.low, held.high, strict=True)
    gaps = [b - a for a, b in pairs if a is not None and b is not None and math.isfinite(b - a)]
    widths = [gap for gap in gaps if gap > 0]
    return bool(widths) and max(widths) <= MOST_WIDER * min(widths)


def _ranges(found: ColumnDrift, held: Shares, names: Names) -> Sketch | None:
    """Densities over the ranges; None: there are none that have a width."""
    sides = _sides(names)
    rows: list[Point] = []
    apart: list[str] = []
    for name, low, high, before, after in zip(
        held.bin, held.low, held.high, held.reference, held.current, strict=True
    ):
        if low is None or high is None or not drawable(low) or not drawable(high) or high <= low:
            apart.append(
                f"{words.clean(name)}: {words.percent(before)}, then {words.percent(after)}"
            )
            continue
        for line, share in zip(sides, (before, after), strict=True):
            rows.append(
                {
                    "line": line,
                    "low": low,
                    "high": high,
                    "bottom": 0,
                    "density": share / (high - low),
                    "share": share,
                }
            )
    if not rows:
        return None
    axes = Axes(words.clean(found.name), "Density of the rows")
    pointed = [
        alt.Tooltip("line:N", title="Side"),
        told("low", "From", ".4~g"),
        told("high", "To", ".4~g"),
        told("share", "Share", ".2%"),
    ]
    drawn: dict[str, Any] = {"x": axes.x("low"), "x2": alt.X2("high")}
    boxes = of("ranges").mark_rect(opacity=0.35)
    tops = of("ranges").mark_rule(strokeWidth=2)
    gaps = [abs(a - b) for a, b in zip(held.reference, held.current, strict=True)]
    at = gaps.index(max(gaps))
    return Sketch(
        [
            encoded(
                boxes,
                **drawn,
                y=axes.y("bottom"),
                y2=alt.Y2("density"),
                color=_colour(sides),
                tooltip=pointed,
            ),
            encoded(tops, **drawn, y=axes.y("density"), color=_colour(sides)),
        ],
        {"ranges": rows},
        note="; ".join(apart[:3]),
        description=f"How {words.clean(found.name)} is spread on both sides; the largest change is "
        f"that of {words.clean(held.bin[at])}, from {words.percent(held.reference[at])} to "
        f"{words.percent(held.current[at])} of the rows.",
    )


def _difference(found: MetricChange) -> Point:
    gap = found.difference
    limits = drawable(gap.low) and drawable(gap.high)
    return {
        "name": name_of(found.code),
        "value": gap.value,
        "low": gap.low if limits else None,
        "high": gap.high if limits else None,
    }


def _sides(names: Names) -> Names:
    """Names of both sides that differ."""
    one, other = words.names_of(names)
    return one, other


def _colour(sides: Names, symbol: str = "stroke") -> alt.Color:
    """The colours that reference and current have everywhere."""
    scale = alt.Scale(domain=list(sides), range="ordinal")
    return alt.Color("line:N", title=None, scale=scale, legend=alt.Legend(symbolType=symbol))
