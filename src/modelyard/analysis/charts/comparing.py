"""What is compared, over each other: curves, metrics by threshold, densities, points, errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import altair as alt

from modelyard.analysis.charts import words
from modelyard.analysis.charts.compared import NOTHING_LEFT, Compared, Left
from modelyard.analysis.charts.layers import SHARE, Axes, Sketch, diagonal, encoded, of, told
from modelyard.analysis.charts.overlays import CURVES, curves_of, overlaid, sums
from modelyard.analysis.charts.points import Point, points, required
from modelyard.analysis.charts.theme import DASHES
from modelyard.analysis.charts.types import Content, NothingToDraw, Subject
from modelyard.analysis.names import name_of

MOST_ENDS = 24
"""Of a line that shows a distribution."""
TALL = 300


def called(compared: Sequence[Compared]) -> list[str]:
    """Their names in legends, all different; the champion's says that it is one."""
    return words.names_of(
        f"{words.clean(each.name)} champion" if each.is_champion else each.name for each in compared
    )


def overlay(
    screen: str, compared: Sequence[Compared], subject: Subject, left: Left = NOTHING_LEFT
) -> Sketch:
    """The same screen of several, over each other.

    Args:
        screen: a curve, `density`, `points` or `errors`.
        compared: those that have it, `most_of` it at most, in their order.
        subject: in which words.
        left: the others.

    Raises:
        NothingToDraw: none of them has it.
    """
    if not compared:
        raise NothingToDraw("none of what is compared has this screen")
    sketch = {"density": densities, "points": clouds, "errors": errors}.get(screen)
    made = _curves(screen, compared, subject) if sketch is None else sketch(compared, subject)
    return replace(made, description=f"{made.description.removesuffix('.')}{left.told()}.")


def decision(compared: Sequence[Compared], code: str, left: Left = NOTHING_LEFT) -> Sketch:
    """A metric by threshold, a line for each.

    Args:
        compared: with the content of `decision`, `most_of` it at most.
        code: which metric.
        left: the others.

    Raises:
        NothingToDraw: none of them has the screen or the metric.
    """
    drawn = [each for each in compared if points(each.content, ("threshold", code))]
    names = called(drawn)
    lines: list[Point] = []
    best: list[str] = []
    for name, each in zip(names, drawn, strict=True):
        found = points(each.content, ("threshold", code))
        lines += [{"threshold": p["threshold"], "value": p[code], "line": name} for p in found]
        top = max(found, key=lambda p: float(p[code]))
        best.append(f"{name} {words.number(top[code])} at {words.number(top['threshold'])}")
    if not lines:
        raise NothingToDraw(f"none of what is compared has {name_of(code)} by threshold")
    axes = Axes("Threshold", f"{name_of(code)} at this threshold", across_domain=(0, 1))
    pointed = [alt.Tooltip("line:N", title="Of"), told("value", name_of(code))]
    pointed.append(told("threshold", "Threshold"))
    series = axes.series("lines", "threshold", "value", names)
    return Sketch(
        [
            encoded(series, strokeDash=_dashes(names, drawn)),
            axes.hover("lines", "threshold", "value", pointed),
        ],
        {"lines": lines},
        note=f"highest {words.listed(best[:3])}",
        description=f"{name_of(code)} by threshold; it is highest for "
        f"{words.listed(best)}{left.told()}.",
        height=TALL,
        roles=_roles(drawn),
    )


def _curves(screen: str, drawn: Sequence[Compared], subject: Subject) -> Sketch:
    axes = CURVES[screen][2](subject)
    named = [(name, _of_two(each)) for name, each in zip(called(drawn), drawn, strict=True)]
    lines, bands = curves_of(screen, named)
    required(lines, *(each.get("area") for _, each in named))
    known = {line["line"] for line in lines}
    seen = {name: each for each, (name, _) in zip(drawn, named, strict=True) if name in known}
    # Bands of more than two would hide each other.
    bands = bands if len(seen) < 3 else []
    layers, data = overlaid(
        screen, axes, lines, bands, "Of", dashes=_dashes(list(seen), list(seen.values()))
    )
    told = "; ".join(sums(screen, named))
    return Sketch(
        layers,
        data,
        note="",
        description=f"{words.TITLES[screen]}, a line for each of {len(seen)}"
        f"{f': {told}' if told else ''}.",
        height=TALL,
        roles=_roles(list(seen.values())),
    )


def _of_two(compared: Compared) -> Content:
    """A curve; of several classes the mean of all.

    Raises:
        NothingToDraw: there is no mean of such curves.
    """
    content = compared.content
    if "classes" not in content:
        return content
    mean = content.get("macro")
    if not mean:
        raise NothingToDraw("there is a curve for each class; choose one of them")
    if "true_positive_rate" in content["classes"][0]:
        names = ("false_positive_rate", "true_positive_rate")
    else:
        names = ("recall", "precision")
    return {names[0]: mean["x"], names[1]: mean["y"], "area": mean.get("area")}


def densities(drawn: Sequence[Compared], subject: Subject) -> Sketch:
    """The scores of the positives above the axis, of the others below it."""
    names = called(drawn)
    rows: list[Point] = []
    for name, each in zip(names, drawn, strict=True):
        if "classes" in each.content:
            raise NothingToDraw("there is a density for each class; choose one of them")
        for side, sign in (("positive", 1), ("negative", -1)):
            rows += [
                {"score": p["score"], "density": sign * p[side], "line": name, "side": side}
                for p in points(each.content, ("score", side))
            ]
    required(rows)
    axes = Axes(
        f"Predicted probability of {subject.positive}",
        f"{subject.negative} below, {subject.positive} above",
        SHARE,
        zero=True,
    )
    up = alt.Y(
        "density:Q",
        title=axes.up,
        axis=alt.Axis(labelExpr="format(abs(datum.value), '.3~g')"),
    )
    series = axes.series("densities", "score", "density", names)
    pointed = [alt.Tooltip("line:N", title="Of"), alt.Tooltip("side:N", title="Class")]
    pointed += [told("score", "Score"), told("density", "Density")]
    medians = [
        f"{name} {words.number(each.content.get('negative_median'))} and "
        f"{words.number(each.content.get('positive_median'))}"
        for name, each in zip(names, drawn, strict=True)
    ]
    hover = axes.hover("densities", "score", "density", pointed)
    return Sketch(
        [
            of("none").mark_rule(style="reference").encode(y=alt.Y("density:Q", title=axes.up)),
            encoded(series, y=up, detail="side:N", strokeDash=_dashes(names, drawn)),
            hover,
        ],
        {"densities": rows, "none": [{"density": 0}]},
        note="",
        description=f"Densities of the predicted probability of {subject.positive}; medians of "
        f"{subject.negative} and {subject.positive}: {'; '.join(medians)}.",
        height=TALL,
        roles=_roles(drawn),
    )


def clouds(drawn: Sequence[Compared], subject: Subject) -> Sketch:
    """Predicted by true values of some rows, in the colour of each."""
    names = called(drawn)
    rows: list[Point] = []
    above: list[str] = []
    for name, each in zip(names, drawn, strict=True):
        some = points(each.content, ("truth", "predicted"), ("row",))
        rows += [{**p, "line": name} for p in some]
        high = sum(p["predicted"] > p["truth"] for p in some) / len(some) if some else None
        above.append(f"{words.percent(high)} of {name}")
    ends = [p[end] for p in required(rows) for end in ("truth", "predicted")]
    axes = Axes(f"True {subject.target}", f"Predicted {subject.target}")
    line, on_line = diagonal(axes, min(ends), max(ends))
    by = alt.Color(
        "line:N",
        title=None,
        scale=alt.Scale(domain=names),
        legend=alt.Legend(symbolType="circle"),
    )
    shape = alt.Shape("line:N", title=None, scale=alt.Scale(domain=names))
    pointed = [alt.Tooltip("line:N", title="Of"), alt.Tooltip("row:Q", title="Row", format="d")]
    pointed += [told("truth", "Truth", ",.5~g"), told("predicted", "Predicted", ",.5~g")]
    dots = axes.points("rows", "truth", "predicted", style="faint", size=22)
    return Sketch(
        [line, encoded(dots, color=by, shape=shape, tooltip=pointed)],
        {"rows": rows, "diagonal": on_line},
        note="",
        description=f"Predicted by true {subject.target} of some rows; predicted too high are "
        f"{words.listed(above)}.",
        height=360,
        roles=_roles(drawn),
    )


def errors(drawn: Sequence[Compared], subject: Subject) -> Sketch:
    """The share of rows by error, a line for each, around no error."""
    names = called(drawn)
    rows: list[Point] = []
    means: list[str] = []
    for name, each in zip(names, drawn, strict=True):
        bars = _merged(points(each.content, ("low", "high", "weight")))
        total = sum(bar["weight"] for bar in bars) or 1
        rows += [
            {
                "line": name,
                "error": (bar["low"] + bar["high"]) / 2,
                "density": bar["weight"] / total / (bar["high"] - bar["low"]),
                "share": bar["weight"] / total,
                "low": bar["low"],
                "high": bar["high"],
            }
            for bar in bars
        ]
        mean, std = each.content.get("mean"), each.content.get("std")
        means.append(f"{name} {words.number(mean)} with a deviation of {words.number(std)}")
    required(rows)
    axes = Axes(f"Error (predicted less true {subject.target})", "Density of rows")
    pointed = [alt.Tooltip("line:N", title="Of"), told("low", "Error from", ",.4~g")]
    pointed += [told("high", "to", ",.4~g"), told("share", "Share of the rows", ".1%")]
    series = axes.series("errors", "error", "density", names, interpolate="monotone")
    return Sketch(
        [
            of("none").mark_rule(style="reference").encode(x=axes.x("error")),
            encoded(series, strokeDash=_dashes(names, drawn)),
            axes.hover("errors", "error", "density", pointed),
        ],
        {"errors": rows, "none": [{"error": 0}]},
        note="",
        description=f"Distribution of the errors of {subject.target}; means: {'; '.join(means)}.",
        height=TALL,
        roles=_roles(drawn),
    )


def _merged(bars: list[Point]) -> list[Point]:
    """The bars of a distribution, some of them as one, so that lines do not zigzag."""
    step = -(-len(bars) // MOST_ENDS) or 1
    parts = [bars[at : at + step] for at in range(0, len(bars), step)]
    merged = [
        {
            "low": part[0]["low"],
            "high": part[-1]["high"],
            "weight": sum(bar["weight"] for bar in part),
        }
        for part in parts
    ]
    return [bar for bar in merged if bar["high"] > bar["low"]]


def _roles(drawn: Sequence[Compared]) -> tuple[str, ...]:
    return tuple(each.role for each in drawn)


def _dashes(names: Sequence[str], drawn: Sequence[Compared]) -> alt.StrokeDash:
    dashes = [list(DASHES[each.dash % len(DASHES)]) for each in drawn]
    scale = alt.Scale(domain=list(names), range=dashes)
    return alt.StrokeDash("line:N", title=None, scale=scale)
