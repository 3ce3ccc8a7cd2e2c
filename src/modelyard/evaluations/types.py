"""The words of evaluations: metrics, screens, diagnostics, what was evaluated and how."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, JsonValue, field_validator, model_validator

from modelyard.analysis.drift.types import Handling
from modelyard.analysis.types import Gains, Intake, Metric
from modelyard.data.types import Sampling
from modelyard.evaluations.asked_types import Averaging
from modelyard.evaluations.assertion_types import AssertionResult
from modelyard.evaluations.charting.shown import Shown
from modelyard.evaluations.custom_types import CustomMetric
from modelyard.evaluations.numbered import NumberedCheck, from_before
from modelyard.kernel.values import Name, Value
from modelyard.models.types import VersionId
from modelyard.runtime.types import Label, PredictionType

ThresholdFrom = Literal["version", "given", "optimised", "default", "none"]
Labels = Annotated[dict[str, str], AfterValidator(lambda labels: dict(sorted(labels.items())))]
Kind = Literal["model", "standalone", "custom"]
"""Of a version on a dataset, of a dataset that something else scored, or of metrics alone."""


NAMED = {"rows": "points"}
"""Screens that were called otherwise when evaluations were kept."""


class Figure(Value):
    """A metric in a list: its value and its interval."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


class EvaluationSummary(Value):
    """One line of a list of evaluations."""

    listed = (
        *("id", "store", "model", "version", "dataset", "rows"),
        *("metric", "value", "low", "high", "diagnostics", "created"),
    )

    id: str
    project: str
    name: str = Field(description="the moment that it was made, unless it was given one")
    kind: Kind = "model"
    store: Name | None = None
    labels: Labels = {}
    model: Name | None = None
    version: VersionId | None = None
    version_digest: str | None = Field(
        default=None, description="over the files of the version as it was, where that is known"
    )
    dataset: str | None = None
    prediction_type: PredictionType
    rows: int = Field(description="that were used")
    metric: str | None = Field(
        default=None, description="auc or mrocAUC of a classifier, r2 of a regression"
    )
    value: float | None = None
    low: float | None = Field(default=None, description="of its interval")
    high: float | None = None
    metrics: dict[str, Figure] = Field(default={}, description="all of them, by their codes")
    diagnostics: int = Field(description="numbered checks that warn or fail")
    created: datetime
    created_by: str | None = None


class View(Value):
    """How truth and predictions are looked at."""

    prediction_type: PredictionType
    classes: tuple[Label, ...] = ()
    positive: Label | None = None
    averaging: Averaging
    gains: Gains
    lift_share: float
    confidence: float


class Evaluation(View, Shown):
    """A version on a dataset: what it was worth there; only its labels change afterwards.

    One that a verb gave shows its screens: `roc_curve()`, `chart("roc")`, `table("roc")`.
    """

    name: str = Field(description="the moment that it was made, unless it was given one")
    kind: Kind = Field(
        default="model",
        description="'model': of a version; 'standalone': of a dataset that something else scored; "
        "'custom': of metrics that were computed elsewhere",
    )
    store: Name | None = Field(default=None, description="the evaluation store that it is in")
    labels: Labels = Field(default={}, description="values by keys")
    model: Name | None = None
    version: VersionId | None = None
    version_digest: str | None = Field(
        default=None, description="over the files of the version as it was"
    )
    dataset: str | None = None
    fingerprint: str | None = Field(
        default=None, description="of the data as they were; None: not known (SQL)"
    )
    sampling: Sampling
    params: dict[str, JsonValue] = Field(
        default={}, description="of the model's signature, with which the rows were scored"
    )
    handling: dict[str, Handling] = Field(
        default={}, description="by column, how drift looks at it instead of how it would"
    )
    target: str | None
    weights: str | None = None
    threshold: float | None = None
    threshold_from: ThresholdFrom
    rows: int = Field(description="of the dataset or its sample")
    rejected: int = Field(default=0, description="that the model refused, and left out")
    intake: Intake | None = Field(default=None, description="which of the others were used")
    metrics: dict[str, Metric] = Field(description="by their codes")
    no_metrics: str | None = Field(default=None, description="why there are none")
    custom_metrics: tuple[CustomMetric, ...] = Field(
        default=(), description="which of the metrics are the user's own"
    )
    assertions: tuple[AssertionResult, ...] = ()
    checks: tuple[NumberedCheck, ...] = Field(
        default=(), description="the numbered checks, each with what came of it"
    )
    screens: tuple[str, ...] = Field(default=(), description="that evaluations screen shows")
    scoring_run: str | None = Field(
        default=None, description="id of the run that scored its rows; None: they were scored"
    )
    sample: str | None = Field(
        default=None, description="digest of the scored rows, a Parquet file; None: it has none"
    )
    drift_sample: str | None = Field(
        default=None,
        description="digest of those of the rows that drift is computed from; None: all of them",
    )
    reference_dataset: str | None = Field(
        default=None, description="dataset that it is compared with, where it was given one"
    )
    reference_sample: str | None = Field(default=None, description="digest of the rows of that")
    features: tuple[str, ...] = Field(
        default=(),
        description="columns of the sample that the version takes; without one those that are none "
        "of the columns below",
    )
    truth_column: str | None = Field(
        default=None, description="of the sample: the target, also where predictions took its name"
    )
    prediction_column: str | None = Field(
        default="prediction", description="of the sample; None: nothing was predicted"
    )
    weights_column: str | None = Field(default=None, description="of the sample")
    created: datetime
    created_by: str | None = None
    seconds: float = Field(description="that the numbers took, scoring excluded")

    @property
    def diagnostics(self) -> tuple[NumberedCheck, ...]:
        """The numbered checks that one should know of before trusting it, errors first."""
        found = (each for each in self.checks if each.stands_out)
        return tuple(sorted(found, key=lambda each: each.outcome != "error"))

    @model_validator(mode="before")
    @classmethod
    def _number_what_was_kept(cls, given: Any) -> Any:
        """Read evaluations that were kept before their checks had numbers."""
        if isinstance(given, dict) and "diagnostics" in given:
            before = map(from_before, given["diagnostics"])
            kept = {name: value for name, value in given.items() if name != "diagnostics"}
            return {**kept, "checks": tuple(before)}
        return given

    @field_validator("screens")
    @classmethod
    def _call_screens_as_now(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(NAMED.get(name, name) for name in names)


class Screen(Value):
    """One screen of an evaluation's results."""

    evaluation: str
    name: str
    threshold: float | None = Field(default=None, description="that its numbers are for")
    by: str | None = Field(default=None, description="column of the slice that it is for")
    group: str | None = Field(default=None, description="of that column")
    content: dict[str, JsonValue]
