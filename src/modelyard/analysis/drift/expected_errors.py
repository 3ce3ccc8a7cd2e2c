"""Performance of a regression without truth: a model of how far off it is, by what it is given.

Direct loss estimation, as in NannyML: trees learn the absolute and the squared errors of the
reference from its columns and predictions, and tell those of current.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from modelyard.analysis.arrays import Floats, Ints, metric
from modelyard.analysis.drift.doubts import (
    Chance,
    chunks_of,
    errors_of,
    few_rows,
    with_doubts,
    without_result,
)
from modelyard.analysis.drift.encoding import Encoded, encoded, ranged
from modelyard.analysis.drift.sentences import counted
from modelyard.analysis.drift.sides import Rows
from modelyard.analysis.drift.trees import learned, on_one_thread
from modelyard.analysis.drift.types import DriftSettings, Expected
from modelyard.analysis.intervals import normal_quantile
from modelyard.analysis.regression import Regression
from modelyard.analysis.types import Metric

CAP = 50_000
LEARNED = 20_000
"""Rows that trees learn from at most."""
PARTS = 5
LOSSES = ("mae", "mse")
FEWEST = "the reference has {} with a truth, and 300 are the least to learn from"


def expected_regression(
    reference: Regression,
    rows: tuple[Rows, Rows],
    predicted: Floats,
    *,
    realised: Sequence[Metric] = (),
    telling: Metric | None = None,
    settings: DriftSettings | None = None,
    columns: Iterable[str] | None = None,
    cap: int = CAP,
) -> Expected:
    """Expect mean absolute, mean squared and root mean squared errors.

    The limits hold what chance does to errors of so many rows, and how far trees of different
    parts of the reference are apart.

    Args:
        reference: truth and predictions to learn from; its rows in the order in which they came.
        rows: what the model was given, on both sides: all rows that `reference` came from, whether
            it uses them or not, and those of `predicted`.
        predicted: of current's rows; NaN where it is missing.
        realised: metrics of current, where it has a truth.
        telling: AUC of the classifier that tells current from the reference.
        settings: confidence, handling of columns and seed.
        columns: to learn from; none: all.
        cap: rows of each side that are looked at, at most.
    """
    settings = settings or DriftSettings()
    rng = np.random.default_rng(settings.seed)
    used = _some(np.arange(len(reference.error)), cap, rng)
    later = _some(np.flatnonzero(np.isfinite(predicted)), cap, rng)
    chunks = list(chunks_of(len(used), PARTS))
    if not chunks or not len(later):
        reason = (
            FEWEST.format(counted(len(used), "row")) if len(later) else "current: there are no rows"
        )
        return without_result("loss", reason, realised)
    came = used
    if reference.kept.mask is not None:
        came = np.flatnonzero(reference.kept.mask)[used]
    before, after = reference.predicted[used], predicted[later]
    both = encoded(*rows, (came, later), columns=columns, handling=settings.handling)
    codes = np.column_stack([both.codes, ranged(np.concatenate([before, after]))])
    both = replace(both, codes=codes, categorical=np.append(both.categorical, values=False))
    error = reference.error[used]
    with on_one_thread():
        found = [
            _learn(code, loss, both, chunks, rng)
            for code, loss in zip(LOSSES, (abs(error), error * error), strict=True)
        ]
    chance = Chance(
        {each.code: each.by_row for each in found}, {each.code: each.spread for each in found}
    )
    z = normal_quantile(settings.confidence)
    metrics = [each.metric(z, len(later)) for each in found]
    root = metrics[1].model_copy(
        update={
            "code": "rmse",
            **{
                name: value if (value := getattr(metrics[1], name)) is None else math.sqrt(value)
                for name in ("value", "low", "high")
            },
        }
    )
    gaps = [
        (len(held), {each.code: float(each.gaps[at]) for each in found})
        for at, (held, _) in enumerate(chunks)
    ]
    beyond = float(np.mean((after < before.min()) | (after > before.max())))
    told = (*metrics, root)
    codes_told = {each.code for each in told}
    return with_doubts(
        Expected(
            method="loss",
            metrics=told,
            realised=tuple(each for each in realised if each.code in codes_told),
        ),
        errors_of(gaps, chance),
        telling,
        beyond,
        few_rows(len(used), len(later)),
    )


@dataclass(frozen=True)
class _Loss:
    """What was learned of a loss."""

    code: str
    expected: float
    """Mean over current's rows."""
    by_row: float
    """Standard deviation of a single row's loss around what is expected."""
    spread: float
    """Standard error of what is expected."""
    gaps: Floats
    """Of each of the reference's chunks, the mean loss less what other chunks say of it."""

    def metric(self, z: float, rows: int) -> Metric:
        """With limits."""
        half = z * math.hypot(self.by_row / math.sqrt(rows), self.spread)
        limits = (max(self.expected - half, 0.0), self.expected + half)
        return metric(self.code, self.expected, (*limits, "normal"))


def _learn(
    code: str,
    loss: Floats,
    both: Encoded,
    chunks: list[tuple[Ints, Ints]],
    rng: np.random.Generator,
) -> _Loss:
    """Learn from all chunks but one, in turns; each one is told by the others."""
    size = len(loss)
    current = both.codes[size:]
    told, means = np.empty(size), []
    for held, others in chunks:
        rows = rng.permutation(others)[:LEARNED]
        trees = learned(both.codes[rows], both.categorical, loss[rows], rng)
        told[held] = trees.value(both.codes[held])
        means.append(float(np.maximum(trees.value(current), 0).mean()))
    # Trees that stop early leave a little of the loss unexplained, on average.
    scale = loss.mean() / told.mean() if told.mean() > 0 else 1.0
    expected = float(np.mean(means)) * scale
    rest = loss - told * scale
    # A loss that is larger varies more.
    more = expected / loss.mean() if loss.mean() > 0 else 1.0
    count = len(means)
    # Each was learned from all but one part: a delete-a-group jackknife.
    spread = float(np.std(means)) * scale * math.sqrt(count - 1)
    gaps = np.array([rest[held].mean() for held, _ in chunks])
    by_row = float(rest.std()) * more
    return _Loss(code, expected, by_row, math.hypot(spread, by_row / math.sqrt(size)), gaps)


def _some(rows: Ints, most: int, rng: np.random.Generator) -> Ints:
    """At most so many, in their order."""
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))
