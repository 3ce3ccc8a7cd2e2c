"""What scores are worth: lift by tenths, calibration, densities."""

from __future__ import annotations

import altair as alt

from modelyard.analysis.charts import words
from modelyard.analysis.charts.layers import SHARE, Axes, Sketch, diagonal, of, told
from modelyard.analysis.charts.points import Point, points, required
from modelyard.analysis.charts.types import Content, Subject


def lift(content: Content, subject: Subject) -> Sketch:
    """Bars with whiskers, beside a line at 1."""
    more = ("low", "high", "positive_rate", "lowest_score", "weight")
    bars = required(points(content, ("group", "lift"), more))
    title = f"Lift: {subject.positive} among them, compared with all rows"
    across = "Tenths of the rows, likeliest first"
    first = bars[0]

    def x() -> alt.X:
        return alt.X("group:O", title=across, axis=alt.Axis(labelAngle=0))

    def y(name: str) -> alt.Y:
        return alt.Y(f"{name}:Q", title=title, scale=alt.Scale(zero=True))

    pointed = [
        alt.Tooltip("group:O", title="Tenth"),
        told("lift", "Lift", ".2f"),
        told("positive_rate", f"Share of {subject.positive}", ".1%"),
        told("lowest_score", "Lowest score"),
    ]
    whiskers = of("bars").transform_filter("isValid(datum.low) && isValid(datum.high)")
    return Sketch(
        [
            of("bars").mark_bar(width={"band": 0.7}).encode(x=x(), y=y("lift"), tooltip=pointed),
            of("one").mark_rule(style="reference").encode(y=y("lift")),
            whiskers.mark_rule(style="whisker-on-bar").encode(x=x(), y=y("low"), y2=alt.Y2("high")),
        ],
        {"bars": bars, "one": [{"lift": 1}]},
        note=f"{words.number(first['lift'])} in the likeliest tenth",
        description=(
            f"Lift of {subject.positive}: the likeliest tenth of the rows holds "
            f"{words.number(first['lift'])} times as many as all rows do, the least likely "
            f"{words.number(bars[-1]['lift'])} times."
        ),
    )


def calibration(content: Content, subject: Subject) -> Sketch:
    """Observed rate by predicted probability with whiskers, beside the diagonal."""
    x, y = "predicted", "observed"
    groups = required(points(content, (x, y), ("low", "high", "weight")), content.get("loss"))
    axes = calibration_axes(subject)
    line, ends = diagonal(axes)
    loss = words.metric(content.get("loss"))
    pointed = [
        told(x, "Predicted", ".1%"),
        told(y, "Observed", ".1%"),
        told("low", "From", ".1%"),
        told("high", "To", ".1%"),
        told("weight", "Rows", ",.0f"),
    ]
    under = sum(p["weight"] or 0 for p in groups if p[y] > p[x])
    total = sum(p["weight"] or 0 for p in groups) or 1
    where = f"{words.percent(under / total)} of the rows came true more often than predicted"
    return Sketch(
        [
            line,
            axes.whiskers("groups", x),
            axes.line("groups", x, y),
            axes.points("groups", x, y).encode(tooltip=pointed),
        ],
        {"groups": groups, "diagonal": ends},
        note=loss,
        description=(
            f"Calibration of {subject.positive} in {len(groups)} groups: "
            f"{f'{loss}; ' if loss else ''}{where}."
        ),
    )


def calibration_axes(subject: Subject) -> Axes:
    """The axes of calibration curves; their ends are those of the groups."""
    return Axes(
        f"Predicted probability of {subject.positive}",
        f"Observed share of {subject.positive}",
        *(SHARE, SHARE),
        zero=True,
    )


def density(content: Content, subject: Subject) -> Sketch:
    """The scores of both classes, each with its median, and the threshold."""
    spread = required(points(content, ("score",), ("positive", "negative")))
    axes = density_axes(subject)
    names = {"positive": subject.positive, "negative": subject.negative}
    sides: dict[str, list[Point]] = {
        side: [
            {"score": p["score"], "high": p[side], "low": 0} for p in spread if p[side] is not None
        ]
        for side in names
    }
    medians = [
        {"score": content[f"{side}_median"]}
        for side in names
        if content.get(f"{side}_median") is not None
    ]
    middle = [
        f"{name} at {words.number(content.get(f'{side}_median'))}"
        for side, name in names.items()
        if content.get(f"{side}_median") is not None
    ]
    note = f"medians: {words.listed(middle)}" if middle else ""
    pointed = [told("score", "Score"), told("high", "Density")]
    return Sketch(
        [
            axes.band("negative", "score", style="second-area"),
            axes.band("positive", "score"),
            axes.line("negative", "score", "high", style="second"),
            axes.line("positive", "score", "high"),
            of("medians").mark_rule(style="median").encode(x=axes.x("score")),
            *([axes.threshold()] if subject.threshold is not None else []),
            of("names")
            .mark_text(style="named", align=alt.expr("datum.align"), dx=alt.expr("datum.dx"), dy=-6)
            .encode(x=axes.x("score"), y=axes.y("high"), text="name:N"),
            *(axes.hover(side, "score", "high", pointed) for side in names),
        ],
        {
            **sides,
            "medians": medians,
            "names": [_peak(sides[side], name) for side, name in names.items() if sides[side]],
            "mark": [{}],
        },
        note=note,
        description=f"Densities of the predicted probability of {subject.positive}; {note}.",
        threshold=subject.threshold,
    )


def density_axes(subject: Subject) -> Axes:
    """The axes of densities."""
    return Axes(f"Predicted probability of {subject.positive}", "Density of rows", SHARE, zero=True)


def _peak(side: list[Point], name: str) -> Point:
    """Where the name of a class stands: at its highest point, towards the middle."""
    top = max(range(len(side)), key=lambda at: float(side[at]["high"]))
    left = top < len(side) / 2
    place = {"align": "left", "dx": 7} if left else {"align": "right", "dx": -7}
    return {"score": side[top]["score"], "high": side[top]["high"], "name": name, **place}
