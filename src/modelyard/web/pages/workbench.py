"""Matrices of classes; the workbench of a threshold: what comes of it, and what that is worth."""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

from modelyard.analysis.charts.matrices import gathered
from modelyard.analysis.types import Gains, Metric
from modelyard.evaluations.charting.workbench import Bench, bench_of
from modelyard.evaluations.commands import ShowScreen
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.values import Value
from modelyard.web.pages.formats import sentence
from modelyard.web.pages.page import Visit

Shown = Literal["count", "actual", "predicted"]
SHOWN: tuple[Shown, ...] = get_args(Shown)
MARKED = ("decision", "roc", "precision-recall", "gain", "density")
"""The screens on whose charts the threshold is marked."""


class Workbench(Bench):
    """A threshold that one can move, and what comes of it."""

    kept: float
    """The threshold of the evaluation."""
    problem: str
    """What is wrong with the threshold that was typed."""
    every: tuple[Metric, ...]
    """All metrics that depend on the threshold."""
    show: Shown
    gains_problem: str


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
    gains, gains_problem = _gains(visit, evaluation.gains)
    kept = evaluation.threshold or 0.0
    chart = _screen(visit, evaluation, "decision") if has_grid else {}
    bench = bench_of(evaluation, found, chart, kept if given is None else given, gains)
    return Workbench(
        **dict(bench),
        kept=kept,
        problem=problem,
        every=tuple(Metric.model_validate(each) for each in found["metrics"]),
        show=visit.one_of("show", SHOWN) or "count",
        gains_problem=gains_problem,
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
