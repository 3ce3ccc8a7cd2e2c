"""What can be asked of an evaluation: of what, how it is judged, where it goes."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from modelyard.analysis.drift.types import Handling
from modelyard.analysis.types import Gains
from modelyard.data.types import Sampling
from modelyard.evaluations.assertion_types import Assertion
from modelyard.evaluations.labels import LabelKey, LabelValue
from modelyard.kernel.values import ID_PATTERN, Json, LocalPath, Name, OneLine, Value
from modelyard.models.types import VersionId
from modelyard.runtime.types import Label, OnError, PredictionType

ThresholdMetric = Literal[
    "f1", "accuracy", "precision", "recall", "mcc", "hammingLoss", "costMatrixGain"
]
Averaging = Literal["weighted", "macro"]
Whole = Annotated[int, Field(ge=-(2**63), lt=2**63)]
DriftUse = Literal["note", "fail", "skip"]
EvaluationId = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
DRIFT_ROWS = 50_000


class Naming(Value):
    """What an evaluation is called."""

    id: EvaluationId | None = Field(
        default=None,
        description="its id, in place of the evaluation of its store that has it [a new one]",
    )
    name: Annotated[OneLine, Field(min_length=1)] | None = Field(
        default=None, description="what it is called [the moment that it is made]"
    )
    label: dict[LabelKey, LabelValue] = Field(
        default={},
        max_length=100,
        description="labels as key=value, besides those that it has by itself; ${NAME} in a value "
        "stands for a variable of the project",
        examples=[{"month": "2"}],
    )


class Placing(Naming):
    """Where an evaluation goes, and what it keeps."""

    store: Name | None = Field(default=None, description="evaluation store that it goes into")
    drift_rows: int = Field(
        default=DRIFT_ROWS,
        ge=0,
        lt=2**63,
        description="rows, drawn at random, that drift is computed from, of at most 8 MB; 0: all",
    )
    drift: DriftUse = Field(
        default="note",
        description="in a store: drift that cannot be computed is noted among what to know, or "
        "lets the evaluation fail; 'skip': none is computed",
    )
    handling: dict[str, Handling] = Field(
        default={},
        max_length=10_000,
        description="by column, how drift looks at it instead of how it would: numeric, "
        "categorical, text, or excluded",
        examples=[{"month": "categorical", "id": "excluded"}],
    )


class Judging(Value):
    """How predictions are compared with the truth."""

    target: str | None = Field(
        default=None, description="column that holds the truth [the version's target]"
    )
    weights: str | None = Field(default=None, description="column that holds weights of rows")
    training: Annotated[str | None, LocalPath("read", "data")] = Field(
        default=None,
        min_length=1,
        description="dataset or path that the model learned from, to see whether rows overlap in "
        "time",
    )
    time: str | None = Field(
        default=None, description="column of both that says when a row is of: moments or numbers"
    )
    skip_performance: bool = Field(
        default=False,
        description="compare nothing with a truth; rows and predictions are kept for drift",
    )
    positive: bool | Whole | float | str | None = Field(
        default=None, description="binary: the class to be found [the second one]"
    )
    threshold: float | None = Field(
        default=None, ge=0, le=1, description="binary: this threshold instead of the version's"
    )
    optimise: ThresholdMetric | None = Field(
        default=None,
        description="binary: the threshold that is best for this metric on these rows",
    )
    gains: Gains = Field(
        default=Gains(), description="binary: what a row of each kind is worth, as JSON"
    )
    lift_share: float = Field(
        default=0.4, gt=0, le=1, description="binary: share of the rows at which lift is told"
    )
    averaging: Averaging = Field(
        default="weighted", description="multiclass: classes count by their rows, or all alike"
    )
    confidence: float = Field(default=0.95, gt=0.5, lt=1, description="level of the intervals")
    assertions: tuple[Assertion, ...] = Field(
        default=(),
        max_length=100,
        description="what has to be predicted for some rows, as JSON",
        examples=[[{"name": "young", "where": "age < 30", "expect": ["no"], "ratio": 0.9}]],
    )

    @model_validator(mode="after")
    def _names_assertions_apart(self) -> Self:
        names = [each.name for each in self.assertions]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two assertions are called {name!r}")
        return self

    @model_validator(mode="after")
    def _tells_time_on_both_sides(self) -> Self:
        if (self.training is None) != (self.time is None):
            raise ValueError("--training and --time go together: give both or none")
        return self

    @model_validator(mode="after")
    def _has_one_threshold(self) -> Self:
        if self.threshold is not None and self.optimise is not None:
            raise ValueError("--threshold says one and --optimise looks for one; give one of them")
        return self


class Predicted(Value):
    """Where predictions are that were made before."""

    prediction: str | None = Field(
        default=None, description="column that holds what was predicted already"
    )
    probabilities: dict[str, str] = Field(
        default={},
        max_length=1000,
        description="columns that hold probabilities, as class=column, of all classes",
    )


class Measuring(Value):
    """Metrics of one's own."""

    custom_metrics: Annotated[str | None, LocalPath("read")] = Field(
        default=None,
        description="path of a Python file whose functions are further metrics; they run in a "
        "process of their own",
    )
    plugged_metrics: tuple[str, ...] = Field(
        default=(),
        max_length=100,
        description="further metrics that packages of the code env bring, by name",
    )


class Evaluating(Sampling, Judging, Predicted, Measuring, Placing):
    """What is evaluated on which data, and how."""

    model: Name = Field(description="saved model to evaluate")
    dataset: Annotated[str, LocalPath("read", "data")] = Field(
        min_length=1, description="dataset or path whose rows hold the truth"
    )
    version: VersionId | None = Field(
        default=None, description="id of the version [the active one]"
    )
    on_error: OnError = Field(
        default="fail", description="rows that the model refuses: 'fail' or 'skip' them"
    )
    params: dict[str, Json] = Field(
        default={}, description="parameters of the model's signature, as name=value"
    )
    skip_scoring: bool = Field(
        default=False,
        description="take what the dataset holds as predicted: `prediction` and `proba_<class>`, "
        "or the columns that are named",
    )
    output: Annotated[str | None, LocalPath("write", "data")] = Field(
        default=None,
        min_length=1,
        description="dataset or path to write the scored rows to, with whether each prediction is "
        "right; replaced when whole",
    )
    output_probabilities: bool = Field(
        default=True, description="write one probability per class into the scored rows"
    )
    metrics_output: Annotated[str | None, LocalPath("write", "data")] = Field(
        default=None,
        min_length=1,
        description="dataset or path that gets one more row, of the metrics",
    )
    metrics: tuple[str, ...] = Field(
        default=(), max_length=200, description="codes of the metrics that this row holds [all]"
    )

    explain: bool = Field(
        default=False,
        description="also what takes long: permutation importance, as `evaluations importance` "
        "measures it, and the search for the worst slices",
    )

    @model_validator(mode="after")
    def _says_that_rows_are_scored(self) -> Self:
        if not self.skip_scoring and (self.prediction or self.probabilities):
            raise ValueError(
                "--prediction and --probabilities are for rows that are scored "
                "already; give --skip-scoring, too"
            )
        return self


class Standalone(Sampling, Judging, Predicted, Measuring, Placing):
    """A dataset that something else scored, and how it is evaluated."""

    dataset: Annotated[str, LocalPath("read", "data")] = Field(
        min_length=1, description="dataset or path with rows that are scored already"
    )
    prediction_type: PredictionType | None = Field(
        default=None, description="what was predicted [nothing, where no column holds predictions]"
    )
    classes: tuple[Label, ...] = Field(
        default=(),
        max_length=1000,
        description="the classes in their order [as probabilities name them, else sorted]",
    )
    reference: Annotated[str | None, LocalPath("read", "data")] = Field(
        default=None, min_length=1, description="dataset or path that drift is told from"
    )
    reference_sampling: Sampling = Field(
        default=Sampling(), description="which of its rows are taken, as JSON"
    )
    env: str = Field(
        default="inherit",
        description="code env that custom metrics run in: 'local' is the running Python, 'model' "
        "one of MLflow, 'inherit' the default of the settings; or the name of an env",
    )
