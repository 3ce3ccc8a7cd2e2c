"""The words of comparisons as charts and tables."""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import Field

from modelyard.analysis.charts.types import Mode
from modelyard.analysis.charts.words import ABOUT
from modelyard.evaluations.charting.types import Cell, InNotebook, ScreenFormat, frame_of
from modelyard.kernel.asking import Asking
from modelyard.kernel.values import Name, Value

ComparisonPart = Literal[
    "metrics", "metric", "differences", "slices", "roc", "precision-recall", "gain", "lift",
    "decision", "calibration", "density", "points", "errors", "importances",
]  # fmt: skip
"""What of a comparison is drawn, or put in rows."""
PARTS: tuple[ComparisonPart, ...] = get_args(ComparisonPart)
TITLES: dict[ComparisonPart, str] = {
    "metrics": "Metrics side by side",
    "metric": "Metric",
    "differences": "Differences",
    "slices": "Where it wins and loses",
    "roc": "ROC curve",
    "precision-recall": "Precision and recall",
    "gain": "Cumulative gain",
    "lift": "Lift",
    "decision": "Decision chart",
    "calibration": "Calibration",
    "density": "Density",
    "points": "Predicted and true values",
    "errors": "Error distribution",
    "importances": "Feature importances",
}
SCREENS: tuple[ComparisonPart, ...] = (
    *("roc", "precision-recall", "gain", "lift", "decision", "calibration", "density"),
    *("points", "errors"),
)
"""Those that show all items over each other."""
OF_ONE_CLASS: tuple[ComparisonPart, ...] = ("gain", "lift", "calibration", "density")
"""Those that have curves of each of several classes, and none of all."""
ABOUT_PARTS = {
    **ABOUT,
    "decision": "A metric at every threshold, a line for each. A flat top means that the threshold "
    "may be moved for other reasons.",
    "density": "How predicted probabilities are spread: those of the positive class above the "
    "axis, those of the other one below it. The less the two overlap, the better they are told "
    "apart.",
    "errors": "How often a prediction is off by how much, a line for each. The narrower around "
    "zero, the better.",
    "importances": "What each takes from which column, those first that weigh most anywhere.",
}
"""How a screen of several is read."""


class ComparisonTable(Value):
    """A part of a comparison in rows."""

    comparison: Name
    part: ComparisonPart
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def frame(self) -> Any:
        """The rows as a pandas DataFrame.

        Raises:
            Unsupported: pandas is not installed.
        """
        return frame_of(self.columns, self.rows)


class ComparisonChart(InNotebook, Asking):
    """A part of a comparison as a chart; a notebook shows it."""

    comparison: Name
    project: str
    part: ComparisonPart
    asked: dict[str, Any] = Field(default={}, description="what else was asked for")
    mode: Mode

    def table(self) -> ComparisonTable:
        """Its numbers."""
        found: ComparisonTable = self.giver.comparisons.table(
            name=self.comparison, project=self.project, part=self.part, **self.asked
        )
        return found

    def frame(self) -> Any:
        """Its numbers as a pandas DataFrame."""
        return self.table().frame()


class ExportedComparison(Value):
    """A part of a comparison as a file of the caller's."""

    comparison: Name
    part: ComparisonPart
    format: ScreenFormat
    size: int = Field(description="in bytes")


class ReportedComparison(Value):
    """A report of a comparison that was written."""

    comparison: Name
    items: int = Field(description="how many are told of")
    charts: tuple[str, ...] = Field(description="the parts that are drawn")
    by: str | None = Field(default=None, description="column whose groups are told of")
    workbenches: int = Field(description="items whose threshold can be moved in it")
    size: int = Field(description="in bytes")


class Drawing(Asking):
    """A comparison that draws its parts: in a notebook, and as frames."""

    project: str
    name: Name

    def chart(self, part: ComparisonPart, *, mode: Mode = "light", **asked: Any) -> ComparisonChart:
        """A part as a chart: `comparisons.chart` of this comparison, with the same options."""
        found: ComparisonChart = self.giver.comparisons.chart(
            name=self.name, project=self.project, part=part, mode=mode, **asked
        )
        return found

    def table(self, part: ComparisonPart, **asked: Any) -> ComparisonTable:
        """The numbers of a part: `comparisons.table` of this comparison, with its options."""
        found: ComparisonTable = self.giver.comparisons.table(
            name=self.name, project=self.project, part=part, **asked
        )
        return found
