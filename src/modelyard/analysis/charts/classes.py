"""Several classes: a line or a row per class, and what averages them."""

from __future__ import annotations

from typing import Any

from modelyard.analysis.charts import words
from modelyard.analysis.charts.layers import Groups, Sketch
from modelyard.analysis.charts.overlays import CURVES, SUMMED, curves_of, overlaid, sums
from modelyard.analysis.charts.points import Point, drawable, points, required
from modelyard.analysis.charts.types import Content, Subject

MOST_LINES = 6
"""Classes, the most frequent first, that have a line."""
MOST_GROUPS = 20
MEANS = {"macro": "mean of classes (macro)", "micro": "all pairs (micro)"}


def of_classes(screen: str, content: Content) -> Sketch:
    """A line per class against all others, and macro and micro where there are any."""
    x, y, make = CURVES[screen]
    axes = make(Subject(positive="the class", negative="other classes"))
    found = content.get("classes") or []
    names = words.names_of(each["label"] for each in found[:MOST_LINES])
    shown = list(zip(names, found, strict=False))
    lines, bands = curves_of(screen, shown)
    for key, name in MEANS.items():
        if content.get(key):
            mean = points(content[key], ("x", "y"))
            lines += [{x: p["x"], y: p["y"], "line": name} for p in mean]
    required(lines, *((content.get(key) or {}).get("area") for key in MEANS))
    few = f", of the {len(shown)} most frequent of {len(found)}" if len(found) > len(shown) else ""
    layers, data = overlaid(screen, axes, lines, bands, "Class")
    told = "; ".join(sums(screen, shown))
    return Sketch(
        layers,
        data,
        note=_note(screen, content) or (f"{len(shown)} of {len(found)} classes" if few else ""),
        description=f"{words.TITLES[screen]}, a line for each class against all others{few}"
        f"{f': {told}' if told else ''}.",
        height=300,
    )


def _note(screen: str, content: Content) -> str:
    """The mean over classes; what is told of single ones is in the description."""
    return words.metric((content.get("macro") or {}).get("area")) if screen in SUMMED else ""


def per_class(content: Content, _subject: Subject) -> Sketch:
    """Precision, recall and area of each class with their intervals."""
    labels, weights = content.get("label") or (), content.get("weight") or ()
    order = sorted(range(len(labels)), key=lambda at: -float(weights[at] or 0))[:MOST_GROUPS]
    names = words.names_of(labels[at] for at in order)
    series = {"precision": "Precision", "recall": "Recall", "auc": "ROC AUC"}
    rows = [
        {
            "name": name,
            "line": title,
            "value": content[code][at],
            "low": _known(content[f"{code}_low"][at]),
            "high": _known(content[f"{code}_high"][at]),
        }
        for name, at in zip(names, order, strict=True)
        for code, title in series.items()
        if drawable(content[code][at])
    ]
    few = (
        f", of the {len(order)} most frequent of {len(labels)}" if len(labels) > len(order) else ""
    )
    by_f1 = [at for at in order if drawable((content.get("f1") or ())[at])]
    worst = min(by_f1, key=lambda at: float(content["f1"][at]), default=None)
    note = (
        ""
        if worst is None
        else f"F1 is lowest for {words.clean(labels[worst])}: {words.number(content['f1'][worst])}"
    )
    return _groups(
        names,
        required(rows),
        list(series.values()),
        what="Class",
        note=note,
        said=f"Precision, recall and area under the ROC curve of each class{few}",
    )


def _known(value: Any) -> float | None:
    return value if drawable(value) else None


def averages(content: Content, _subject: Subject) -> Sketch:
    """Precision, recall and F1 in each way of averaging."""
    names = words.names_of(content.get("averaging") or ())
    series = {"precision": "Precision", "recall": "Recall", "f1": "F1"}
    rows = [
        {"name": name, "line": title, "value": content[code][at], "low": None, "high": None}
        for at, name in enumerate(names)
        for code, title in series.items()
        if drawable(content[code][at])
    ]
    first = next((row for row in required(rows) if row["line"] == "F1"), rows[0])
    return _groups(
        names,
        rows,
        list(series.values()),
        what="Average",
        note=f"{first['line']}, {first['name']}: {words.number(first['value'])}",
        said="Precision, recall and F1, averaged over classes in each way",
    )


def _groups(
    names: list[str], rows: list[Point], series: list[str], *, what: str, note: str, said: str
) -> Sketch:
    across: dict[str, Any] = {"across_domain": (0.0, 1.0), "across_format": ".0%"}
    chart = Groups(names, "Metric", what, series=series, **across)
    return Sketch(
        list(chart.dots()),
        {"groups": rows},
        note=note,
        description=f"{said}{f': {note}' if note else ''}.",
        height=max(160, 44 * len(names) + 20),
    )
