"""The words of replays: which rows are asked, what two versions answer, what differs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from modelyard.analysis.charts.types import Drawn, Mode
from modelyard.analysis.moves.types import Flips, MovedSlices, MoveVerdict, Shift, TruthSide
from modelyard.evaluations.charting.types import Cell, ScreenFormat
from modelyard.kernel.values import LocalPath, Name, Value
from modelyard.models.types import VersionId
from modelyard.runtime.types import Label, PredictionType, Row

Drawing = Literal["random_count", "first", "first_sorted"]


class Replaying(Value):
    """Which versions are asked with which rows, and how their answers are compared."""

    model: Name = Field(description="name of the saved model")
    version: VersionId = Field(description="id of the version that may become active")
    rows: Annotated[str, LocalPath("read", "data")] = Field(
        min_length=1,
        description="dataset or path whose rows both are asked with",
        examples=["october.csv"],
    )
    against: VersionId | None = Field(
        default=None, description="id of the version it is compared with [the active one]"
    )
    limit: int = Field(default=10_000, ge=1, le=1_000_000, description="rows at most")
    method: Drawing = Field(
        default="random_count",
        description="which rows, where there are more: drawn at random, the 'first', or the first "
        "in the order of a column ('first_sorted', --column), such as the latest",
    )
    column: str | None = Field(default=None, description="first_sorted: column that decides")
    descending: bool = Field(default=False, description="first_sorted: the largest first")
    seed: int = Field(default=0, ge=0, lt=2**63, description="another seed draws other rows")
    target: str | None = Field(
        default=None,
        description="column that holds the truth, where it is known [the version's target]",
    )
    tolerance: float | None = Field(
        default=None,
        ge=0,
        description="how far a score may move before the row counts as moved [0.05 of "
        "probabilities; of numbers 0.05 standard deviations of those before]",
    )
    movers: int = Field(
        default=20, ge=0, le=1000, description="rows that moved most, which are kept"
    )
    columns: tuple[str, ...] = Field(
        default=(),
        max_length=100,
        description="columns whose values make slices [what the versions take, then the others]",
    )
    combined: int = Field(
        default=1, ge=1, le=2, description="columns that a slice is made of, at most"
    )
    least: int = Field(default=50, ge=2, le=2**31, description="rows of a slice at least")
    confidence: float = Field(
        default=0.95, gt=0.5, lt=1, description="level of intervals and of found slices"
    )

    @model_validator(mode="after")
    def _sorts_by_its_column(self) -> Self:
        if (self.method == "first_sorted") != (self.column is not None):
            raise ValueError("--column names the column of the method 'first_sorted', and no other")
        return self


class Replayed(Value):
    """A version, as it was when it was asked."""

    version: VersionId
    digest: str = Field(description="over all its files")
    classes: tuple[Label, ...] = ()
    threshold: float | None = Field(
        default=None, description="from which probability on the positive class is answered"
    )
    env: str = Field(description="code env that it ran in")
    refused: int = Field(description="rows that it refused")
    rows_per_second: float = Field(description="on this machine, loading the model excluded")
    seconds: float = Field(description="on this machine, loading the model included")
    host: str
    scoring_run: str = Field(description="id of the scoring run")


class Mover(Value):
    """A row whose answer moved far."""

    row: int = Field(description="its place among the rows that were asked, from 0")
    before: Label | None = Field(description="what was answered")
    after: Label | None
    score_before: float | None = Field(default=None, description="None: no probabilities")
    score_after: float | None = None
    distance: float = Field(description="how far the score moved; 1 for a flip without scores")
    flipped: bool = False
    values: Row = Field(description="of the dataset's columns")


class RefusedRow(Value):
    """A row that a version refused."""

    row: int = Field(description="its place among the rows that were asked, from 0")
    version: VersionId
    reason: str


class Refusals(Value):
    """Rows that were refused, which are not compared."""

    both: int = 0
    only_before: int = 0
    only_after: int = 0
    unanswered: int = Field(
        default=0, description="that a version answered with a missing value or no number"
    )
    examples: tuple[RefusedRow, ...] = ()


class ReplaySummary(Value):
    """One line of a list of replays."""

    listed = ("id", "version", "against", "dataset", "rows", "flipped", "shift", "created")

    id: str
    project: str
    model: Name
    version: VersionId
    against: VersionId
    dataset: str
    rows: int
    flipped: float | None = Field(default=None, description="share of rows with another class")
    shift: float | None = Field(default=None, description="mean difference of scores")
    headline: str
    created: datetime
    created_by: str | None = None


class Replay(Value):
    """What a version answers otherwise than another one; nothing changes it afterwards."""

    id: str
    project: str
    model: Name
    version: VersionId
    against: VersionId
    prediction_type: PredictionType
    verdict: MoveVerdict
    dataset: str
    fingerprint: str | None = Field(
        default=None, description="of the data as they were; None: not known (SQL)"
    )
    rows: int = Field(description="that both were asked with")
    compared: int = Field(description="that both answered")
    before: Replayed
    after: Replayed
    flips: Flips | None = Field(default=None, description="of classifiers")
    shift: Shift
    truth: TruthSide | None = Field(default=None, description="None: the truth is not known")
    movers: tuple[Mover, ...] = Field(default=(), description="those that moved most come first")
    slices: MovedSlices
    refusals: Refusals
    warnings: tuple[str, ...] = ()
    settings: Replaying
    created: datetime
    created_by: str | None = None
    seconds: float = Field(description="that the numbers took, scoring excluded")


ReplayPart = Literal["scores", "flips", "slices", "movers"]
"""What of a replay is drawn, or put in rows."""


class ReplayChart(Drawn):
    """A part of a replay as a chart."""

    replay: str
    part: ReplayPart
    mode: Mode


class ReplayTable(Value):
    """A part of a replay in rows."""

    replay: str
    part: ReplayPart
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


class ExportedReplay(Value):
    """A part of a replay as a file of the caller's."""

    replay: str
    part: ReplayPart
    format: ScreenFormat
    size: int = Field(description="in bytes")
