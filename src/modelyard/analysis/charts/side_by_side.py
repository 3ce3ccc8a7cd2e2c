"""What is compared, side by side: metrics, differences around zero, importances of columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from modelyard.analysis.charts import words
from modelyard.analysis.charts.compared import MOST_LINES, NOTHING_LEFT, Compared, Gap, Left
from modelyard.analysis.charts.comparing import called
from modelyard.analysis.charts.layers import (
    LETTER,
    LONGEST_LABEL,
    Groups,
    Sketch,
    encoded,
    fitting,
    of,
    told,
)
from modelyard.analysis.charts.points import Point, drawable, required
from modelyard.analysis.charts.types import NothingToDraw
from modelyard.analysis.names import LOWER_IS_BETTER, name_of

MOST_BARS = 40
MOST_COLUMNS = 20


def metrics(compared: Sequence[Compared], codes: Sequence[str]) -> Sketch:
    """Some metrics of all, as bars beside each other with their intervals.

    Args:
        compared: whose content has values with limits by the codes of metrics.
        codes: of metrics of one scale, in their order.

    Raises:
        NothingToDraw: none has a value.
    """
    drawn = compared[:MOST_LINES]
    names, titles = called(drawn), [name_of(code) for code in codes]
    rows = [
        _row(title, name, each, code)
        for code, title in zip(codes, titles, strict=True)
        for name, each in zip(names, drawn, strict=True)
    ]
    rows = required([row for row in rows if drawable(row["value"])])
    x = alt.X("name:N", title=None, sort=titles, axis=alt.Axis(labelAngle=0, labelLimit=110))
    beside = alt.XOffset("line:N", sort=names)
    by = _colour(names)
    limits: dict[str, Any] = {"y": alt.Y("low:Q", title=None), "y2": alt.Y2("high")}
    bars = of("bars").mark_bar(width={"band": 0.86})
    return Sketch(
        [
            encoded(
                bars,
                x=x,
                xOffset=beside,
                y=alt.Y("value:Q", title=None),
                color=by,
                tooltip=_pointed("Metric"),
            ),
            encoded(_whiskers("bars", "whisker-on-bar"), x=x, xOffset=beside, **limits),
        ],
        {"bars": rows},
        note="",
        description=f"{words.listed(titles)} of {len(drawn)}: "
        f"{'; '.join(_best(rows, code) for code in codes)}{_more(compared, len(drawn))}.",
        height=260,
        roles=tuple(each.role for each in drawn),
    )


def metric(compared: Sequence[Compared], code: str) -> Sketch:
    """One metric of all, a bar below the other, with its interval.

    Args:
        compared: whose content has values with limits by the codes of metrics.
        code: which.

    Raises:
        NothingToDraw: none has a value.
    """
    drawn = compared[:MOST_BARS]
    names = called(drawn)
    rows = [_row(code, name, each, code) for name, each in zip(names, drawn, strict=True)]
    rows = [row for row in rows if drawable(row["value"])]
    if not rows:
        raise NothingToDraw(f"none of what is compared has a value of {name_of(code)}")
    y = alt.Y("line:N", title=None, sort=names, axis=alt.Axis(labelLimit=180))
    scale = alt.Scale(zero=True)
    x = alt.X("value:Q", title=name_of(code), scale=scale, axis=alt.Axis(grid=True))
    limits: dict[str, Any] = {"x": alt.X("low:Q", title=name_of(code)), "x2": alt.X2("high")}
    by = alt.Color("line:N", scale=alt.Scale(domain=names), legend=None)
    return Sketch(
        [
            encoded(
                of("bars").mark_bar(height={"band": 0.62}),
                x=x,
                y=y,
                color=by,
                tooltip=_pointed("Metric"),
            ),
            encoded(_whiskers("bars", "whisker-on-bar"), y=y, **limits),
        ],
        {"bars": rows},
        note="",
        description=f"{_best(rows, code)}{_more(compared, len(drawn))}.",
        height=max(120, 34 * len(rows) + 40),
        roles=tuple(each.role for each in drawn),
    )


def gaps(
    found: Sequence[Gap], names: tuple[str, str], roles: tuple[str, str], of_what: str
) -> Sketch:
    """How much better a challenger is, around zero; coloured only where that is no chance.

    Args:
        found: the differences, in their order.
        names: of the challenger and of the champion.
        roles: of both, in the same order.
        of_what: what is told of each line: “Metric”, or the column of groups of rows.

    Raises:
        NothingToDraw: no difference is known.
    """
    one, other = words.names_of(names)
    meant = {
        "better": f"{one} better",
        "worse": f"{other} better",
        "indistinguishable": "not distinguishable",
        "unknown": "not tested",
    }
    known = [each for each in found if drawable(each.value)][:MOST_BARS]
    labels = words.names_of(each.name for each in known)
    rows: list[Point] = [
        {
            "name": label,
            "line": meant[each.verdict],
            "value": each.value,
            **_limits(each.low, each.high),
        }
        for label, each in zip(labels, known, strict=True)
    ]
    required(rows)
    drawn_as = dict(zip(meant, (*roles, "reference", "reference"), strict=True))
    if all(each.verdict == "unknown" for each in known):
        meant = {"unknown": meant["unknown"]}
    elif all(each.verdict != "unknown" for each in known):
        del meant["unknown"]
    is_share = known[0].is_share
    title = f"{one} better than {other} by"
    chart = Groups(
        labels,
        f"{title} (of its value)" if is_share else title,
        of_what,
        across_format="+.1%" if is_share else "+~g",
    )
    scale = alt.Scale(domain=list(meant.values()))
    longest = max(map(len, labels))
    legend = alt.Legend(
        symbolType="circle",
        symbolSize=80,
        columns=fitting(list(meant.values()), min(LETTER * longest, LONGEST_LABEL)),
    )
    by = alt.Color("line:N", title=None, scale=scale, legend=legend)
    none = of("none").mark_rule(style="reference").encode(x=chart.x("value"))
    return Sketch(
        [none, *(encoded(each, color=by) for each in chart.dots())],
        {"groups": rows, "none": [{"value": 0}]},
        note="",
        description=f"{one} beside {other}, in {len(rows)}: {_told(rows, meant)}"
        f"{'' if len(found) <= len(rows) else f'; {len(found) - len(rows)} are not drawn'}.",
        height=max(140, 26 * len(rows) + 60),
        roles=tuple(drawn_as[verdict] for verdict in meant),
    )


def nothing(reason: str) -> Sketch:
    """No chart.

    Raises:
        NothingToDraw: for this reason, always.
    """
    raise NothingToDraw(reason)


def importances(compared: Sequence[Compared], measure: str, left: Left = NOTHING_LEFT) -> Sketch:
    """What each takes from which column, beside each other, those first that weigh most anywhere.

    Args:
        compared: with columns `column`, `importance`, `low` and `high`, `most_of` them at most.
        measure: what an importance is, in words.
        left: the others.

    Raises:
        NothingToDraw: none of them has importances.
    """
    most: dict[str, float] = {}
    for each in compared:
        for column, value in zip(each.content["column"], each.content["importance"], strict=True):
            if drawable(value):
                most[column] = max(most.get(column, 0.0), abs(value))
    if not most:
        raise NothingToDraw("no importances are kept of what is compared")
    shown = sorted(most, key=lambda column: -most[column])[:MOST_COLUMNS]
    labels = dict(zip(shown, words.names_of(shown), strict=True))
    names = called(compared)
    rows: list[Point] = []
    tops: list[str] = []
    for name, each in zip(names, compared, strict=True):
        columns = (each.content[part] for part in ("column", "importance", "low", "high"))
        mine = [
            {"name": labels[column], "line": name, "value": value, **_limits(low, high)}
            for column, value, low, high in zip(*columns, strict=True)
            if column in labels and drawable(value)
        ]
        rows += mine
        if mine:
            top = max(mine, key=lambda row: abs(row["value"]))
            tops.append(f"{top['name']} to {name}")
    chart = Groups(list(labels.values()), measure, "Column", series=names)
    few = len(most) - len(shown)
    return Sketch(
        [of("none").mark_rule(style="reference").encode(x=chart.x("value")), *chart.dots()],
        {"groups": rows, "none": [{"value": 0}]},
        note="",
        description=f"{measure}: most important is {words.listed(tops)}"
        f"{f'; {few} columns are not drawn' if few > 0 else ''}{left.told()}.",
        height=max(160, (14 + 12 * len(compared)) * len(shown) + 60),
        roles=tuple(each.role for each in compared),
    )


def _row(name: str, line: str, each: Compared, code: str) -> Point:
    figure = each.content.get(code) or {}
    limits = _limits(figure.get("low"), figure.get("high"))
    return {"name": name, "line": line, "code": code, "value": figure.get("value"), **limits}


def _limits(low: float | None, high: float | None) -> Point:
    both = drawable(low) and drawable(high)
    return {"low": low if both else None, "high": high if both else None}


def _whiskers(data: str, style: str) -> alt.Chart:
    whole = of(data).transform_filter("isValid(datum.low) && isValid(datum.high)")
    found: alt.Chart = whole.mark_rule(style=style)
    return found


def _colour(names: Sequence[str]) -> alt.Color:
    legend = alt.Legend(symbolType="square", columns=fitting(names))
    return alt.Color("line:N", title=None, scale=alt.Scale(domain=list(names)), legend=legend)


def _pointed(what: str) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("line:N", title="Of"),
        alt.Tooltip("name:N", title=what),
        told("value", "Value"),
        told("low", "From"),
        told("high", "To"),
    ]


def _best(rows: Sequence[Point], code: str) -> str:
    there = [row for row in rows if row["code"] == code]
    if not there:
        return f"{name_of(code)} is not known"
    pick = min if code in LOWER_IS_BETTER else max
    best = pick(there, key=lambda row: float(row["value"]))
    return f"{name_of(code)} is best of {best['line']}, {words.number(best['value'])}"


def _more(compared: Sequence[Compared], drawn: int) -> str:
    left = len(compared) - drawn
    return f"; {left} more are not drawn: hide others to see them" if left > 0 else ""


def _told(rows: Sequence[Point], meant: dict[str, str]) -> str:
    found = []
    for line in meant.values():
        names = [row["name"] for row in rows if row["line"] == line]
        if names:
            few = words.listed(names) if len(names) < 8 else f"{len(names)} of them"
            found.append(f"{line}: {few}")
    return "; ".join(found)
