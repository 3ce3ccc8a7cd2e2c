"""Partial dependence and ICE: what a model answers if a column has the same value in all rows.

Friedman (2001), Greedy function approximation, Annals of Statistics 29, section 8.2; for classes on
the scale of log-odds, as in Hastie, Tibshirani and Friedman (2009), The Elements of Statistical
Learning, section 10.13.2. Curves of single rows: Goldstein, Kapelner, Bleich and Pitkin (2015),
Peeking inside the black box, Journal of Computational and Graphical Statistics 24.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from modelyard.analysis.arrays import Bools, Floats, Ints, gaps, plain
from modelyard.analysis.explanation_types import Dependence, Distribution, IceCurve
from modelyard.analysis.grouping import as_numbers, by_category, number_label
from modelyard.analysis.perturbing import Ask, Exchange, answered, value_codes

SUREST = 1e-6
"""Probabilities count as no nearer to 0 and 1, where log-odds are infinite."""
BINS = 20


@dataclass(frozen=True)
class Grid:
    """The values that are put in: those of some rows, so that they keep the column's own type."""

    rows: Ints
    """Positions of rows that have these values."""
    labels: tuple[str, ...]
    values: Floats
    """Numbers, or microseconds since 1970; NaN: other words."""
    missing: Bools
    kind: Literal["number", "moment", "word"]
    distribution: Distribution


def partial_dependence(
    table: pa.Table,
    column: str,
    ask: Ask,
    *,
    log_odds: bool,
    weights: Floats | None,
    points: int,
    curves: Ints,
) -> Dependence:
    """Put each value of a grid into all rows, and average what the model answers.

    Only rows whose value changes are asked for again.

    Args:
        table: what the model takes, at least one row.
        column: of single values.
        ask: the model; the first column of its answers is what is averaged.
        log_odds: whether these are probabilities, whose log-odds are averaged.
        weights: of the rows; none: all are 1.
        points: of the grid at most, besides that of missing values.
        curves: positions of the rows whose own curves are told, too.
    """
    grid = grid_of(table[column], weights, points)
    told = answered(table, _exchanges(value_codes(table[column]), column, grid), ask)
    _, base = next(told)
    answers = np.tile(base[:, 0], (1 + len(grid.rows), 1))
    for exchange, found in told:
        if exchange.sources is None:
            raise AssertionError("only the first are the rows as they are")
        place = 1 + grid.rows.tolist().index(exchange.sources[0])
        answers[place, exchange.rows] = found[:, 0]
    scaled = _log_odds(answers) if log_odds else answers
    overall = _mean(scaled[0], weights)
    lost = sum(int(np.isnan(each).sum()) for each in answers[1:])
    effects = np.array([each[curves] - overall for each in scaled[1:]])
    return Dependence(
        column=column,
        kind=grid.kind,
        scale="log-odds" if log_odds else "prediction",
        overall=_finite(_mean(answers[0], weights)),
        overall_effect=_finite(overall),
        rows=table.num_rows,
        refused=lost,
        label=grid.labels,
        value=gaps(grid.values),
        missing=tuple(grid.missing.tolist()),
        average=gaps([_mean(each, weights) for each in answers[1:]]),
        effect=gaps([_mean(each, weights) - overall for each in scaled[1:]]),
        curves=tuple(
            IceCurve(row=int(row), effect=gaps(effects[:, at])) for at, row in enumerate(curves)
        ),
        distribution=grid.distribution,
    )


def grid_of(column: pa.ChunkedArray, weights: Floats | None, points: int) -> Grid:
    """Values that stand for a column: quantiles of numbers and moments, else frequent categories.

    Quantiles are values that the column has, each once; missing values are a point of their own.
    """
    found = as_numbers(column)
    if found is None:
        return _of_categories(column, weights, points)
    values, moments = found
    return _of_numbers(values, weights, points, moments=moments)


def _of_numbers(values: Floats, weights: Floats | None, points: int, *, moments: bool) -> Grid:
    known = np.flatnonzero(~np.isnan(values))
    sorted_rows = known[np.argsort(values[known], kind="stable")]
    distinct, first = np.unique(values[sorted_rows], return_index=True)
    if len(distinct) > points:
        at = np.round(np.linspace(0, len(sorted_rows) - 1, points)).astype(np.int64)
        first = np.unique(np.searchsorted(values[sorted_rows], values[sorted_rows[at]]))
    rows = sorted_rows[first]
    labels = [number_label(value, moments=moments) for value in values[rows]]
    absent = np.flatnonzero(np.isnan(values))[:1]
    return Grid(
        rows=np.concatenate([rows, absent]),
        labels=(*labels, *["missing"] * len(absent)),
        values=np.concatenate([values[rows], np.full(len(absent), np.nan)]),
        missing=np.arange(len(rows) + len(absent)) >= len(rows),
        kind="moment" if moments else "number",
        distribution=_histogram(values, weights, moments=moments),
    )


def _histogram(values: Floats, weights: Floats | None, *, moments: bool) -> Distribution:
    weight = np.ones(len(values)) if weights is None else weights
    finite = np.isfinite(values)
    counts, edges = np.empty(0), np.empty(1)
    if finite.any():
        distinct = len(np.unique(values[finite]))
        counts, edges = np.histogram(
            values[finite], bins=min(BINS, max(distinct, 1)), weights=weight[finite]
        )
    low, high = list(edges[:-1]), list(edges[1:])
    labels = [
        f"{number_label(a, moments=moments)} to {number_label(b, moments=moments)}"
        for a, b in zip(low, high, strict=True)
    ]
    if not finite.all():
        labels.append("missing or infinite" if np.isinf(values).any() else "missing")
        low.append(np.nan)
        high.append(np.nan)
        counts = np.append(counts, weight[~finite].sum())
    return Distribution(label=tuple(labels), low=gaps(low), high=gaps(high), weight=plain(counts))


def _of_categories(column: pa.ChunkedArray, weights: Floats | None, points: int) -> Grid:
    grouping = by_category(column, points)
    weight = np.bincount(grouping.codes, weights, len(grouping.groups))
    kinds = [group.kind for group in grouping.groups]
    _, firsts = np.unique(grouping.codes, return_index=True)
    stands = [at for at, kind in enumerate(kinds) if kind != "other"]
    nothing = (None,) * len(kinds)
    return Grid(
        rows=firsts[stands],
        labels=tuple(grouping.groups[at].label for at in stands),
        values=np.full(len(stands), np.nan),
        missing=np.array([kinds[at] == "missing" for at in stands], bool),
        kind="word",
        distribution=Distribution(
            label=tuple(group.label for group in grouping.groups),
            low=nothing,
            high=nothing,
            weight=plain(weight),
        ),
    )


def _exchanges(codes: Ints, column: str, grid: Grid) -> Iterator[Exchange]:
    """The rows as they are, and for each value those that have another one."""
    yield Exchange(np.arange(len(codes)))
    for source in grid.rows:
        rows = np.flatnonzero(codes != codes[source])
        if len(rows):
            yield Exchange(rows, column, np.full(len(rows), source))


def _log_odds(probabilities: Floats) -> Floats:
    inside = np.clip(probabilities, SUREST, 1 - SUREST)
    found: Floats = np.log(inside / (1 - inside))
    return found


def _mean(values: Floats, weights: Floats | None) -> float:
    """Of those that are there; NaN if none is."""
    known = ~np.isnan(values)
    if not known.any():
        return float("nan")
    return float(np.average(values[known], weights=None if weights is None else weights[known]))


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
