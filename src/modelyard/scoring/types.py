"""The words of scoring: what is scored and how, runs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from modelyard.kernel.values import Json, LocalPath, Name, Value
from modelyard.models.types import VersionId
from modelyard.runtime.types import Mode, OnError

RunState = Literal["running", "finished", "failed", "interrupted"]


class Asking(Value):
    """Which version of which saved model is asked, and how."""

    model: Name = Field(description="saved model to score with")
    version: VersionId | None = Field(
        default=None, description="id of the version [the active one]"
    )
    mode: Mode | None = Field(
        default=None,
        description="'restructured': prediction and one probability per class; 'direct': what the "
        "model returns [restructured; direct for prediction type 'other']",
    )
    on_error: OnError = Field(
        default="fail", description="rows that the model refuses: 'fail' or 'skip' them"
    )
    threshold: float | None = Field(
        default=None, ge=0, le=1, description="binary: this threshold instead of the version's"
    )
    probabilities: bool = Field(default=True, description="write one probability per class")
    params: dict[str, Json] = Field(
        default={}, description="parameters of the model's signature, as name=value"
    )


class Ends(Value):
    """From where rows are read, and where they go to."""

    input: Annotated[str, LocalPath("read", "data")] = Field(
        min_length=1, description="dataset or path to score"
    )
    output: Annotated[str, LocalPath("write", "data")] = Field(
        min_length=1, description="dataset or path to write, replaced when whole"
    )


class Scoring(Asking, Ends):
    """What is scored with what, into what, and how."""

    keep: tuple[str, ...] | None = Field(
        default=None, description="input columns to write beside the predictions, or none [all]"
    )
    percentile: bool = Field(
        default=False,
        description="binary: write proba_percentile, the rank (1 to 100) of the positive class's "
        "probability among the rows of this run",
    )
    metadata: bool = Field(
        default=False, description="write smmd_ columns: model, version, full id, prediction time"
    )
    batch_rows: int | None = Field(
        default=None, ge=1, le=10_000_000, description="rows sent to a worker at a time [by width]"
    )
    workers: int | None = Field(
        default=None, ge=1, le=512, description="worker processes [setting runtime.workers]"
    )


class PredictedRow(Value):
    """What a version answered for one row, or why it refused it."""

    output: dict[str, JsonValue] | None = Field(
        default=None, description="the prediction and probabilities, or what the model returned"
    )
    problem: str | None = None


class Predictions(Value):
    """What a version answered for a few rows, in their order."""

    model: Name
    version: VersionId
    mode: Mode
    rows: tuple[PredictedRow, ...]
    milliseconds: float = Field(description="that the answer took, loading the model excluded")


class RunSummary(Value):
    """One line of a list of scoring runs."""

    id: str
    model: Name
    version: VersionId
    state: RunState
    rows: int = Field(default=0, description="rows read from the input and scored so far")
    rejected: int = Field(default=0, description="rows left out because the model refused them")
    started: datetime
    seconds: float = Field(default=0, description="of the last attempt, loading the model included")
    output: str


class ScoringRun(RunSummary):
    """One scoring that ran, runs, or was interrupted."""

    project: str
    input: str
    input_rows: int | None = Field(default=None, description="that there are; None: not known")
    mode: Mode
    rows_per_second: float = Field(
        default=0, description="in the last attempt, loading the model excluded"
    )
    resumed_from: int | None = Field(
        default=None, description="row at which an interrupted attempt was taken up again"
    )
    rejects: str | None = Field(
        default=None, description="file of the refused rows with their reasons, where there are any"
    )
    warnings: tuple[str, ...] = ()
    problem: str | None = Field(default=None, description="why it failed")
    host: str = Field(description="machine it ran on")
    batch_rows: int | None = Field(default=None, description="rows per chunk")
