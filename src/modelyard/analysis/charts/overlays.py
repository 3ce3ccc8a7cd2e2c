"""Curves over each other: of several classes, or of what is compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import altair as alt

from modelyard.analysis.charts import words
from modelyard.analysis.charts.curves import gain_axes, precision_axes, roc_axes
from modelyard.analysis.charts.layers import Axes, colour, diagonal, encoded, told
from modelyard.analysis.charts.likelihoods import calibration_axes, density_axes
from modelyard.analysis.charts.points import Point, points
from modelyard.analysis.charts.types import Content, Subject

SUMMED = {"roc": "area", "precision-recall": "area", "gain": "lift", "calibration": "loss"}
"""The metric that sums a curve up."""


def _lift_axes(_subject: Subject) -> Axes:
    return Axes(
        "Tenths of the rows, likeliest first",
        "Lift, compared with all rows",
        across_domain=(1, 10),
        zero=True,
    )


CURVES: dict[str, tuple[str, str, Callable[[Subject], Axes]]] = {
    "roc": ("false_positive_rate", "true_positive_rate", roc_axes),
    "precision-recall": ("recall", "precision", precision_axes),
    "gain": ("targeted", "found", gain_axes),
    "lift": ("group", "lift", _lift_axes),
    "calibration": ("predicted", "observed", calibration_axes),
    "density": ("score", "positive", density_axes),
}
DIAGONAL = {"roc", "gain", "calibration"}
LIMITS = {"lift", "calibration"}
"""Whose points have limits of their own; others have a band."""


def curves_of(screen: str, named: Iterable[tuple[str, Content]]) -> tuple[list[Point], list[Point]]:
    """The points of curves and of their bands, each with the name of its line."""
    x, y, _ = CURVES[screen]
    lines: list[Point] = []
    bands: list[Point] = []
    limits = ("low", "high") if screen in LIMITS else ()
    for name, each in named:
        lines += [{**p, "line": name} for p in points(each, (x, y), limits)]
        if each.get("band"):
            bands += [{**p, "line": name} for p in points(each["band"], ("x", "low", "high"))]
    return lines, bands


def overlaid(
    screen: str,
    axes: Axes,
    lines: list[Point],
    bands: list[Point],
    what: str,
    *,
    dashes: alt.StrokeDash | None = None,
) -> tuple[list[alt.Chart], dict[str, list[Point]]]:
    """The layers of curves over each other, and their data.

    Args:
        screen: which curves.
        axes: of the screen.
        lines: points with the name of their line.
        bands: limits with the name of their line.
        what: the lines are of, as a pointer is told.
        dashes: of the lines; in turn, unless they are given.
    """
    x, y, _ = CURVES[screen]
    names = list(dict.fromkeys(line["line"] for line in lines))
    base, ends = diagonal(axes)
    by = colour(names)
    steps = {"interpolate": "step-before"} if screen == "precision-recall" else {}
    pointed = [alt.Tooltip("line:N", title=what), told(x, axes.across), told(y, axes.up)]
    series = axes.series("lines", x, y, names, **steps)
    return [
        *([base] if screen in DIAGONAL else []),
        *([axes.band("bands", "x", opacity=0.1).encode(color=by)] if bands else []),
        *([axes.whiskers("lines", x).encode(color=by)] if screen in LIMITS else []),
        series if dashes is None else encoded(series, strokeDash=dashes),
        *([axes.points("lines", x, y).encode(color=by)] if screen == "calibration" else []),
        axes.hover("lines", x, y, pointed),
    ], {"lines": lines, "bands": bands, "diagonal": ends}


def sums(screen: str, named: Sequence[tuple[str, Content]]) -> list[str]:
    """The metric of each curve that has one, behind the name of its line."""
    key = SUMMED.get(screen)
    if key is None:
        return []
    pairs = [(name, words.metric(each.get(key))) for name, each in named]
    return [f"{name}: {text}" for name, text in pairs if text]
