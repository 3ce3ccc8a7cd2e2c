"""An evaluation that shows its screens: in a notebook, as charts and as frames."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from modelyard.analysis.charts.types import Mode
from modelyard.evaluations.charting.types import Chart, ScreenTable
from modelyard.kernel.asking import Asking


class Shown(Asking):
    """Asks for its screens by name."""

    id: str = Field(description="id of the evaluation")
    project: str

    def chart(self, screen: str, *, mode: Mode = "light", **asked: Any) -> Chart:
        """A screen as a chart: `evaluations.chart` of this evaluation, with the same options."""
        found: Chart = self.giver.evaluations.chart(
            id=self.id, project=self.project, screen=screen, mode=mode, **asked
        )
        return found

    def table(self, screen: str, **asked: Any) -> ScreenTable:
        """The numbers of a screen: `evaluations.table` of this evaluation, with its options."""
        found: ScreenTable = self.giver.evaluations.table(
            id=self.id, project=self.project, screen=screen, **asked
        )
        return found

    def confusion_matrix(self, threshold: float | None = None, *, mode: Mode = "light") -> Chart:
        """Rows by true and predicted class; of a binary model also at another threshold."""
        return self.chart("confusion", mode=mode, threshold=threshold)

    def decision_chart(self, *, mode: Mode = "light") -> Chart:
        """Metrics by threshold."""
        return self.chart("decision", mode=mode)

    def roc_curve(self, label: str | None = None, *, mode: Mode = "light") -> Chart:
        """True by false positive rate; of several classes all of them, or one."""
        return self.chart("roc", mode=mode, label=label)

    def precision_recall_curve(self, label: str | None = None, *, mode: Mode = "light") -> Chart:
        """Precision by recall; of several classes all of them, or one."""
        return self.chart("precision-recall", mode=mode, label=label)

    def gain_curve(self, label: str | None = None, *, mode: Mode = "light") -> Chart:
        """Positives found by rows targeted; of several classes all of them, or one."""
        return self.chart("gain", mode=mode, label=label)

    def lift_chart(self, label: str | None = None, *, mode: Mode = "light") -> Chart:
        """Lift by tenths of the rows; of several classes all of them, or one."""
        return self.chart("lift", mode=mode, label=label)

    def calibration_curve(self, label: str | None = None, *, mode: Mode = "light") -> Chart:
        """Observed rate by predicted probability; of several classes all of them, or one."""
        return self.chart("calibration", mode=mode, label=label)

    def density_chart(self, label: str | None = None, *, mode: Mode = "light") -> Chart:
        """Densities of predicted probabilities; of several classes all of them, or one."""
        return self.chart("density", mode=mode, label=label)

    def class_chart(self, *, mode: Mode = "light") -> Chart:
        """Metrics of each of several classes."""
        return self.chart("classes", mode=mode)

    def average_chart(self, *, mode: Mode = "light") -> Chart:
        """Metrics over several classes, averaged in each way."""
        return self.chart("averages", mode=mode)

    def scatter_chart(self, *, mode: Mode = "light") -> Chart:
        """Predicted by true numbers, all rows in squares."""
        return self.chart("scatter", mode=mode)

    def point_chart(self, *, mode: Mode = "light") -> Chart:
        """Predicted by true numbers, a point for each of some rows."""
        return self.chart("points", mode=mode)

    def error_distribution(self, *, mode: Mode = "light") -> Chart:
        """Rows by the error of a predicted number."""
        return self.chart("errors", mode=mode)

    def error_percentiles(self, *, mode: Mode = "light") -> Chart:
        """The errors that so many percent of the rows stay below."""
        return self.chart("percentiles", mode=mode)

    def error_quantiles(self, *, mode: Mode = "light") -> Chart:
        """Quantiles of errors by those of a normal distribution."""
        return self.chart("quantiles", mode=mode)

    def slice_chart(self, by: str, metric: str | None = None, *, mode: Mode = "light") -> Chart:
        """A metric by the groups of a column, around that of all rows."""
        return self.chart("slices", mode=mode, by=by, metric=metric)

    def residual_chart(self, by: str, *, mode: Mode = "light") -> Chart:
        """Mean errors by the groups of a column, around zero; of regressions."""
        return self.chart("residuals", mode=mode, by=by)

    def fairness_chart(
        self,
        by: str,
        reference: str | None = None,
        outcome: str | None = None,
        *,
        mode: Mode = "light",
    ) -> Chart:
        """Rates by the groups of a column, beside those of a reference group; of classifiers."""
        return self.chart("fairness", mode=mode, by=by, reference=reference, outcome=outcome)
