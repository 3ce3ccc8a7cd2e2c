"""A metric from one evaluation to the next: bars of one or two, else lines."""

from __future__ import annotations

from typing import Any

import altair as alt

from modelyard.analysis.charts import words
from modelyard.analysis.charts.layers import Sketch, colour, dash, encoded, of, told
from modelyard.analysis.charts.points import Point
from modelyard.analysis.charts.theme import SERIES
from modelyard.analysis.charts.types import NothingToDraw
from modelyard.analysis.history_types import History, HistoryPoint
from modelyard.analysis.names import name_of

MOST_LINES = len(SERIES)
MOST_LEVEL, SHORT = 8, 4
"""So many labels of so many letters stand beside each other, however narrow the chart is."""


def history(found: History) -> Sketch:
    """Points with intervals, joined in their order.

    Raises:
        NothingToDraw: no evaluation has the metric.
    """
    lines = list(dict.fromkeys(each.line for each in found.points))
    drawn = lines[:MOST_LINES]
    shown = [each for each in found.points if each.line in drawn]
    title = name_of(found.metric)
    if not shown:
        raise NothingToDraw(f"no evaluation has a value of {title}")
    more = f"; {len(lines) - len(drawn)} lines are not drawn" if lines[len(drawn) :] else ""
    rows = [_row(each, found) for each in shown]
    layers = _bars(rows, title) if found.shape == "bars" else _lines(found, title, drawn)
    known = [each for each in shown if each.value is not None]
    return Sketch(
        layers,
        {"history": rows},
        note=_at(known[-1]) if known else "",
        description=f"{title} by {_across(found)}: {_told(known)}{more}{_of_expected(found)}.",
    )


def _row(each: HistoryPoint, found: History) -> Point:
    at = each.at
    place: Any = words.clean(each.x)
    if at is not None:
        place = at * 1000 if found.reading == "date" else at
    return {
        "place": place,
        "name": words.clean(each.called if found.shape == "bars" else each.name),
        "x": words.clean(each.x),
        "line": words.clean(each.line),
        "value": each.value,
        "low": each.low,
        "high": each.high,
        "expected": each.expected,
    }


def _across(found: History) -> str:
    return {"created": "when they were made", "name": "name"}.get(found.x, words.clean(found.x))


def _of_expected(found: History) -> str:
    if all(each.expected is None for each in found.points):
        return ""
    off = found.expected_error
    error = "" if off is None else f", off by {words.number(off)} on average where both are known"
    return f"; the dashed line is what was expected without a truth{error}"


def _told(known: list[HistoryPoint]) -> str:
    if not known:
        return "no value is known"
    if len(known) == 1:
        return _at(known[0])
    ends = f"{_at(known[0])}, {_at(known[-1])}"
    least = min(known, key=lambda each: each.value or 0)
    most = max(known, key=lambda each: each.value or 0)
    return f"{ends}; lowest {_at(least)}, highest {_at(most)}"


def _at(each: HistoryPoint) -> str:
    return f"{words.number(each.value)} at {words.clean(each.called)}"


def _bars(rows: list[Point], title: str) -> list[alt.Chart]:
    names = words.names_of(row["name"] for row in rows)
    for row, name in zip(rows, names, strict=True):
        row["name"] = name
    x = alt.X("name:N", title=None, sort=None, axis=alt.Axis(labelAngle=0, labelLimit=140))
    y = alt.Y("value:Q", title=title, scale=alt.Scale(zero=True))
    bars = of("history").mark_bar(size=56)
    rules = _with_limits().mark_rule(style="whisker-on-bar")
    limits: dict[str, Any] = {"y": alt.Y("low:Q", title=title), "y2": alt.Y2("high")}
    return [
        encoded(bars, x=x, y=y, tooltip=_pointed(title)),
        encoded(rules, x=x, **limits),
    ]


def _lines(found: History, title: str, names: list[str]) -> list[alt.Chart]:
    x = _x(found)
    scale = alt.Scale(zero=False)
    y, low = alt.Y("value:Q", title=title, scale=scale), alt.Y("low:Q", title=title, scale=scale)
    line, dots = of("history").mark_line(), of("history").mark_point()
    hover = encoded(of("history").mark_point(style="hover"), x=x, y=y, tooltip=_pointed(title))
    # Without an order, a line over texts would go in the alphabet's.
    order = {"order": alt.Order("place:Q")} if found.reading != "text" else {}
    expected: list[alt.Chart] = []
    if len(names) == 1 and any(each.expected is not None for each in found.points):
        up = alt.Y("expected:Q", title=title, scale=scale)
        dashed = of("history").transform_filter("isValid(datum.expected)")
        expected.append(encoded(dashed.mark_line(style="second"), x=x, y=up, **order))
        told_of = [*_pointed(title), told("expected", "Expected")]
        expected.append(encoded(dashed.mark_point(style="hover"), x=x, y=up, tooltip=told_of))
    if len(names) == 1 and found.reading != "text":
        band = encoded(_with_limits().mark_area(), x=x, y=low, y2=alt.Y2("high"))
        return [*expected, band, encoded(line, x=x, y=y, **order), encoded(dots, x=x, y=y), hover]
    whiskers = encoded(_with_limits().mark_rule(style="whisker"), x=x, y=low, y2=alt.Y2("high"))
    if len(names) == 1:
        return [*expected, whiskers, encoded(line, x=x, y=y), encoded(dots, x=x, y=y), hover]
    by = {"color": colour([words.clean(name) for name in names])}
    dashes = {"strokeDash": dash([words.clean(name) for name in names])}
    return [
        encoded(whiskers, **by),
        encoded(line, x=x, y=y, **by, **dashes, **order),
        encoded(dots, x=x, y=y, **by),
        hover,
    ]


def _x(found: History) -> alt.X:
    title = None if found.x in ("created", "name") else words.clean(found.x)
    if found.reading == "date":
        return alt.X("place:T", title=title, scale=alt.Scale(type="utc"))
    if found.reading == "number":
        whole = all(each.at is not None and each.at.is_integer() for each in found.points)
        axis = alt.Axis(format=",d", tickMinStep=1) if whole else alt.Axis()
        return alt.X("place:Q", title=title, scale=alt.Scale(zero=False), axis=axis)
    is_short = len(found.points) <= MOST_LEVEL and all(len(e.x) <= SHORT for e in found.points)
    axis = alt.Axis(labelOverlap=True, labelAngle=0) if is_short else alt.Axis(labelOverlap=True)
    return alt.X("place:O", title=title, sort=None, axis=axis)


def _with_limits() -> alt.Chart:
    found: alt.Chart = of("history").transform_filter("isValid(datum.low) && isValid(datum.high)")
    return found


def _pointed(title: str) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("name:N", title="Evaluation"),
        alt.Tooltip("x:N", title="At"),
        told("value", title),
        told("low", "From"),
        told("high", "To"),
    ]
