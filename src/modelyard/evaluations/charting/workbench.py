"""The workbench of a threshold: what comes of it on a grid, what that is worth, and its script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from modelyard.analysis.charts.types import Content
from modelyard.analysis.types import Cells, Gains, Metric
from modelyard.evaluations.types import Evaluation
from modelyard.kernel.values import Value

CELLS = tuple(Cells.model_fields)
METRICS = ("precision", "f1", "recall", "mcc", "accuracy", "specificity")
"""The metrics of the workbench, by their codes."""
COLUMNS = {code: code for code in METRICS} | {
    "hammingLoss": "hamming_loss",
    "costMatrixGain": "cost_matrix_gain",
    "flagged": "predicted_positive",
}
"""The columns of the decision chart by what moves with the threshold."""
DIGITS = 4
"""Of a metric on the grid; three are shown."""


class Best(Value):
    """The threshold of the grid at which a row is worth most."""

    threshold: float
    gain: float
    place: int
    """Where on the grid it is."""


class Bench(Value):
    """A threshold, and what comes of it."""

    threshold: float
    positive: str
    negative: str
    cells: Cells
    metrics: tuple[Metric, ...]
    gains: Gains
    gain: float | None
    """What a row is worth at the threshold, with these gains."""
    best: Best | None
    place: int
    """Where on the grid the threshold is, or what is nearest to it."""
    grid: Mapping[str, Sequence[float | None]]
    """Cells and metrics at many thresholds; empty: the model gives labels only."""
    limits: Mapping[str, Mapping[str, Sequence[float | None]]]
    """Of the metrics at these thresholds; empty: the evaluation has none."""


def bench_of(
    evaluation: Evaluation, confusion: Content, decision: Content, threshold: float, gains: Gains
) -> Bench:
    """The workbench of a binary evaluation.

    Args:
        evaluation: whose.
        confusion: its screen, at the threshold.
        decision: its screen; empty: the model gives labels only.
        threshold: where it stands.
        gains: what a row of each kind is worth.
    """
    cells = Cells.model_validate(confusion["cells"])
    known = {each["code"]: Metric.model_validate(each) for each in confusion["metrics"]}
    grid = _grid(decision) if decision else {}
    return Bench(
        threshold=threshold,
        positive=str(evaluation.positive),
        negative=str(next(each for each in evaluation.classes if each != evaluation.positive)),
        cells=cells,
        metrics=tuple(known[code] for code in METRICS),
        gains=gains,
        gain=_worth(tuple(cells.model_dump().values()), gains),
        best=_best(grid, gains),
        place=_nearest(grid.get("threshold", ()), threshold),
        grid=grid,
        limits=_limits(decision),
    )


@cache
def script() -> str:
    """What moves all numbers of a workbench with its slider; it needs nothing else."""
    return files("modelyard.evaluations.charting").joinpath("bench.js").read_text("utf-8")


@cache
def fingerprint() -> str:
    """By which a content security policy lets the script run, and no other one."""
    digest = hashlib.sha256(script().encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _grid(chart: Content) -> dict[str, list[float | None]]:
    """The decision chart as far as it moves, with no more digits than are shown."""
    cells = {name: [round(each, DIGITS) for each in chart[name]] for name in CELLS}
    metrics = {name: _rounded(chart[column]) for name, column in COLUMNS.items()}
    return {"threshold": chart["threshold"], **cells, **metrics}


def _limits(chart: Content) -> dict[str, dict[str, list[float | None]]]:
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
    return Best(threshold=grid["threshold"][at], gain=gain, place=at)
