"""The words of drift reports: two sides, how they are compared, what was found."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from modelyard.analysis.charts.types import Mode
from modelyard.analysis.drift.types import (
    ColumnDrift,
    ColumnKind,
    DriftSettings,
    Expected,
    GlobalDrift,
    Outcome,
    PerformanceDrift,
    PredictionDrift,
    TextDrift,
    Verdict,
    Why,
)
from modelyard.data.types import Sampling
from modelyard.evaluations.charting.types import Cell, InNotebook, ScreenFormat, frame_of
from modelyard.kernel.asking import Asking
from modelyard.kernel.values import Json, LocalPath, Name, Value
from modelyard.models.types import VersionId
from modelyard.runtime.types import OnError, PredictionType

SideText = Annotated[str, LocalPath("read", "data"), Field(min_length=1)]
OtherText = Annotated[str | None, LocalPath("read", "data"), Field(min_length=1)]


class Drifting(DriftSettings, Sampling):
    """What is compared with what, and how."""

    current: SideText = Field(
        description="id of an evaluation, dataset or path: the newer side", examples=["october.csv"]
    )
    reference: OtherText = Field(
        default=None,
        description="id of an evaluation, dataset or path that it is compared with [of an "
        "evaluation: the reference of its store or its version]",
        examples=["june.csv"],
    )
    prediction_reference: OtherText = Field(
        default=None,
        description="another evaluation, dataset or path, with whose predictions its own are "
        "compared",
    )
    performance_reference: OtherText = Field(
        default=None,
        description="another evaluation, dataset or path, with whose performance its own is "
        "compared",
    )
    model: Name | None = Field(
        default=None,
        description="saved model that scores datasets, for drift of predictions and performance "
        "[that of the evaluation]",
    )
    version: VersionId | None = Field(
        default=None, description="id of the version [the active one, or the evaluation's]"
    )
    target: str | None = Field(
        default=None, description="column of datasets that holds the truth [the version's target]"
    )
    columns: tuple[str, ...] = Field(
        default=(),
        max_length=10_000,
        description="columns that are compared [what the version takes; without one all that both "
        "sides have]",
    )
    classifier_rows: int = Field(
        default=50_000,
        ge=20,
        le=10_000_000,
        description="rows of each side at most, drawn at random, by which a classifier learns to "
        "tell the sides apart",
    )
    embeddings: str | None = Field(
        default=None,
        max_length=100,
        description="look into columns of text, and compare them as vectors of this embedding, "
        "too: 'latent' (of words that go together), or one that a package brings by an entry point "
        "in the group `modelyard.embeddings`",
        examples=["latent"],
    )
    on_error: OnError = Field(
        default="fail", description="rows that the model refuses: 'fail' or 'skip' them"
    )
    params: dict[str, Json] = Field(
        default={}, description="parameters of the model's signature, as name=value"
    )


class Side(Value):
    """One side of a comparison."""

    name: str = Field(description="of the evaluation or the dataset; what sentences call it")
    given: str = Field(description="as it was asked for: an id, a name or a path")
    evaluation: str | None = Field(default=None, description="id, if it is an evaluation")
    dataset: str | None = None
    fingerprint: str | None = Field(
        default=None, description="of the data as they were; None: not known (SQL)"
    )
    rows: int = Field(description="that were compared")
    predicted: bool = Field(default=False, description="whether its predictions are known")
    labelled: bool = Field(default=False, description="whether its truth is known")


class DriftSummary(Value):
    """One line of a list of drift reports."""

    listed = (
        *("id", "reference", "current", "model", "version", "outcome"),
        *("accuracy", "drifted", "headline", "created"),
    )

    id: str
    project: str
    reference: str
    current: str
    evaluation: str | None = Field(default=None, description="id of the evaluation that it is of")
    model: Name | None = None
    version: VersionId | None = None
    outcome: Outcome
    accuracy: float | None = Field(
        default=None, description="with which a classifier tells the sides apart; 0.5 is not at all"
    )
    drifted: int = Field(description="columns that drifted")
    headline: str
    created: datetime
    created_by: str | None = None


class Drift(Asking):
    """Whether and how data, predictions and performance moved; nothing changes it afterwards."""

    model_config = ConfigDict(
        serialize_by_alias=True, validate_by_alias=True, validate_by_name=True
    )

    id: str
    project: str
    verdict: Verdict
    reference: Side
    current: Side
    prediction_reference: Side | None = Field(
        default=None, description="where it is another than the reference"
    )
    performance_reference: Side | None = None
    model: Name | None = None
    version: VersionId | None = None
    prediction_type: PredictionType | None = None
    global_: GlobalDrift = Field(alias="global", description="of all columns together")
    columns: tuple[ColumnDrift, ...] = ()
    texts: tuple[TextDrift, ...] = Field(
        default=(), description="columns of texts, where they were asked for"
    )
    predictions: PredictionDrift
    performance: PerformanceDrift
    expected: Expected | None = Field(
        default=None, description="performance of current without its truth; none: of no model"
    )
    why: Why | None = Field(default=None, description="what a change of performance comes of")
    settings: Drifting
    warnings: tuple[str, ...] = ()
    created: datetime
    created_by: str | None = None
    seconds: float = Field(description="that the numbers took, scoring excluded")

    def chart(self, part: DriftPart, *, mode: Mode = "light", **asked: Any) -> DriftChart:
        """A part as a chart: `drift.chart` of this report, with the same options."""
        found: DriftChart = self.giver.drift.chart(
            id=self.id, project=self.project, part=part, mode=mode, **asked
        )
        return found

    def table(self, part: DriftPart, **asked: Any) -> DriftTable:
        """The numbers of a part: `drift.table` of this report, with its options."""
        found: DriftTable = self.giver.drift.table(
            id=self.id, project=self.project, part=part, **asked
        )
        return found

    def _repr_html_(self) -> str:
        """What notebooks show: the verdict, and what came of each column."""
        details = "".join(f"<li>{escape(each)}</li>" for each in self.verdict.details)
        cells = ((each.name, each.kind, each.outcome, each.why or "") for each in self.columns)
        rows = "".join(
            f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in cells
        )
        head = "<tr><th>Column</th><th>Kind</th><th>Outcome</th><th>Why</th></tr>"
        return (
            f"<p><b>{escape(self.verdict.headline)}</b></p><ul>{details}</ul>"
            f"<table>{head}{rows}</table>"
        )


class DriftTest(Value):
    """A test of drift that there is."""

    listed = ("name", "title", "kinds", "threshold", "description")

    name: str
    title: str
    kinds: tuple[ColumnKind, ...] = Field(description="of columns that it is for")
    threshold: float | None = Field(
        default=None, description="of its statistic, from which on a column counts as drifted"
    )
    description: str


DriftPart = Literal[
    "columns", "column", "importance", "predictions", "densities", "performance", "expected"
]
"""What of a report is drawn, or put in rows."""


class DriftChart(InNotebook):
    """A part of a drift report as a chart."""

    report: str
    part: DriftPart
    column: str | None = Field(default=None, description="that is drawn")
    label: str | None = Field(default=None, description="class whose probabilities are drawn")
    mode: Mode


class DriftTable(Value):
    """A part of a drift report in rows."""

    report: str
    part: DriftPart
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def frame(self) -> Any:
        """The rows as a pandas DataFrame.

        Raises:
            Unsupported: pandas is not installed.
        """
        return frame_of(self.columns, self.rows)


class ExportedDrift(Value):
    """A part of a drift report as a file of the caller's."""

    report: str
    part: DriftPart
    format: ScreenFormat
    size: int = Field(description="in bytes")
