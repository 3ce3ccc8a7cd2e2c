"""The numbers of a regression."""

from __future__ import annotations

from collections.abc import Callable, Collection

from modelyard.analysis.group_types import Slices
from modelyard.analysis.grouping import Grouping
from modelyard.analysis.regression import Regression
from modelyard.analysis.regression_types import RegressionOptions
from modelyard.analysis.slices import regression_slices
from modelyard.analysis.types import Intake, Metric
from modelyard.evaluations.figures import Content, Threshold
from modelyard.evaluations.scored import Scored
from modelyard.evaluations.types import View

SCREENS: dict[str, Callable[[Regression], Content]] = {
    "scatter": Regression.scatter,
    "points": Regression.scatter_sample,
    "errors": Regression.error_distribution,
    "percentiles": Regression.error_percentiles,
    "quantiles": Regression.quantile_quantile,
}


class RegressionFigures:
    """Metrics and screens of the errors.

    Args:
        view: how the rows are looked at.
        scored: the rows.
        threshold: none.
    """

    def __init__(self, view: View, scored: Scored, threshold: Threshold) -> None:
        self.threshold = threshold
        self.regression = look_at_errors(view, scored)

    @property
    def intake(self) -> Intake:
        """Which rows were used."""
        return self.regression.intake

    def metrics(self) -> tuple[Metric, ...]:
        """Of all rows."""
        return self.regression.metrics()

    def screens(self, names: Collection[str] | None = None) -> dict[str, Content]:
        """All of them fit any regression."""
        wanted = (name for name in SCREENS if names is None or name in names)
        return {name: SCREENS[name](self.regression) for name in wanted}

    def slices(self, column: str, grouping: Grouping, code: str | None = None) -> Slices:
        """Metrics of each group."""
        return regression_slices(column, grouping, self.regression, code=code)


def look_at_errors(view: View, scored: Scored) -> Regression:
    """The rows with truth and prediction as numbers."""
    options = RegressionOptions(confidence=view.confidence)
    return Regression(scored.truth, scored.predicted, scored.weights, options=options)
