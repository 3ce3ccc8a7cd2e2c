"""What is compared, side by side: metrics, differences around zero, importances of columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt

from modelyard.analysis.charts import words
from modelyard.analysis.charts.comparing import MOST_LINES, Compared, called
from modelyard.analysis.charts.layers import Groups, Sketch, encoded, of, told
from modelyard.analysis.charts.points import Point, drawable, required
from modelyard.analysis.charts.types import NothingToDraw
from modelyard.analysis.names import LOWER_IS_BETTER, name_of

MOST_BARS = 40
MOST_COLUMNS = 20
Verdict = Literal["better", "worse", "indistinguishable"]


@dataclass(frozen=True)
class Gap:
    """By how much a challenger is better than the champion, below zero: worse.

    Args:
        name: of the metric, or of the group of rows.
        value: by how much.
        low: where the interval of it begins.
        high: where it ends.
        verdict: whether that is more than chance.
        is_share: whether it is a share of the champion's value, not a difference.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    verdict: Verdict
    is_share: bool = False

    @classmethod
    def of(
        cls,
        name: str,
        code: str,
        limits: tuple[float | None, float | None, float | None],
        verdict: Verdict,
        *,
        share_of: float | None = None,
    ) -> Gap:
        """Of a difference challenger minus champion, turned round where less is better.

        Args:
            name: what it is called.
            code: of the metric.
            limits: the difference, and where its interval begins and ends.
            verdict: whether it is more than chance.
            share_of: the champion's value, to tell a share of it; none: the difference itself.
        """
        value, low, high = limits
        if code in LOWER_IS_BETTER:
            value, low, high = (None if x is None else -x for x in (value, high, low))
        if share_of:
            by = abs(share_of)
            value, low, high = (None if x is None else x / by for x in (value, low, high))
        return cls(name, value, low, high, verdict, is_share=bool(share_of))


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
    is_share = known[0].is_share
    title = f"How much better {one} is than {other}"
    chart = Groups(
        labels,
        f"{title}, of its value" if is_share else title,
        of_what,
        across_format="+.1%" if is_share else "+~g",
    )
    scale = alt.Scale(domain=list(meant.values()))
    by = alt.Color("line:N", title=None, scale=scale, legend=alt.Legend(symbolType="circle"))
    none = of("none").mark_rule(style="reference").encode(x=chart.x("value"))
    return Sketch(
        [none, *(encoded(each, color=by) for each in chart.dots())],
        {"groups": rows, "none": [{"value": 0}]},
        note="",
        description=f"{title}, in {len(rows)}: {_told(rows, meant)}"
        f"{'' if len(found) <= len(rows) else f'; {len(found) - len(rows)} are not drawn'}.",
        height=max(140, 26 * len(rows) + 60),
        roles=(*roles, "reference"),
    )


def importances(compared: Sequence[Compared]) -> Sketch:
    """What each takes from which column, beside each other, by what the first of them takes.

    Args:
        compared: with the content of `importance`.

    Raises:
        NothingToDraw: none of them keeps importances.
    """
    there = [each for each in compared if each.content.get("column")]
    if not there:
        raise NothingToDraw(
            "no importances are kept; an evaluation keeps them once they are measured: "
            "modelyard evaluations importance ID"
        )
    drawn = there[:MOST_LINES]
    names = called(drawn)
    columns = list(dict.fromkeys(column for each in drawn for column in each.content["column"]))
    shown = columns[:MOST_COLUMNS]
    labels = dict(zip(shown, words.names_of(shown), strict=True))
    rows: list[Point] = []
    for name, each in zip(names, drawn, strict=True):
        content = each.content
        for column, value, low, high in zip(
            *(content[part] for part in ("column", "importance", "low", "high")), strict=True
        ):
            if column in labels and drawable(value):
                row = {"name": labels[column], "line": name, "value": value}
                rows.append({**row, **_limits(low, high)})
    required(rows)
    measured = list(dict.fromkeys(name_of(each.content["metric"]) for each in drawn))
    chart = Groups(
        list(labels.values()),
        f"How much worse {words.listed(measured)} gets without it",
        "Column",
        series=names,
    )
    tops = [
        f"{name}: {words.clean(each.content['column'][0])}"
        for name, each in zip(names, drawn, strict=True)
    ]
    left = len(columns) - len(shown)
    without = len(compared) - len(there)
    return Sketch(
        [of("none").mark_rule(style="reference").encode(x=chart.x("value")), *chart.dots()],
        {"groups": rows, "none": [{"value": 0}]},
        note="",
        description=f"The most important column of {'; '.join(tops)}"
        f"{f'; {left} columns are not drawn' if left > 0 else ''}"
        f"{f'; of {without} none are kept' if without else ''}"
        f"{_more(there, len(drawn))}.",
        height=max(160, (14 + 12 * len(drawn)) * len(shown) + 60),
        roles=tuple(each.role for each in drawn),
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
    legend = alt.Legend(symbolType="square", columns=alt.ExprRef("width < 440 ? 2 : 4"))
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
