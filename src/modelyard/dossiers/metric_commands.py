"""What one can ask of metrics over the versions of a model."""

from __future__ import annotations

from typing import Annotated, ClassVar, Generic, TypeVar

from pydantic import Field

from modelyard.analysis.charts.types import Mode
from modelyard.dossiers.types import ExportedMetrics, MetricsChart, VersionMetrics
from modelyard.governance.items.ids import ItemId
from modelyard.kernel.command import Command
from modelyard.kernel.values import LocalPath, OneLine

R = TypeVar("R")


class AboutMetrics(Command[R], Generic[R]):
    """A question about a metric over the versions of a model."""

    needs = "govern:read"
    arguments: ClassVar[tuple[str, ...]] = ("item",)

    item: ItemId = Field(
        description="id of the model, or of one of its versions", examples=["model:default/churn"]
    )
    metric: OneLine | None = Field(
        default=None,
        description="code of the metric  [the headline, else the one that most versions have]",
    )
    dataset: OneLine | None = Field(
        default=None,
        description="on which it was measured  [the one on which the most versions were]",
    )


class ShowMetrics(AboutMetrics[VersionMetrics]):
    """Show a metric over the versions of a model, with its intervals."""

    route = "GET /govern/metrics"


class DrawMetrics(AboutMetrics[MetricsChart]):
    """Draw a metric over the versions of a model, as a Vega-Lite spec and in words."""

    route = "GET /govern/metrics/chart"

    mode: Mode = Field(default="light", description="for a light or a dark ground")


class ExportMetrics(AboutMetrics[ExportedMetrics]):
    """Write a metric over the versions of a model to a file, as CSV: a row per version."""

    route = "GET /govern/metrics/content"
    receives = "to"
    arguments: ClassVar[tuple[str, ...]] = ("item", "to")

    to: Annotated[str, LocalPath("write")] = Field(
        description="new file, CSV", examples=["metrics.csv"]
    )
    replace: bool = Field(default=False, description="replace a file that is there")
