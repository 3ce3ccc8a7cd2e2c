"""Parts of drift reports as charts, tables and files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from modelyard import errors
from modelyard.analysis.drift.types import ColumnDrift, Density, Shares
from modelyard.evaluations.charting import parts
from modelyard.evaluations.charting.parts import Part, drawn_of
from modelyard.evaluations.charting.types import Cell
from modelyard.evaluations.drifting.commands import AboutDriftChart, AboutDriftPart, ExportDrift
from modelyard.evaluations.drifting.keeping import read
from modelyard.evaluations.drifting.types import (
    Drift,
    DriftChart,
    DriftPart,
    DriftTable,
    ExportedDrift,
)
from modelyard.kernel.context import Context

R = TypeVar("R")
TITLES: dict[DriftPart, str] = {
    "columns": "Columns",
    "column": "Values",
    "importance": "What moved and what matters",
    "predictions": "Predictions",
    "densities": "Densities of predictions",
    "performance": "Changes of metrics",
    "expected": "Performance to be expected",
}


def chart_of(context: Context, asked: AboutDriftChart[R]) -> DriftChart:
    """A part as a chart; one that cannot be drawn says why.

    Raises:
        NotFound: there is no such report, column or class.
        Unsupported: the report has no such part; the message says why.
    """
    report = read(context, asked.project, asked.id)
    part = _part(report, asked)
    title = TITLES[asked.part]
    if asked.column is not None:
        title = f"{title} of {asked.column}"
    drawn = drawn_of(part, title, asked.mode)
    return DriftChart(
        **dict(drawn),
        report=report.id,
        part=asked.part,
        column=asked.column,
        label=asked.label,
        mode=asked.mode,
    )


def table_of(context: Context, asked: AboutDriftPart[R]) -> DriftTable:
    """The numbers of a part; errors as in `chart_of`."""
    part = _part(read(context, asked.project, asked.id), asked)
    return DriftTable(report=asked.id, part=asked.part, columns=part.columns, rows=tuple(part.rows))


def export(context: Context, command: ExportDrift) -> ExportedDrift:
    """Write a part in the format that was asked for; errors as in `chart_of` and `write`."""
    form, size = parts.export(
        context,
        command,
        command.mode,
        lambda: chart_of(context, command),
        lambda: table_of(context, command),
    )
    return ExportedDrift(report=command.id, part=command.part, format=form, size=size)


def _part(report: Drift, asked: AboutDriftPart[R]) -> Part:
    part = PARTS[asked.part](report, asked)
    names = (report.reference.name, report.current.name)
    return replace(part, given=(*part.given, names))


def _columns(report: Drift, asked: AboutDriftPart[R]) -> Part:
    head = ("column", "kind", "outcome", "test", "statistic", "p_value", "corrected", "threshold")
    rows = [
        (
            each.name,
            each.kind,
            each.outcome,
            found.test,
            found.statistic,
            found.p_value,
            found.corrected,
            found.threshold,
        )
        for each in report.columns
        for found in each.tests
    ]
    return Part(("drift", "columns"), (report.columns, asked.test), head, rows)


def _column(report: Drift, asked: AboutDriftPart[R]) -> Part:
    found = next((each for each in report.columns if each.name == asked.column), None)
    if found is None:
        there = ", ".join(each.name for each in report.columns[:20])
        raise errors.NotFound(f"the report has no column {asked.column!r}; it has: {there}")
    return Part(("drift", "column"), (found,), *_of_shares(found.shares))


def _importance(report: Drift, _asked: AboutDriftPart[R]) -> Part:
    head = ("column", "model_importance", "drift_importance", "outcome")

    def row(each: ColumnDrift) -> tuple[Cell, ...]:
        return (each.name, each.model_importance, each.drift_importance, each.outcome)

    return Part(("drift", "importance"), (report.columns,), head, map(row, report.columns))


def _predictions(report: Drift, _asked: AboutDriftPart[R]) -> Part:
    found = report.predictions.shares
    if found is None:
        raise errors.Unsupported(report.predictions.reason or "no shares are known")
    return Part(("drift", "shares"), (found, "prediction"), *_of_shares(found))


def _densities(report: Drift, asked: AboutDriftPart[R]) -> Part:
    there = report.predictions.densities
    if not there:
        raise errors.Unsupported(report.predictions.reason or "there are no densities to draw")
    label = asked.label or list(there)[-1]
    if label not in there:
        raise errors.NotFound(f"there is no density of {label!r}; there are: {', '.join(there)}")
    found: Density = there[label]
    numbers = report.prediction_type == "regression"
    what = "predicted value" if numbers else f"predicted probability of {label}"
    rows = zip(found.value, found.reference, found.current, strict=True)
    return Part(("drift", "density"), (found, what), ("value", "reference", "current"), rows)


def _performance(report: Drift, _asked: AboutDriftPart[R]) -> Part:
    head = ("metric", "reference", "current", "difference", "low", "high", "change")
    rows = [
        (
            each.code,
            each.reference.value,
            each.current.value,
            each.difference.value,
            each.difference.low,
            each.difference.high,
            each.change,
        )
        for each in report.performance.metrics
    ]
    return Part(("drift", "differences"), (report.performance,), head, rows)


def _expected(report: Drift, _asked: AboutDriftPart[R]) -> Part:
    if report.expected is None:
        raise errors.Unsupported("performance without a truth was not estimated")
    realised = {each.code: each.value for each in report.expected.realised}
    rows = [
        (each.code, each.value, each.low, each.high, realised.get(each.code))
        for each in report.expected.metrics
    ]
    head = ("metric", "expected", "low", "high", "realised")
    return Part(("drift", "expected"), (report.expected,), head, rows)


def _of_shares(found: Shares | None) -> tuple[tuple[str, ...], list[tuple[Cell, ...]]]:
    head = ("bin", "low", "high", "reference", "current")
    if found is None:
        return head, []
    gaps = (None,) * len(found.bin)
    columns = (found.bin, found.low or gaps, found.high or gaps, found.reference, found.current)
    return head, list(zip(*columns, strict=True))


PARTS: dict[DriftPart, Callable[[Drift, AboutDriftPart[Any]], Part]] = {
    "columns": _columns,
    "column": _column,
    "importance": _importance,
    "predictions": _predictions,
    "densities": _densities,
    "performance": _performance,
    "expected": _expected,
}
