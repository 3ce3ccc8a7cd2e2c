"""Matrices of classes; the workbench of a threshold: what comes of it, and what that is worth."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

from modelyard.analysis.charts.matrices import gathered
from modelyard.analysis.types import Cells, Gains, Metric
from modelyard.evaluations.commands import ShowScreen
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.values import Value
from modelyard.web.pages.formats import sentence
from modelyard.web.pages.page import Visit

Shown = Literal["count", "actual", "predicted"]
SHOWN: tuple[Shown, ...] = get_args(Shown)
CELLS = tuple(Cells.model_fields)
METRICS = ("precision", "f1", "recall", "mcc", "accuracy", "specificity")
"""The metrics of the workbench, by their codes."""
COLUMNS = {code: code for code in METRICS} | {
    "hammingLoss": "hamming_loss",
    "costMatrixGain": "cost_matrix_gain",
    "flagged": "predicted_positive",
}
"""The columns of the decision chart by what moves with the threshold."""
MARKED = ("decision", "roc", "precision-recall", "gain", "density")
"""The screens on whose charts the threshold is marked."""
DIGITS = 4
"""Of a metric on the grid; pages show three."""


class Best(Value):
    """The threshold of the grid at which a row is worth most."""

    threshold: float
    gain: float


class Workbench(Value):
    """A threshold, and what comes of it."""

    threshold: float
    kept: float
    """The threshold of the evaluation."""
    problem: str
    """What is wrong with the threshold that was typed."""
    positive: str
    negative: str
    cells: Cells
    metrics: tuple[Metric, ...]
    every: tuple[Metric, ...]
    """All metrics that depend on the threshold."""
    show: Shown
    gains: Gains
    gains_problem: str
    gain: float | None
    """What a row is worth at the threshold, with these gains."""
    best: Best | None
    place: int
    """Where on the grid the threshold is, or what is nearest to it."""
    grid: Mapping[str, Sequence[float | None]]
    """Cells and metrics at many thresholds; empty: the model gives labels only."""
    limits: Mapping[str, Mapping[str, Sequence[float | None]]]
    """Of the metrics at these thresholds; empty: the evaluation has none."""


class MatrixCell(Value):
    """Rows of a true and a predicted class."""

    rows: float
    share: float | None
    """Of the rows of the true class; where shares of the predicted one are shown, of that."""


class Matrix(Value):
    """The confusion matrix of several classes."""

    names: tuple[str, ...]
    """The classes; of very many the most frequent ones, and the others in one."""
    cells: tuple[tuple[MatrixCell, ...], ...]
    """A line per true class."""
    show: Shown


def workbench(visit: Visit, evaluation: Evaluation) -> Workbench:
    """At the threshold that the query names, else that of the evaluation."""
    given, problem = typed_number(visit.asked("threshold"), least=0, most=1)
    has_grid = "decision" in evaluation.screens
    found = _screen(visit, evaluation, "confusion", threshold=given if has_grid else None)
    cells = Cells.model_validate(found["cells"])
    gains, gains_problem = _gains(visit, evaluation.gains)
    chart = _screen(visit, evaluation, "decision") if has_grid else {}
    grid = _grid(chart) if chart else {}
    every = tuple(Metric.model_validate(each) for each in found["metrics"])
    kept = evaluation.threshold or 0.0
    threshold = kept if given is None else given
    return Workbench(
        threshold=threshold,
        kept=kept,
        problem=problem,
        positive=str(evaluation.positive),
        negative=str(next(each for each in evaluation.classes if each != evaluation.positive)),
        cells=cells,
        metrics=_shown(every),
        every=every,
        show=visit.one_of("show", SHOWN) or "count",
        gains=gains,
        gains_problem=gains_problem,
        gain=_worth(tuple(cells.model_dump().values()), gains),
        best=_best(grid, gains),
        place=_nearest(grid.get("threshold", ()), threshold),
        grid=grid,
        limits=_limits(chart),
    )


def matrix(visit: Visit, evaluation: Evaluation) -> Matrix:
    """The cells of several classes."""
    names, weights = gathered(_screen(visit, evaluation, "confusion"))
    show = visit.one_of("show", SHOWN) or "count"
    down = [sum(line) for line in weights]
    across = [sum(column) for column in zip(*weights, strict=True)]

    def cell(actual: int, predicted: int) -> MatrixCell:
        whole = across[predicted] if show == "predicted" else down[actual]
        rows = weights[actual][predicted]
        return MatrixCell(rows=rows, share=rows / whole if whole else None)

    places = range(len(names))
    cells = tuple(tuple(cell(actual, predicted) for predicted in places) for actual in places)
    return Matrix(names=tuple(names), cells=cells, show=show)


def group_of(visit: Visit) -> dict[str, str]:
    """The column and the group of it whose rows alone are looked at; empty: all rows."""
    named = {name: visit.asked(name) for name in ("by", "group")}
    return named if all(named.values()) else {}


def _screen(
    visit: Visit, evaluation: Evaluation, name: str, threshold: float | None = None
) -> dict[str, Any]:
    group = group_of(visit)
    asked = ShowScreen(
        project=evaluation.project,
        id=evaluation.id,
        screen=name,
        threshold=threshold,
        by=group.get("by"),
        group=group.get("group"),
    )
    return visit.run(asked).content


def _shown(every: Sequence[Metric]) -> tuple[Metric, ...]:
    """Those of the workbench, in their order."""
    known = {each.code: each for each in every}
    return tuple(known[code] for code in METRICS)


def _grid(chart: Mapping[str, Any]) -> dict[str, list[float | None]]:
    """The decision chart as far as it moves, with no more digits than are shown."""
    cells = {name: [round(each, DIGITS) for each in chart[name]] for name in CELLS}
    metrics = {name: _rounded(chart[column]) for name, column in COLUMNS.items()}
    return {"threshold": chart["threshold"], **cells, **metrics}


def _limits(chart: Mapping[str, Any]) -> dict[str, dict[str, list[float | None]]]:
    """With no more digits than are shown; evaluations of old have none."""
    return {
        code: {"low": _rounded(each["low"]), "high": _rounded(each["high"])}
        for code, each in chart.get("limits", {}).items()
    }


def _rounded(column: Sequence[float | None]) -> list[float | None]:
    return [None if each is None else round(each, DIGITS) for each in column]


def _nearest(places: Sequence[float | None], threshold: float) -> int:
    gaps = [abs((each or 0.0) - threshold) for each in places]
    return min(range(len(gaps)), key=gaps.__getitem__, default=0)


def _gains(visit: Visit, own: Gains) -> tuple[Gains, str]:
    """The gains that the query names, else those of the evaluation; and what is wrong with them."""
    given = {}
    for name, value in own.model_dump().items():
        number, problem = typed_number(visit.asked(name))
        if problem:
            return own, problem
        given[name] = value if number is None else number
    return Gains(**given), ""


def typed_number(
    text: str, least: float = -math.inf, most: float = math.inf
) -> tuple[float | None, str]:
    """A number of the query, and what is wrong with it."""
    if not text.strip():
        return None, ""
    try:
        number = float(text)
    except ValueError:
        return None, f"{sentence(repr(text[:40]))} is no number."
    if not math.isfinite(number) or not least <= number <= most:
        limits = "a number" if math.isinf(most) else f"a number from {least:g} to {most:g}"
        return None, f"Type {limits}."
    return number, ""


def _worth(cells: Sequence[float], gains: Gains) -> float | None:
    """The mean gain of a row."""
    total = sum(cells)
    gain: float = sum(x * y for x, y in zip(cells, gains.model_dump().values(), strict=True))
    return gain / total if total else None


def _best(grid: Mapping[str, Sequence[Any]], gains: Gains) -> Best | None:
    """Where on the grid a row is worth most; of equals the first."""
    rows = zip(*(grid[name] for name in CELLS), strict=True) if grid else ()
    worths = [_worth(cells, gains) for cells in rows]
    told = [(worth, at) for at, worth in enumerate(worths) if worth is not None]
    if not told:
        return None
    gain, at = max(told, key=lambda each: (each[0], -each[1]))
    return Best(threshold=grid["threshold"][at], gain=gain)
