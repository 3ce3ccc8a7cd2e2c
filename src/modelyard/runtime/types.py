"""The words of running a model: inputs, interpretation, code envs, what a load found."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import ConfigDict, Field, JsonValue, RootModel

from modelyard.kernel.values import Value

PredictionType = Literal["binary_classification", "multiclass", "regression", "other"]
Mode = Literal["restructured", "direct"]
OnError = Literal["fail", "skip"]
Label = bool | int | float | str


class Row(RootModel[dict[str, JsonValue]]):
    """One row as JSON: values by column name; bytes are base64, moments ISO 8601."""

    model_config = ConfigDict(frozen=True, defer_build=True)


class InputColumn(Value):
    """One column a model takes."""

    name: str
    type: str = Field(
        description="MLflow's name: boolean, integer, long, float, double, string, binary, "
        "datetime; or 'any' where nothing is declared"
    )
    required: bool = True
    categories: tuple[Label, ...] | None = Field(
        default=None, description="the values a categorical column may hold, in order"
    )


class InputTensor(Value):
    """One tensor a model takes; the first dimension counts rows (-1)."""

    name: str | None = None
    dtype: str
    shape: tuple[int, ...]


class Param(Value):
    """One parameter of the signature, with its default."""

    name: str
    type: str
    default: JsonValue = None
    shape: tuple[int, ...] | None = None


class ModelInputs(Value):
    """What a caller must send: columns or tensors, and parameters."""

    columns: tuple[InputColumn, ...] = ()
    tensors: tuple[InputTensor, ...] = ()
    params: tuple[Param, ...] = ()


class Interpretation(Value):
    """How raw output becomes a prediction and one probability per class.

    Rules: `labels` (one label per row), `number` (one number per row), `positive_probability` (one
    probability per row, of the second class), `probabilities` (a column per class),
    `label_and_probabilities` (named columns or outputs hold both), `class_maps` (a map from class
    to probability per row), `values` (type `other`: columns as they come).
    """

    rule: Literal[
        "labels",
        "number",
        "positive_probability",
        "probabilities",
        "label_and_probabilities",
        "class_maps",
        "values",
    ]
    call: Literal["predict", "native"] = Field(
        default="predict",
        description="what is asked: pyfunc's predict, or the native model's own probabilities",
    )
    activation: Literal["none", "sigmoid", "softmax"] = Field(
        default="none", description="what turns raw scores into probabilities"
    )
    label: str | None = Field(default=None, description="output column that holds the label")
    probabilities: tuple[str, ...] = Field(
        default=(), description="output columns that hold probabilities, in class order"
    )
    classes: tuple[Label, ...] = Field(
        default=(), description="the classes in the model's order, as the model names them"
    )
    reason: str = Field(default="", description="why this rule was chosen")
    overridden: bool = Field(default=False, description="a user chose it")


class Relaxation(Value):
    """One difference between the env that was asked for and the one that was built."""

    asked: str
    built: str
    reason: str


class EnvRequest(Value):
    """The env that a model's own files ask for."""

    python: str | None = Field(default=None, description="Python version, such as 3.10.12")
    requirements: tuple[str, ...] = Field(
        default=(),
        description="lines as they were found: of an option only its name, of a conda package "
        "`conda:` and its spec",
    )
    source: str = Field(
        description="where it was read: requirements.txt, conda.yaml, MLmodel, user"
    )
    saved: date | None = Field(default=None, description="the day the model was saved")
    mlflow: str | None = Field(default=None, description="version of MLflow that saved the model")


class CodeEnv(Value):
    """A built code env: a Python with packages, shared by all that need the same."""

    id: str = Field(description="hash of Python version and lock, 16 hex digits; or 'local'")
    name: str | None = None
    python: str
    packages: tuple[str, ...] = Field(description="the lock, name==version each")
    asked: EnvRequest
    relaxations: tuple[Relaxation, ...] = ()
    created: datetime
    size_mb: float | None = None


class EnvSummary(Value):
    """One line of the list of code envs."""

    id: str
    names: tuple[str, ...] = ()
    python: str
    packages: int = Field(description="how many are installed")
    relaxations: int = Field(description="how many differences there are to what was asked for")
    size_mb: float | None = None
    used_by: tuple[str, ...] = Field(default=(), description="versions: project/model/version")
    built_here: bool = Field(description="its folder is on this machine")
    created: datetime


class EnvLog(Value):
    """What was printed while a code env was built."""

    env: str = Field(description="id of the env")
    text: str
    left_out: int = Field(default=0, description="bytes of it before this text")


class LoadedModel(Value):
    """What loading a model in its worker found."""

    flavor: str = Field(description="adapter that understood it, such as sklearn")
    model_class: str | None = None
    python: str
    libraries: dict[str, str] = {}
    classes: tuple[Label, ...] | None = Field(
        default=None, description="the model's own classes, in its own order, where it tells"
    )
    features: tuple[InputColumn, ...] | None = Field(
        default=None, description="the model's own feature names, where it tells"
    )
    native_probabilities: bool = Field(
        default=False, description="the native model gives probabilities that pyfunc hides"
    )
    threshold: float | None = Field(
        default=None, description="the model's own threshold for the second of two classes"
    )
    notes: tuple[str, ...] = ()


class RawOutput(Value):
    """What predict gave back, before interpretation."""

    kind: str = Field(description="Python type, such as numpy.ndarray or pandas.DataFrame")
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    columns: tuple[str, ...] | None = None
    sample: str = Field(description="its first rows as Python shows them, cut to 2,000 characters")


class Reject(Value):
    """A row that the model or its schema refused; `row` counts from 0 in what was sent."""

    row: int
    reason: str


class PredictOptions(Value):
    """How a table is to be predicted.

    Mode `probe` is `restructured` where nothing is known yet: it answers with a proposed
    interpretation.
    """

    mode: Mode | Literal["probe"] = "restructured"
    prediction_type: PredictionType = "other"
    interpretation: Interpretation | None = None
    classes: tuple[Label, ...] | None = Field(
        default=None, description="the user's labels in the model's order; None: the model's own"
    )
    threshold: float | None = Field(
        default=None, description="binary only: the second class from this probability up"
    )
    params: dict[str, JsonValue] = {}
    on_error: OnError = "fail"
    probabilities: bool = True
    inputs: ModelInputs | None = Field(
        default=None, description="what to cast to, in place of the inputs given at load"
    )
