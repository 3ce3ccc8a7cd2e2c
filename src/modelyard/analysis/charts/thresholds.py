"""Metrics by threshold."""

from __future__ import annotations

import altair as alt

from modelyard.analysis.charts import words
from modelyard.analysis.charts.layers import Axes, Sketch, told
from modelyard.analysis.charts.points import points, required
from modelyard.analysis.charts.types import Content, Subject

SHOWN = {
    "f1": "F1",
    "precision": "Precision",
    "recall": "Recall",
    "accuracy": "Accuracy",
    "mcc": "Matthews correlation",
}
"""The metrics that share a scale; the table of the screen has all of them."""


def decision(content: Content, subject: Subject) -> Sketch:
    """A line per metric, and the threshold."""
    rows = required(points(content, ("threshold",), tuple(SHOWN)))
    axes = Axes("Threshold", "Metric at this threshold")
    lines = [
        {"threshold": row["threshold"], "value": row[code], "line": name}
        for code, name in SHOWN.items()
        for row in rows
        if row[code] is not None
    ]
    best = max(rows, key=lambda row: row["f1"] if row["f1"] is not None else -1.0)
    note = (
        ""
        if best["f1"] is None
        else f"F1 is best at {words.number(best['threshold'])}: {words.number(best['f1'])}"
    )
    pointed = [
        alt.Tooltip("line:N", title="Metric"),
        told("value", "Value"),
        told("threshold", "Threshold"),
    ]
    names = list(SHOWN.values())
    kept = subject.threshold
    marked = "" if kept is None else f"; the threshold of the evaluation is {words.number(kept)}"
    return Sketch(
        [
            axes.series("lines", "threshold", "value", names),
            *([axes.threshold()] if kept is not None else []),
            axes.hover("lines", "threshold", "value", pointed),
        ],
        {"lines": required(lines), "mark": [{}]},
        note=note,
        description=f"{words.listed(names)} by threshold{f': {note}' if note else ''}{marked}.",
        threshold=kept,
    )
