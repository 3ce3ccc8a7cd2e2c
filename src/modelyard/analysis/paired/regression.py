"""Two regressions on the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from modelyard.analysis import fit
from modelyard.analysis.arrays import Floats, share
from modelyard.analysis.paired.blocks import Blocks, bootstrapped
from modelyard.analysis.paired.estimates import Estimate, judged, told
from modelyard.analysis.paired.means import mean_estimate
from modelyard.analysis.paired.types import Paired
from modelyard.analysis.regression import Regression
from modelyard.analysis.types import Metric

TOLD = ("rmse", "mae")
"""The metrics that sentences tell, the first one foremost."""
CODES = (*fit.CODES, "maeWinsorised", "rmseWinsorised")


class RegressionSide:
    """What a regression did with each row.

    Args:
        rows: truth and predictions; truth and weights are those of the other side.
        blocks: those that both sides are resampled in.
    """

    def __init__(self, rows: Regression, blocks: Blocks) -> None:
        self.rows = rows
        self.blocks = blocks

    @cached_property
    def metrics(self) -> dict[str, Metric]:
        """All of them by their codes."""
        return {each.code: each for each in self.rows.metrics()}

    def losses(self, code: str) -> Floats:
        """Of each row, where the metric is their mean."""
        error = self.rows.clipped if code == "maeWinsorised" else self.rows.error
        return error * error if code == "mse" else abs(error)

    @cached_property
    def _sums(self) -> Floats:
        """Sums that all metrics but one are made of; lines as of `Blocks.totals`."""
        rows = self.rows
        # Moments around the means, which lose no digits where values are far from zero.
        truth = rows.truth - np.average(rows.truth, weights=rows.weights)
        predicted = rows.predicted - np.average(rows.predicted, weights=rows.weights)
        error, clipped = rows.error, rows.clipped
        weight = np.ones(len(error)) if rows.weights is None else rows.weights
        columns = (
            *(np.ones(len(error)), truth, truth * truth, predicted, predicted * predicted),
            *(truth * predicted, error, error * error, clipped * clipped),
        )
        return self.blocks.totals(*(weight * column for column in columns))

    def resampled(self, code: str) -> Floats:
        """A metric, of the rows as they are and of each resample."""
        if code == "rmsle":
            gap = np.log1p(self.rows.predicted) - np.log1p(self.rows.truth)
            weight = np.ones(len(gap)) if self.rows.weights is None else self.rows.weights
            lost, total = self.blocks.totals(weight * gap * gap, weight).T
            return np.sqrt(share(lost, total))
        total, truth, truth2, guess, guess2, both, error, error2, clipped2 = self._sums.T
        if code in ("rmse", "rmseWinsorised"):
            return np.sqrt(share(error2 if code == "rmse" else clipped2, total))
        spread = truth2 - share(truth**2, total)
        if code == "pearson":
            along = both - share(truth * guess, total)
            return share(along, np.sqrt(spread * (guess2 - share(guess**2, total))))
        lost = error2 if code == "r2" else error2 - share(error**2, total)
        return 1 - share(lost, spread)


def paired_regression(
    base: RegressionSide,
    challenger: RegressionSide,
    confidence: float,
    left_out: Mapping[str, str] | None = None,
) -> Paired:
    """The challenger's metrics minus the base's; arguments as of `paired_binary`."""
    rows, without = len(base.rows.error), left_out or {}
    found = [
        told(
            code,
            without.get(code) or regression_estimate(code, base, challenger, confidence),
            rows,
            confidence,
        )
        for code in CODES
    ]
    return Paired(
        rows=rows, confidence=confidence, told=TOLD, differences=judged(found, TOLD, confidence)
    )


def regression_estimate(
    code: str, base: RegressionSide, challenger: RegressionSide, confidence: float
) -> Estimate | str:
    """The challenger's metric minus the base's, or why there is none."""
    for side in (base, challenger):
        if side.metrics[code].value is None:
            return side.metrics[code].reason or "it cannot be computed"
    weights = base.rows.weights
    if code == "mape":
        known = base.rows.truth != 0
        size = abs(base.rows.truth[known])
        some = None if weights is None else weights[known]
        before, after = (abs(side.rows.error[known]) / size for side in (base, challenger))
        return mean_estimate(before, after, some, confidence)
    if code in ("mae", "mse", "maeWinsorised"):
        return mean_estimate(base.losses(code), challenger.losses(code), weights, confidence)
    with np.errstate(all="ignore"):
        return bootstrapped(base.resampled(code), challenger.resampled(code), confidence)
