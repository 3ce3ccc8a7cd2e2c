"""What one can ask of the screens of an evaluation: charts, tables, files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar, get_args

from pydantic import Field, model_validator

from modelyard.analysis.charts.types import Mode
from modelyard.evaluations.charting.types import (
    ENDINGS,
    Chart,
    ExportedScreen,
    ReportedEvaluation,
    ScreenTable,
)
from modelyard.evaluations.charting.written import WrittenChart
from modelyard.evaluations.commands import ID
from modelyard.evaluations.looking.types import Loss, Order
from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.values import LocalPath

R = TypeVar("R")
LOSSES: tuple[str, ...] = get_args(Loss)
OF_ROWS = ("order", "first", "where")
SLICES = "slices"
RESIDUALS = "residuals"
FAIRNESS = "fairness"
METRICS = "metrics"
ASSERTIONS = "assertions"
ROWS = "rows"
CODE = "custom-metrics"
GROUPED = (SLICES, RESIDUALS, FAIRNESS)
"""Screens of the groups of a column, made when they are asked for."""
LISTED = (METRICS, ASSERTIONS, ROWS, CODE)
"""What is told as a table alone."""


def html_output(given: Any) -> Any:
    """Fields of a report that is written; the ending is that of the caller's own file.

    Raises:
        ValueError: it is another one than HTML's.
    """
    if isinstance(given, dict) and given.get("output"):
        ending = Path(str(given["output"])).suffix.lower()
        if ending and ENDINGS.get(ending) != "html":
            raise ValueError(f"a report is not written as {ending}; name a file in .html")
    return given


class AboutScreen(ProjectCommand[R], Generic[R]):
    """A question about one screen."""

    needs = "evaluations:read"
    arguments: ClassVar[tuple[str, ...]] = ("id", "screen")

    id: str = Field(description=ID)
    screen: str = Field(
        description="name of the screen; 'slices', 'residuals' or 'fairness' of a column (--by); "
        "'worst': the slices that were found last; as tables 'metrics', 'assertions', 'rows', "
        "'custom-metrics': their code",
        examples=["roc"],
    )
    threshold: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="confusion of a binary model: for this threshold instead of the evaluation's",
    )
    label: str | None = Field(
        default=None,
        description="curves of several classes: this class alone, against all others",
    )
    by: str | None = Field(
        default=None,
        description="slices, residuals, fairness: column whose values make the groups; other "
        "screens: only the rows of one group of this column",
    )
    group: str | None = Field(
        default=None, description="which group, as `slices` calls it", examples=["basic"]
    )
    reference: str | None = Field(
        default=None,
        description="fairness: group that the others are compared with [the largest one]",
    )
    outcome: str | None = Field(
        default=None,
        description="fairness: class that is the good outcome [binary: the positive one]",
    )

    metric: str | None = Field(
        default=None,
        description="slices: code of the metric [auc, mrocAUC, r2]; rows: whose loss, as in "
        "`evaluations rows`",
    )
    order: Order = Field(default="worst", description="rows: which come first")
    first: int = Field(default=20, ge=1, le=1000, description="rows: how many")
    where: str | None = Field(
        default=None, max_length=2000, description="rows: only these, such as age < 30"
    )

    @model_validator(mode="after")
    def _picks_rows(self) -> Self:
        fields = type(self).model_fields
        given = [name for name in OF_ROWS if getattr(self, name) != fields[name].default]
        if given and self.screen != ROWS:
            raise ValueError("--order, --first and --where are of the screen rows")
        if self.screen == ROWS and self.metric is not None and self.metric not in LOSSES:
            raise ValueError(f"rows lose by one of {', '.join(LOSSES)}")
        return self

    @model_validator(mode="after")
    def _names_groups(self) -> Self:
        is_grouped = self.screen in GROUPED
        if is_grouped and (self.by is None or self.group is not None):
            raise ValueError(
                f"the screen {self.screen} takes --by COLUMN, and shows all of its groups"
            )
        if not is_grouped and (self.by is None) != (self.group is None):
            raise ValueError("--by names a column and --group one of its groups; give both")
        if self.screen != FAIRNESS and (self.reference or self.outcome):
            raise ValueError("--reference and --outcome are of the screen fairness")
        return self


class AboutChart(AboutScreen[R], Generic[R]):
    """A question about one screen as a chart."""

    mode: Mode = Field(default="light", description="for a light or a dark ground")


class ShowChart(AboutChart[Chart]):
    """Show a screen as a chart: a Vega-Lite spec, and in words what is to be seen on it."""

    route = "GET /evaluations/{id}/screens/{screen}/chart"


class ShowTable(AboutScreen[ScreenTable]):
    """Show the numbers of a screen as a table: one row per point.

    Of several classes each row names its own. After the points of a curve come the limits of its
    band.
    """

    route = "GET /evaluations/{id}/screens/{screen}/table"


class ExportScreen(WrittenChart, AboutChart[ExportedScreen]):
    """Write a screen to a file: its chart as SVG, PNG, HTML or Vega-Lite, its numbers as CSV."""

    route = "GET /evaluations/{id}/screens/{screen}/content"
    arguments = ("id", "screen", "to")


class ReportEvaluation(ProjectCommand[ReportedEvaluation]):
    """Write an evaluation as one HTML file that needs nothing else: to be read, sent and printed.

    It holds what was evaluated how, what to know before trusting it, all metrics with their
    intervals, every screen as a chart with its numbers, slices, of a regression residuals, the
    worst slices, the best and the worst rows, and the explanations that are kept. Of two classes
    a threshold can be moved in it.
    """

    needs = "evaluations:read"
    route = "GET /evaluations/{id}/report"
    receives = "output"
    arguments = ("id",)

    id: str = Field(description=ID)
    output: Annotated[str, LocalPath("write")] = Field(
        description="new file, HTML", examples=["report.html"]
    )
    columns: tuple[str, ...] = Field(
        default=(),
        description="slices and residuals by these columns [the first 12 of the dataset]",
    )
    fairness: tuple[str, ...] = Field(default=(), description="fairness by these columns")
    outcome: str | None = Field(
        default=None,
        description="fairness: class that is the good outcome [binary: the positive one]",
    )
    rows: int = Field(
        default=10, ge=0, le=100, description="how many of the best and of the worst rows"
    )
    replace: bool = Field(default=False, description="replace a file that is there")

    @model_validator(mode="before")
    @classmethod
    def _is_html(cls, given: Any) -> Any:
        return html_output(given)
