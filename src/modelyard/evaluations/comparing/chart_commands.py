"""What one can ask of comparisons as charts, tables and files."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar

from pydantic import Field, model_validator

from modelyard.analysis.charts.types import Mode
from modelyard.evaluations.charting.commands import html_output
from modelyard.evaluations.charting.written import WrittenChart
from modelyard.evaluations.comparing.chart_types import (
    ComparisonChart,
    ComparisonPart,
    ComparisonTable,
    ExportedComparison,
    ReportedComparison,
)
from modelyard.evaluations.comparing.commands import NAME
from modelyard.evaluations.comparing.types import ItemText
from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.values import LocalPath, Name

R = TypeVar("R")


class AboutComparisonPart(ProjectCommand[R], Generic[R]):
    """A question about a part of a comparison."""

    needs = "evaluations:read"
    arguments: ClassVar[tuple[str, ...]] = ("name", "part")

    name: Name = Field(description=NAME, examples=["autumn"])
    part: ComparisonPart = Field(
        description="what is shown: 'metrics' side by side, one 'metric' of all, the 'differences' "
        "of an item, its 'slices' by a column (--by), a screen of all over each other, or the "
        "'importances' of features",
        examples=["roc"],
    )
    metric: str | None = Field(
        default=None,
        description="metric, slices, decision: code of the metric  [the headline; decision: f1]",
        examples=["auc"],
    )
    item: ItemText | None = Field(
        default=None,
        description="differences, slices: key of the item beside the champion  [the first one]",
        examples=["churn:v2"],
    )
    by: str | None = Field(
        default=None, description="slices: column whose values make the groups", examples=["plan"]
    )
    label: str | None = Field(
        default=None,
        description="curves of several classes: this class against all others  [their mean]",
    )
    threshold: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="metrics, metric, differences: all at this threshold  [each at its own]",
    )
    intervals: bool = Field(default=True, description="draw intervals")

    @model_validator(mode="after")
    def _fits_its_part(self) -> Self:
        if (self.part == "slices") != (self.by is not None):
            raise ValueError("--by names the column of the part 'slices', and of no other")
        if self.item is not None and self.part not in ("differences", "slices"):
            raise ValueError("--item is of the parts 'differences' and 'slices'")
        return self


class AboutComparisonChart(AboutComparisonPart[R], Generic[R]):
    """A question about a part of a comparison as a chart."""

    mode: Mode = Field(default="light", description="for a light or a dark ground")


class DrawComparison(AboutComparisonChart[ComparisonChart]):
    """Draw a part of a comparison: a Vega-Lite spec, and in words what is to be seen on it."""

    route = "GET /comparisons/{name}/parts/{part}/chart"


class TabulateComparison(AboutComparisonPart[ComparisonTable]):
    """Show the numbers of a part of a comparison as a table, whose rows name their item."""

    route = "GET /comparisons/{name}/parts/{part}/table"


class ExportComparison(WrittenChart, AboutComparisonChart[ExportedComparison]):
    """Write a part of a comparison to a file: its chart as SVG, PNG or HTML, its numbers as CSV.

    As .json the chart is written as Vega-Lite.
    """

    route = "GET /comparisons/{name}/parts/{part}/content"
    arguments = ("name", "part", "to")


class ReportComparison(ProjectCommand[ReportedComparison]):
    """Write a comparison as one HTML file that needs nothing else: to be read, sent and printed.

    It holds the verdict, whether each difference is real, what to be warned of, all metrics with
    their intervals, differences and curves as charts, slices by a column, importances of features,
    and what is known of the models. Of two classes the thresholds of the first items can be moved
    in it.
    """

    needs = "evaluations:read"
    route = "GET /comparisons/{name}/report"
    receives = "output"
    arguments = ("name",)

    name: Name = Field(description=NAME, examples=["autumn"])
    output: Annotated[str, LocalPath("write")] = Field(
        description="new file, HTML", examples=["comparison.html"]
    )
    by: str | None = Field(
        default=None,
        description="column whose values make the slices  [the first one of the dataset]",
        examples=["plan"],
    )
    replace: bool = Field(default=False, description="replace a file that is there")

    @model_validator(mode="before")
    @classmethod
    def _is_html(cls, given: Any) -> Any:
        return html_output(given)
