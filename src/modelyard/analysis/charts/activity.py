"""What a service answered over time: how fast, by which generations, with which errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import altair as alt

from modelyard.analysis.activity_types import ActivityChart, ActivityHistory, Spell
from modelyard.analysis.charts import words
from modelyard.analysis.charts.layers import Sketch, colour, dash, encoded, fitting, of, told
from modelyard.analysis.charts.points import Point
from modelyard.analysis.charts.theme import OF_GENERATIONS, OF_OTHERS
from modelyard.analysis.charts.types import NothingToDraw

TITLES: dict[ActivityChart, str] = {
    "times": "Answer time",
    "queries": "Queries by generation",
    "errors": "Errors",
}
MINUTE, HOUR = 60.0, 3600.0
LONG = 3 * HOUR
"""From here on the axis counts hours."""
PERCENTILES = ("p50", "p95", "p99")
OTHERS = "others"
FAILED, REFUSED = "failed", "refused"


def times(found: ActivityHistory) -> Sketch:
    """The times within which a half, 95 and 99 of 100 queries were answered.

    Raises:
        NothingToDraw: nothing was answered.
    """
    by_start = _by_start(found.together)
    rows: list[Point] = [
        {**_place(start, found), "line": name, "value": value}
        for name in PERCENTILES
        for start in found.stretches
        for value in [getattr(by_start[start], name) if start in by_start else None]
    ]
    if all(row["value"] is None for row in rows):
        raise NothingToDraw("nothing was answered yet")
    y = alt.Y("value:Q", title=None, axis=_unit("ms"), scale=alt.Scale(zero=True))
    x, pointed = _x(found), [*_told(), told("value", "Milliseconds", ".3~f")]
    lines = encoded(of("activity").mark_line(), x=x, y=y)
    lines = encoded(lines, color=colour(PERCENTILES), strokeDash=dash(PERCENTILES))
    dots = encoded(of("activity").mark_point(size=9), x=x, y=y, color=colour(PERCENTILES))
    hover = encoded(of("activity").mark_point(style="hover"), x=x, y=y, tooltip=pointed)
    last = next(each for each in reversed(found.together) if each.p50 is not None)
    ends = ", ".join(f"{name} {words.number(getattr(last, name))} ms" for name in PERCENTILES)
    return Sketch(
        [*_changed(found), lines, dots, hover],
        {"activity": rows, "changed": _mark(found)},
        note=f"p50 {words.number(last.p50)} ms",
        description=f"Answer time of the {_window(found)}: at last {ends}.",
        roles=("model", "ink", "reference"),
    )


def queries(found: ActivityHistory) -> Sketch:
    """Queries per second, one generation on top of the other.

    Raises:
        NothingToDraw: nothing was asked.
    """
    roles, counts = _named(found)
    names = list(roles)
    rows: list[Point] = [
        {
            **_place(start, found),
            "line": name,
            "layer": layer,
            "value": _rate(found, start, counts.get((start, name))),
        }
        for layer, name in enumerate(names)
        for start in found.stretches
    ]
    if not any(row["value"] for row in rows):
        raise NothingToDraw("nothing was asked yet")
    y = alt.Y("value:Q", title=None, axis=_unit("/s"), stack="zero")
    x, pointed = _x(found), [*_told("Generation"), told("value", "Queries per second", ",.3~f")]
    order = alt.Order("layer:Q")
    areas = of("activity").mark_area(opacity=0.75)
    areas = encoded(areas, x=x, y=y, color=_filled(names), order=order, tooltip=pointed)
    sums = {name: sum(n for (_, of), n in counts.items() if of == name) for name in names}
    told_of = words.listed(f"{words.count(n)} by {name}" for name, n in sums.items())
    return Sketch(
        [areas, *_changed(found)],
        {"activity": rows, "changed": _mark(found)},
        note=f"{words.count(sum(sums.values()))} queries",
        description=f"Queries of the {_window(found)}: {told_of}.",
        roles=tuple(roles.values()),
    )


def errors(found: ActivityHistory) -> Sketch:
    """Queries that failed, and queries that were refused, in each stretch."""
    rows: list[Point] = []
    for each in found.together:
        place, both = _place(each.at, found), each.failed + each.refused
        rows += [
            {**place, "line": FAILED, "bottom": 0, "value": each.failed, "count": each.failed},
            {**place, "line": REFUSED, "bottom": each.failed, "value": both, "count": each.refused},
        ]
    if not rows:
        raise NothingToDraw("nothing was asked yet")
    counted = alt.Axis(format="~s", tickMinStep=1)
    most = max(5, *(row["value"] for row in rows))
    y = alt.Y("value:Q", title=None, axis=counted, scale=alt.Scale(domain=[0, most]))
    x, pointed = _x(found), [*_told("What came of it"), told("count", "Queries", ",d")]
    bars = encoded(of("activity").mark_rect(), x=x, x2=alt.X2("end"), y=y, y2=alt.Y2("bottom"))
    bars = encoded(bars, color=_filled((FAILED, REFUSED)), tooltip=pointed)
    failed = words.count(sum(each.failed for each in found.together))
    refused = words.count(sum(each.refused for each in found.together))
    return Sketch(
        [bars, *_changed(found)],
        {"activity": rows, "changed": _mark(found)},
        note=f"{failed} failed",
        description=f"Errors of the {_window(found)}: {failed} queries failed, "
        f"{refused} were refused.",
        roles=("champion", "reference"),
    )


CHARTS: dict[ActivityChart, Callable[[ActivityHistory], Sketch]] = {
    "times": times,
    "queries": queries,
    "errors": errors,
}


def _by_start(spells: Sequence[Spell]) -> Mapping[float, Spell]:
    return {each.at: each for each in spells}


def _named(
    found: ActivityHistory,
) -> tuple[dict[str, str], dict[tuple[float, str], int]]:
    """The roles of generations by the names of legends, and their queries.

    What has no colour of its own is together.
    """
    asked = {each.generation for each in found.apart}
    colours = dict(zip(found.generations, OF_GENERATIONS, strict=False))
    own = [each for each in colours if each in asked]
    names = dict(zip(own, words.names_of(own), strict=True))
    counts: dict[tuple[float, str], int] = {}
    for each in found.apart:
        place = each.at, names.get(each.generation, OTHERS)
        counts[place] = counts.get(place, 0) + each.queries
    roles = {name: colours[each] for each, name in names.items()}
    return roles | ({OTHERS: OF_OTHERS} if asked - {*own} else {}), counts


def _rate(found: ActivityHistory, start: float, count: int | None) -> float:
    """Queries per second; the running stretch counts as far as it is."""
    return round((count or 0) / max(1.0, min(found.step, found.until - start)), 3)


def _place(start: float, found: ActivityHistory) -> Point:
    """Where a stretch stands, in minutes or hours from now, and how a pointer is told that."""
    unit = _unit_of(found)
    return {
        "start": round((start - found.until) / unit, 3),
        "end": round((min(start + found.step, found.until) - found.until) / unit, 3),
        "told": f"{words.number(round((found.until - start) / unit, 1))} {_called(found)} ago",
    }


def _filled(names: Sequence[str]) -> alt.Color:
    """The colours of areas, which legends show as squares."""
    legend = alt.Legend(columns=fitting(names), symbolType="square")
    return alt.Color("line:N", title=None, scale=alt.Scale(domain=list(names)), legend=legend)


def _unit_of(found: ActivityHistory) -> float:
    return HOUR if found.until - found.since > LONG else MINUTE


def _called(found: ActivityHistory) -> str:
    return "h" if _unit_of(found) == HOUR else "min"


def _span(found: ActivityHistory) -> float:
    """How many minutes or hours all stretches are, whole ones."""
    return round(len(found.stretches) * found.step / _unit_of(found), 2)


def _window(found: ActivityHistory) -> str:
    return f"last {_span(found):g} {'hours' if _called(found) == 'h' else 'minutes'}"


def _x(found: ActivityHistory) -> alt.X:
    span = -_span(found)
    axis = alt.Axis(
        values=[round(span * quarter / 4, 2) for quarter in (4, 3, 2, 1, 0)],
        labelExpr=f"datum.value === 0 ? 'now' : -datum.value + ' {_called(found)} ago'",
        labelFlush=True,
        labelOverlap=True,
    )
    scale = alt.Scale(domain=[span, 0], nice=False, clamp=True)
    return alt.X("start:Q", title=None, axis=axis, scale=scale)


def _unit(unit: str) -> alt.Axis:
    """Numbers with a unit; large ones in thousands, small ones as they are."""
    number = "format(datum.value, datum.value < 1000 ? '~g' : '~s')"
    return alt.Axis(labelExpr=f"{number} + '{' ' if unit.isalpha() else ''}{unit}'")


def _told(title: str = "Percentile") -> list[alt.Tooltip]:
    return [alt.Tooltip("told:N", title="Since"), alt.Tooltip("line:N", title=title)]


def _mark(found: ActivityHistory) -> list[Point]:
    if found.changed is None or not found.since < found.changed <= found.until:
        return []
    return [{"start": round((found.changed - found.until) / _unit_of(found), 3), "told": "changed"}]


def _changed(found: ActivityHistory) -> list[alt.Chart]:
    """A line where it was last changed which generations answer."""
    x = _x(found)
    rule = encoded(of("changed").mark_rule(style="median"), x=x)
    text = of("changed").mark_text(style="remark", align="right", dx=-5, baseline="top")
    return [rule, encoded(text, x=x, y=alt.value(2), text=alt.Text("told:N"))]
