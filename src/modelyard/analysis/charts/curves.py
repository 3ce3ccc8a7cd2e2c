"""ROC, precision-recall and cumulative gain of one class against the other rows."""

from __future__ import annotations

import altair as alt

from modelyard.analysis.charts import words
from modelyard.analysis.charts.layers import SHARE, Axes, Sketch, diagonal, of, told
from modelyard.analysis.charts.points import Point, at_threshold, points, required
from modelyard.analysis.charts.types import Content, Subject

WHOLE = (0.0, 1.0)
BAND = ("x", "low", "high")


def roc(content: Content, subject: Subject) -> Sketch:
    """True by false positive rate, with its band, guessing, and the mark of the threshold."""
    x, y = "false_positive_rate", "true_positive_rate"
    curve = required(points(content, (x, y), ("threshold",)), content.get("area"))
    axes = roc_axes(subject)
    reached = at_threshold(curve, subject.threshold)
    line, ends = diagonal(axes)
    seen = (
        ""
        if reached is None
        else f"; from {words.number(subject.threshold)} on, {words.percent(reached[y])} of "
        f"{subject.positive} are found and {words.percent(reached[x])} of {subject.negative} are "
        "flagged"
    )
    area = words.metric(content.get("area"))
    pointed = [told(x, "False positive rate"), told(y, "Recall"), told("threshold", "Threshold")]
    return Sketch(
        [
            *_band(axes, content),
            line,
            axes.line("curve", x, y),
            *([axes.reached("curve", x, y)] if subject.threshold is not None else []),
            axes.hover("curve", x, y, pointed),
        ],
        {"curve": curve, "diagonal": ends, "band": _limits(content)},
        note=area,
        description=f"ROC curve of {subject.positive}: {area}{seen}.",
        threshold=subject.threshold,
    )


def roc_axes(subject: Subject) -> Axes:
    """The axes of ROC curves."""
    return Axes(
        f"Share of {subject.negative} flagged (false positive rate)",
        f"Share of {subject.positive} found (recall)",
        *(SHARE, SHARE, WHOLE, WHOLE),
    )


def precision_recall(content: Content, subject: Subject) -> Sketch:
    """Precision by recall in steps, with its band, the base rate, and the mark of the threshold."""
    x, y = "recall", "precision"
    curve = required(points(content, (x, y), ("threshold",)), content.get("area"))
    axes = precision_axes(subject)
    base = content.get("base_rate")
    rate = [] if base is None else [{x: 0.0, y: base}, {x: 1.0, y: base}]
    area = words.metric(content.get("area"))
    beside = "" if base is None else f"; {words.percent(base)} of all rows are {subject.positive}"
    pointed = [told(x, "Recall"), told(y, "Precision"), told("threshold", "Threshold")]
    # Each precision holds from the recall before it on, the first one from none on.
    begun = [{x: 0.0, y: curve[0][y], "threshold": None}, *curve]
    return Sketch(
        [
            *_band(axes, content),
            axes.line("rate", x, y, style="reference"),
            axes.line("curve", x, y, interpolate="step-before"),
            *([axes.reached("curve", x, y, falling=True)] if subject.threshold is not None else []),
            axes.hover("curve", x, y, pointed),
        ],
        {"curve": begun, "rate": rate, "band": _limits(content)},
        note=area,
        description=f"Precision by recall of {subject.positive}: {area}{beside}.",
        threshold=subject.threshold,
    )


def precision_axes(subject: Subject) -> Axes:
    """The axes of precision-recall curves."""
    return Axes(
        f"Share of {subject.positive} found (recall)",
        f"Share of flagged rows that are {subject.positive} (precision)",
        *(SHARE, SHARE, WHOLE, WHOLE),
    )


def gain(content: Content, subject: Subject) -> Sketch:
    """Positives found by rows targeted, between the wizard and a random order."""
    x, y = "targeted", "found"
    curve = required(points(content, (x, y), ("threshold",)), content.get("lift"))
    axes = gain_axes(subject)
    line, ends = diagonal(axes)
    wizard = points(content, ("wizard_targeted", "wizard_found"))
    share = content.get("at_share")
    note = words.metric(content.get("lift"))
    if note and share is not None:
        note = f"{note} at {words.percent(share)} of the rows"
    reached = at_threshold(curve, subject.threshold)
    seen = (
        ""
        if reached is None
        else f"; from {words.number(subject.threshold)} on, {words.percent(reached[y])} of "
        f"{subject.positive} are found in {words.percent(reached[x])} of the rows"
    )
    pointed = [told(x, "Rows flagged"), told(y, "Found"), told("threshold", "Threshold")]
    return Sketch(
        [
            *_band(axes, content),
            axes.line("wizard", "wizard_targeted", "wizard_found", style="limit"),
            line,
            *_named(axes, wizard),
            axes.line("curve", x, y),
            *([axes.reached("curve", x, y)] if subject.threshold is not None else []),
            axes.hover("curve", x, y, pointed),
        ],
        {
            "curve": curve,
            "wizard": wizard,
            "diagonal": ends,
            "band": _limits(content),
            "names": _names(wizard),
        },
        note=note,
        description=f"Cumulative gain of {subject.positive}: {note or 'no lift'}{seen}.",
        threshold=subject.threshold,
    )


def gain_axes(subject: Subject) -> Axes:
    """The axes of gain curves."""
    return Axes(
        "Share of rows flagged, likeliest first",
        f"Share of {subject.positive} found",
        *(SHARE, SHARE, WHOLE, WHOLE),
    )


def _named(axes: Axes, wizard: list[Point]) -> list[alt.Chart]:
    """The names of the two lines that the curve lies between."""
    if len(wizard) < 3:
        return []
    text = of("names").mark_text(style="remark", align="left", dx=6, dy=10)
    return [text.encode(x=axes.x("x"), y=axes.y("y"), text="name:N")]


def _names(wizard: list[Point]) -> list[Point]:
    if len(wizard) < 3:
        return []
    corner = wizard[1]["wizard_targeted"]
    return [
        {"x": min(corner, 0.8), "y": 1.0, "name": "wizard"},
        {"x": 0.66, "y": 0.64, "name": "random"},
    ]


def _band(axes: Axes, content: Content) -> list[alt.Chart]:
    return [axes.band("band", "x")] if content.get("band") else []


def _limits(content: Content) -> list[Point]:
    return points(content["band"], BAND) if content.get("band") else []
