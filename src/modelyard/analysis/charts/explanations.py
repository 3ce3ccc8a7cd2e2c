"""What a model takes from which column: importances, dependence with curves of single rows."""

from __future__ import annotations

import altair as alt

from modelyard.analysis.charts import words
from modelyard.analysis.charts.layers import Axes, Groups, Sketch, encoded, of, told
from modelyard.analysis.charts.points import Point, drawable, points, required
from modelyard.analysis.charts.types import Content, Subject
from modelyard.analysis.names import name_of

MOST_COLUMNS = 40
MOST_SERIES = 6
"""Classes whose coefficients are drawn."""
BELOW = 0.2
"""The height of the distribution, as a share of that of the effects."""


def importance(content: Content, _subject: Subject) -> Sketch:
    """A point with its interval for each column, the most important first."""
    metric = name_of(content["metric"])
    names = words.names_of(content["column"][:MOST_COLUMNS])
    rows: list[Point] = []
    for name, value, low, high in zip(
        names, content["importance"], content["low"], content["high"], strict=False
    ):
        if drawable(value):
            limits = {"low": low, "high": high} if drawable(low) and drawable(high) else {}
            rows.append({"name": name, "value": value, "low": None, "high": None, **limits})
    required(rows)
    chart = Groups([row["name"] for row in rows], f"How much worse {metric} gets", "Column")
    left = len(content["column"]) - len(rows)
    more = f"; {left} columns are not drawn" if left > 0 else ""
    return Sketch(
        [of("none").mark_rule(style="reference").encode(x=chart.x("value")), *chart.dots()],
        {"groups": rows, "none": [{"value": 0}]},
        note=f"{metric} {words.number(content['baseline'])}",
        description=f"How much worse {metric} gets when a column is permuted: most for "
        f"{rows[0]['name']}, by {words.number(rows[0]['value'])}{more}.",
        height=max(120, 26 * len(rows) + 30),
    )


def own(content: Content, _subject: Subject) -> Sketch:
    """A point for each feature and class, those first that weigh most."""
    effects = content["effects"][:MOST_SERIES]
    names = words.names_of(content["features"][:MOST_COLUMNS])
    outcomes = words.names_of(each["outcome"] for each in effects)
    rows: list[Point] = [
        {"name": name, "line": outcome, "value": value, "low": None, "high": None}
        for outcome, each in zip(outcomes, effects, strict=True)
        for name, value in zip(names, each["values"], strict=False)
        if drawable(value)
    ]
    required(rows)
    is_share = content["kind"] == "importance"
    series = outcomes if len(effects) > 1 else ()
    title = "Importance, of all features together 1" if is_share else "Coefficient"
    chart = Groups(names, title, "Feature", series=series)
    left = content["total"] - len(names)
    few = [f"{left} features are not drawn"] if left > 0 else []
    if len(content["effects"]) > len(effects):
        few.append(f"of {len(content['effects'])} classes the first {len(effects)} are")
    kind = "importances" if is_share else "coefficients"
    told = f"As the model itself says: its {kind}, largest of {names[0]}"
    return Sketch(
        [of("none").mark_rule(style="reference").encode(x=chart.x("value")), *chart.dots()],
        {"groups": rows, "none": [{"value": 0}]},
        note=f"{names[0]} {words.number(rows[0]['value'])}" if not series else "",
        description="; ".join([told, *few]) + ".",
        height=max(120, (26 if not series else 40) * len(names) + 30),
    )


def dependence(content: Content, subject: Subject) -> Sketch:
    """The effect of each value: as a line along numbers and moments, else as points."""
    known = [place for place in content["value"] if drawable(place)]
    return _along(content, subject) if known else _of_words(content)


def _along(content: Content, subject: Subject) -> Sketch:
    moments = content["kind"] == "moment"
    line = required(points(content, ("value", "effect")))
    curves: list[Point] = []
    for curve in content["curves"]:
        along = points({**curve, "value": content["value"]}, ("value", "effect"))
        curves += [{**point, "row": curve["row"]} for point in along]
    bars = _bars(content, [point["effect"] for point in (*line, *curves)])
    for point in (*line, *curves, *bars) if moments else ():
        point.update(
            {name: point[name] / 1000 for name in ("value", "low", "high") if name in point}
        )
    axes = Axes(words.clean(content["column"]), _effect(content))
    kind = "T" if moments else "Q"

    def across(name: str) -> alt.X:
        return alt.X(f"{name}:{kind}", title=axes.across, scale=alt.Scale(zero=False))

    pointed = [alt.Tooltip(f"value:{kind}", title=axes.across), told("effect", axes.up, ".4~g")]
    counted = [told("weight", "Weight" if subject.weighted else "Rows", ",.6~g")]
    effect, order = axes.y("effect"), alt.Order(f"value:{kind}")
    single = of("curves").mark_line(style="single")
    return Sketch(
        [
            encoded(
                of("bars").mark_rect(style="wide"),
                x=across("low"),
                x2=alt.X2("high"),
                y=axes.y("bottom"),
                y2=alt.Y2("top"),
                tooltip=counted,
            ),
            encoded(single, x=across("value"), y=effect, detail="row:N", order=order),
            encoded(of("none").mark_rule(style="reference"), y=effect),
            encoded(of("line").mark_line(), x=across("value"), y=effect, order=order),
            encoded(
                of("line").mark_point(style="hover"), x=across("value"), y=effect, tooltip=pointed
            ),
        ],
        {"line": line, "curves": curves, "bars": bars, "none": [{"effect": 0}]},
        note=_missing(content),
        description=_told(content, [point["effect"] for point in line]),
    )


def _bars(content: Content, effects: list[float]) -> list[Point]:
    """How often values occur, in bars below the effects."""
    bars = points(content["distribution"], ("low", "high", "weight"))
    most = max((bar["weight"] for bar in bars), default=0)
    low, high = min(effects), max(effects)
    room = (high - low or 1) * BELOW
    bottom = low - 1.1 * room
    return [
        {**bar, "bottom": bottom, "top": bottom + room * bar["weight"] / most}
        for bar in bars
        if most > 0
    ]


def _of_words(content: Content) -> Sketch:
    distribution = content["distribution"]
    weights = dict(zip(distribution["label"], distribution["weight"], strict=False))
    names = words.names_of(
        f"{label} ({words.count(weights[label])})" if drawable(weights.get(label)) else label
        for label in content["label"]
    )
    rows = required(
        [
            {"name": name, "value": effect, "low": None, "high": None}
            for name, effect in zip(names, content["effect"], strict=False)
            if drawable(effect)
        ]
    )
    chart = Groups([row["name"] for row in rows], _effect(content), words.clean(content["column"]))
    return Sketch(
        [of("none").mark_rule(style="reference").encode(x=chart.x("value")), *chart.dots()],
        {"groups": rows, "none": [{"value": 0}]},
        note="",
        description=_told(content, [row["value"] for row in rows]),
        height=max(120, 26 * len(rows) + 30),
    )


def _effect(content: Content) -> str:
    return "Effect in log-odds" if content["scale"] == "log-odds" else "Effect"


def _missing(content: Content) -> str:
    """The effect of missing values, which have no place along a line."""
    told_of = zip(content["missing"], content["effect"], strict=False)
    found = next((effect for missing, effect in told_of if missing and drawable(effect)), None)
    return "" if found is None else f"missing {words.number(found)}"


def _told(content: Content, effects: list[float]) -> str:
    scale = " in log-odds" if content["scale"] == "log-odds" else ""
    column = words.clean(content["column"])
    return (
        f"Effect of {column} on the average prediction{scale}: from "
        f"{words.number(min(effects))} to {words.number(max(effects))}."
    )
