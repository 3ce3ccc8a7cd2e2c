"""Confusion matrices, of two classes or many."""

from __future__ import annotations

from typing import Any

import altair as alt

from modelyard.analysis.charts import words
from modelyard.analysis.charts.layers import Sketch, encoded, of
from modelyard.analysis.charts.matrices import MOST_CLASSES, gathered
from modelyard.analysis.charts.points import Point, drawable, required
from modelyard.analysis.charts.types import Content, Subject

WRITTEN = 10
"""So many classes leave room for numbers in the cells."""


def confusion(content: Content, subject: Subject) -> Sketch:
    """Two by two cells with their rows and shares."""
    cells = content.get("cells") or {}
    yes, no = subject.labels
    kinds = (
        *((yes, yes, "true_positive"), (yes, no, "false_negative")),
        *((no, yes, "false_positive"), (no, no, "true_negative")),
    )
    rows: list[Point] = []
    for actual, predicted, kind in kinds:
        weight = cells.get(kind)
        if drawable(weight):
            rows.append({"actual": actual, "predicted": predicted, "weight": weight})
    required(rows if sum(row["weight"] for row in rows) else [])
    _shared(rows)
    right = sum(row["weight"] for row in rows if row["actual"] == row["predicted"])
    total = sum(row["weight"] for row in rows)
    threshold = content.get("threshold")
    at = "" if subject.threshold is None else f" at threshold {words.number(threshold)}"
    of_yes = next((r["share"] for r in rows if r["actual"] == r["predicted"] == yes), None)
    found = (
        "" if of_yes is None else f", and {words.percent(of_yes)} of {subject.positive} are found"
    )
    return Sketch(
        [
            *(
                _cells([yes, no], style=style, kept=f"datum.right == {kept}").encode(
                    opacity=_opacity()
                )
                for style, kept in (("right", "true"), ("wrong", "false"))
            ),
            *_numbers([yes, no], -8),
        ],
        {"cells": rows},
        note=f"{words.percent(right / total)} right",
        description=f"Confusion matrix{at}: {words.percent(right / total)} of the rows are "
        f"right{found}.",
        height=200,
    )


def confusion_of_classes(content: Content, _subject: Subject) -> Sketch:
    """Cells of all classes, coloured by their share of the rows of their true class."""
    names, matrix = gathered(content)
    rows: list[Point] = [
        {"actual": actual, "predicted": predicted, "weight": weight}
        for actual, line in zip(names, matrix, strict=True)
        for predicted, weight in zip(names, line, strict=True)
    ]
    total = sum(row["weight"] for row in rows)
    required(rows if total else [])
    _shared(rows)
    right = sum(matrix[at][at] for at in range(len(names)))
    worst = max(
        (row for row in rows if row["actual"] != row["predicted"]),
        key=lambda row: float(row["weight"]),
        default=None,
    )
    most = (
        f"; most often {worst['actual']} is taken for {worst['predicted']} "
        f"({words.count(worst['weight'])} rows)"
        if worst is not None and worst["weight"]
        else ""
    )
    many = len(content["classes"])
    told = f" of {many} classes, the rarest in one" if many > MOST_CLASSES else ""
    colour = alt.Color(
        "share:Q",
        title=None,
        scale=alt.Scale(domain=[0, 1]),
        legend=alt.Legend(format=".0%", title="Share of the true class", gradientLength=120),
    )
    return Sketch(
        [
            _cells(names).encode(color=colour),
            *(_numbers(names, 0) if len(names) <= WRITTEN else []),
        ],
        {"cells": rows},
        note=f"{words.percent(right / total)} right",
        description=f"Confusion matrix{told}: {words.percent(right / total)} of the rows are "
        f"right{most}.",
        height=max(220, min(26, 420 // len(names) + 12) * len(names)),
    )


def _shared(rows: list[Point]) -> None:
    """Tell of each cell its share of the rows of its true class, and whether it is right."""
    totals: dict[str, float] = {}
    for row in rows:
        totals[row["actual"]] = totals.get(row["actual"], 0) + row["weight"]
    for row in rows:
        total = totals[row["actual"]]
        row["share"] = row["weight"] / total if total else None
        row["right"] = row["actual"] == row["predicted"]
        row["number"] = words.count(row["weight"])
        row["words"] = f"{words.percent(row['share'])} of {row['actual']}" if total else ""


def _placed(names: list[str]) -> dict[str, Any]:
    angle = 0 if len(names) <= 4 else -45
    across = alt.Axis(orient="top", domain=False, labelAngle=angle, labelLimit=110, grid=False)
    down = alt.Axis(domain=False, labelLimit=130, grid=False)
    return {
        "x": alt.X("predicted:N", title="Predicted class", sort=names, axis=across),
        "y": alt.Y("actual:N", title="True class", sort=names, axis=down),
    }


def _cells(names: list[str], kept: str = "", **mark: Any) -> alt.Chart:
    told = [
        alt.Tooltip("actual:N", title="True class"),
        alt.Tooltip("predicted:N", title="Predicted class"),
        alt.Tooltip("weight:Q", title="Rows", format=",.6~g"),
        alt.Tooltip("share:Q", title="Share of the true class", format=".1%"),
    ]
    chart = of("cells").transform_filter(kept) if kept else of("cells")
    return encoded(chart.mark_rect(cornerRadius=3, **mark), **_placed(names), tooltip=told)


def _opacity() -> alt.Opacity:
    return alt.Opacity("share:Q", scale=alt.Scale(domain=[0, 1], range=[0.08, 0.5]), legend=None)


def _numbers(names: list[str], dy: int) -> list[alt.Chart]:
    """What stands in the cells: rows, and where there is room their share in words."""
    text = (
        of("cells").mark_text(style="cell-number", dy=dy).encode(**_placed(names), text="number:N")
    )
    if not dy:
        return [text]
    below = (
        of("cells").mark_text(style="cell-words", dy=12).encode(**_placed(names), text="words:N")
    )
    return [text, below]
