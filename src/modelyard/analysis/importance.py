"""Permutation importance: how much worse a model is without what a column tells it.

Breiman (2001), Random forests, Machine Learning 45, section 10; for any model Fisher, Rudin and
Dominici (2019), All models are wrong, but many are useful, JMLR 20.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa

from modelyard.analysis.arrays import Floats, Ints, gaps
from modelyard.analysis.explanation_types import Importances
from modelyard.analysis.intervals import student_quantile
from modelyard.analysis.perturbing import Ask, Exchange, answered, value_codes
from modelyard.analysis.types import Metric

Measure = Callable[[Floats], Metric]
"""A metric of the answers to all rows."""


class Unmeasured(ValueError):
    """The metric of the rows as they are cannot be computed; says why."""


def permutation_importance(
    table: pa.Table,
    columns: Sequence[str],
    ask: Ask,
    measure: Measure,
    *,
    greater_is_better: bool,
    repeats: int,
    seed: int,
    confidence: float,
) -> Importances:
    """Permute each column by itself, and compare the metric with that of the rows as they are.

    Only rows whose value changes are asked for again, so that a column of one value costs nothing.

    Args:
        table: what the model takes, at least one row.
        columns: names of those to be permuted.
        ask: the model.
        measure: the metric.
        greater_is_better: whether it falls as a model gets worse.
        repeats: permutations of each column.
        seed: of the permutations.
        confidence: of the limits, which are Student's over the repeats; they tell how much chance
            there is in the permutations, not in the rows.

    Raises:
        Unmeasured: the metric of the rows as they are cannot be computed.
    """
    everything = np.arange(table.num_rows)
    told = answered(table, _exchanges(table, columns, everything, repeats=repeats, seed=seed), ask)
    _, base = next(told)
    whole = measure(base)
    if whole.value is None:
        raise Unmeasured(whole.reason)
    losses = {name: [0.0] * repeats for name in columns}
    done = dict.fromkeys(columns, 0)
    refused = 0
    for exchange, answers in told:
        if exchange.column is None:
            raise AssertionError("only the first are the rows as they are")
        before = base[exchange.rows, 0]
        refused += int(np.count_nonzero(np.isnan(answers[:, 0]) & ~np.isnan(before)))
        changed = base.copy()
        changed[exchange.rows] = answers
        value = measure(changed).value
        loss = np.nan if value is None else whole.value - value
        losses[exchange.column][done[exchange.column]] = loss if greater_is_better else -loss
        done[exchange.column] += 1
    mean, half, std = _summed_up(np.array([losses[name] for name in columns]), confidence)
    order = np.argsort(-np.where(np.isnan(mean), -np.inf, mean), kind="stable")
    return Importances(
        metric=whole.code,
        baseline=whole.value,
        rows=table.num_rows,
        repeats=repeats,
        refused=refused,
        column=tuple(columns[at] for at in order),
        importance=gaps(mean[order]),
        low=gaps((mean - half)[order]),
        high=gaps((mean + half)[order]),
        std=gaps(std[order]),
    )


def _exchanges(
    table: pa.Table, columns: Sequence[str], everything: Ints, *, repeats: int, seed: int
) -> Iterator[Exchange]:
    yield Exchange(everything)
    for place, name in enumerate(columns):
        codes = value_codes(table[name])
        for repeat in range(repeats):
            order = np.random.default_rng((seed, place, repeat)).permutation(len(codes))
            rows = np.flatnonzero(codes[order] != codes)
            if len(rows):
                yield Exchange(rows, name, order[rows])


def _summed_up(losses: Floats, confidence: float) -> tuple[Floats, Floats, Floats]:
    """Mean, half of the interval, and standard deviation of each row; NaN where one is."""
    repeats = losses.shape[1] if losses.ndim > 1 else 0
    if not losses.size:
        return (np.empty(0),) * 3
    mean = losses.mean(axis=1)
    if repeats < 2:
        unknown: Floats = np.full(len(mean), np.nan)
        return mean, unknown, unknown
    std = losses.std(axis=1, ddof=1)
    return mean, student_quantile(confidence, repeats - 1) * std / np.sqrt(repeats), std
