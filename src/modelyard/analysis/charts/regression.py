"""Predicted numbers: beside the true ones, and their errors."""

from __future__ import annotations

import altair as alt

from modelyard.analysis.charts import words
from modelyard.analysis.charts.layers import Axes, Sketch, diagonal, of, told
from modelyard.analysis.charts.points import Point, points, required
from modelyard.analysis.charts.types import Content, Subject


def scatter(content: Content, subject: Subject) -> Sketch:
    """Squares of truth by prediction, coloured by the rows in them."""
    ends = ("truth_low", "truth_high", "predicted_low", "predicted_high")
    cells = required(points(content, (*ends, "weight")))
    axes = _both(subject)
    rows = sum(cell["weight"] for cell in cells)
    right = sum(cell["weight"] for cell in cells if cell["truth_low"] == cell["predicted_low"])
    line, on_line = _equal(axes, cells, ends)
    square = (
        of("cells")
        .mark_rect()
        .encode(
            x=axes.x("truth_low"),
            x2=alt.X2("truth_high"),
            y=axes.y("predicted_low"),
            y2=alt.Y2("predicted_high"),
            color=alt.Color(
                "weight:Q",
                title=_rows(subject),
                scale=alt.Scale(type="sqrt"),
                legend=alt.Legend(format=",.3~s", gradientLength=120),
            ),
            tooltip=[
                told("truth_low", "Truth from", ",.4~g"),
                told("truth_high", "to", ",.4~g"),
                told("predicted_low", "Predicted from", ",.4~g"),
                told("predicted_high", "to", ",.4~g"),
                told("weight", _rows(subject), ",.6~g"),
            ],
        )
    )
    return Sketch(
        [square, line],
        {"cells": cells, "diagonal": on_line},
        note=f"{words.count(rows)} rows",
        description=f"Predicted by true {subject.target} of {words.count(rows)} rows in squares; "
        f"{words.percent(right / rows if rows else None)} of them lie on the line where both are "
        "equal.",
        height=340,
    )


def sampled(content: Content, subject: Subject) -> Sketch:
    """Some rows as points."""
    some = required(points(content, ("truth", "predicted"), ("row",)))
    axes = _both(subject)
    line, on_line = _equal(axes, some, ("truth", "predicted"))
    pointed = [
        alt.Tooltip("row:Q", title="Row", format="d"),
        told("truth", "Truth", ",.5~g"),
        told("predicted", "Predicted", ",.5~g"),
    ]
    above = sum(row["predicted"] > row["truth"] for row in some) / len(some)
    return Sketch(
        [
            line,
            axes.points("rows", "truth", "predicted", style="faint").encode(tooltip=pointed),
        ],
        {"rows": some, "diagonal": on_line},
        note=f"{len(some):,} rows",
        description=f"Predicted by true {subject.target} of {len(some):,} rows: "
        f"{words.percent(above)} of them are predicted too high.",
        height=340,
    )


def errors(content: Content, subject: Subject) -> Sketch:
    """Rows by error as bars, beside no error and the mean error."""
    bars = required(points(content, ("low", "high", "weight")))
    axes = Axes(_error(subject), _rows(subject), up_format=",.3~s")
    mean, std = content.get("mean"), content.get("std")
    note = "" if mean is None else f"mean {words.number(mean)}, deviation {words.number(std)}"
    smallest, largest = content.get("smallest"), content.get("largest")
    ends = f"; from {words.number(smallest)} to {words.number(largest)}"
    pointed = [
        told("low", "Error from", ",.4~g"),
        told("high", "to", ",.4~g"),
        told("weight", _rows(subject), ",.6~g"),
    ]
    return Sketch(
        [
            of("bars")
            .mark_rect(style="counted")
            .encode(
                x=axes.x("low"),
                x2=alt.X2("high"),
                y=axes.y("weight"),
                y2=alt.Y2Datum(0),
                tooltip=pointed,
            ),
            of("none").mark_rule(style="reference").encode(x=axes.x("low")),
            of("mean").mark_rule(style="threshold").encode(x=axes.x("low")),
        ],
        {
            "bars": bars,
            "none": [{"low": 0}] if bars[0]["low"] <= 0 <= bars[-1]["high"] else [],
            "mean": [] if mean is None else [{"low": mean}],
        },
        note=note,
        description=f"Distribution of the errors of {subject.target}: {note or 'no mean'}{ends}.",
    )


def percentiles(content: Content, subject: Subject) -> Sketch:
    """Errors and absolute errors that so many percent of the rows stay below, with whiskers."""
    kinds = {"error": "Error", "absolute": "Absolute error"}
    found: list[Point] = []
    for kind, name in kinds.items():
        given = points(content, ("percent", kind), (f"{kind}_low", f"{kind}_high"))
        found += [
            {
                "percent": p["percent"],
                "value": p[kind],
                "low": p[f"{kind}_low"],
                "high": p[f"{kind}_high"],
                "line": name,
            }
            for p in given
        ]
    required(found)
    axes = Axes("Percent of the rows", _error(subject), across_domain=(0, 100))
    names = list(kinds.values())
    half = next((p for p in found if p["percent"] == 50 and p["line"] == names[1]), None)
    most = next((p for p in found if p["percent"] == 90 and p["line"] == names[1]), None)
    note = (
        ""
        if half is None or most is None
        else f"half of the rows are off by {words.number(half['value'])} or less, 90 % by "
        f"{words.number(most['value'])}"
    )
    pointed = [
        alt.Tooltip("line:N", title="What"),
        told("percent", "Percent", "d"),
        told("value", "Error", ",.4~g"),
        told("low", "From", ",.4~g"),
        told("high", "To", ",.4~g"),
    ]
    lines = axes.series("lines", "percent", "value", names)
    return Sketch(
        [
            axes.whiskers("lines", "percent").encode(color=alt.Color("line:N")),
            lines,
            axes.points("lines", "percent", "value").encode(
                color=alt.Color("line:N"), tooltip=pointed
            ),
        ],
        {"lines": found},
        note=note,
        description=f"Percentiles of the errors of {subject.target}{f': {note}' if note else ''}.",
    )


def quantiles(content: Content, subject: Subject) -> Sketch:
    """Quantiles of errors by those of the normal distribution, beside the line of normal errors."""
    found = required(points(content, ("normal", "error")))
    mean, std = content.get("mean"), content.get("std")
    line: list[Point] = []
    if mean is not None and std is not None:
        line = [
            {"normal": end["normal"], "error": mean + std * end["normal"]}
            for end in (found[0], found[-1])
        ]
    axes = Axes("Quantile of a normal distribution", _error(subject))
    pointed = [told("normal", "Normal"), told("error", "Error", ",.4~g")]
    low, high = found[0]["error"], found[-1]["error"]
    beside = (
        ""
        if not line
        else f", where normal ones would reach from {words.number(line[0]['error'])} to "
        f"{words.number(line[1]['error'])}"
    )
    return Sketch(
        [
            axes.line("line", "normal", "error", style="reference"),
            axes.points("quantiles", "normal", "error", size=20).encode(tooltip=pointed),
        ],
        {"quantiles": found, "line": line},
        note="" if std is None else f"deviation {words.number(std)}",
        description=f"Quantiles of the errors of {subject.target} reach from {words.number(low)} "
        f"to {words.number(high)}{beside}.",
    )


def _both(subject: Subject) -> Axes:
    return Axes(f"True {subject.target}", f"Predicted {subject.target}")


def _equal(axes: Axes, found: list[Point], ends: tuple[str, ...]) -> tuple[alt.Chart, list[Point]]:
    """The line on which truth and prediction are equal, over the range of both."""
    values = [point[end] for point in found for end in ends]
    return diagonal(axes, min(values), max(values))


def _error(subject: Subject) -> str:
    return f"Error (predicted less true {subject.target})"


def _rows(subject: Subject) -> str:
    return "Weight of rows" if subject.weighted else "Rows"
