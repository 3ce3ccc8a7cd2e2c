"""The numbers of a regression."""

from __future__ import annotations

from modelyard.analysis.regression import Regression
from modelyard.analysis.regression_types import RegressionOptions
from modelyard.evaluations.figures import Figures
from modelyard.evaluations.planning import Plan
from modelyard.evaluations.scored import Scored, numbers
from modelyard.evaluations.types import View


def regression_figures(plan: Plan, scored: Scored) -> Figures:
    """Metrics of the errors, and every screen."""
    found = look_at_errors(plan.view, scored)
    return Figures(
        intake=found.intake,
        metrics=found.metrics(),
        screens={
            "scatter": found.scatter(),
            "rows": found.scatter_sample(),
            "errors": found.error_distribution(),
            "percentiles": found.error_percentiles(),
            "quantiles": found.quantile_quantile(),
        },
    )


def look_at_errors(view: View, scored: Scored) -> Regression:
    """The rows with truth and prediction as numbers."""
    options = RegressionOptions(confidence=view.confidence)
    truth, predicted = numbers(scored.truth), numbers(scored.prediction)
    return Regression(truth, predicted, scored.weights, options=options)
