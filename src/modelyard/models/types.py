"""The words of saved models and versions."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field, JsonValue

from modelyard.kernel.values import Name, Value, Verdict
from modelyard.runtime.types import (
    CodeEnv,
    Interpretation,
    Label,
    LoadedModel,
    ModelInputs,
    PredictionType,
    PredictOptions,
    RawOutput,
    Row,
)

VersionId = Name
RowsFrom = Literal["input_example", "signature", "dataset", "none"]

HowActivated = Literal["activated", "imported", "rolled_back", "deleted", "bundled"]

OTHER_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".7z", ".rar")
"""Endings of archives that a model is not exported as."""


class SavedModel(Value):
    """A named model with versions, one of them active."""

    listed = ("name", "prediction_type", "active_version", "versions", "changed", "description")

    project: str
    name: Name
    prediction_type: PredictionType
    description: str = ""
    created: datetime
    active_version: VersionId | None = None
    previous_version: VersionId | None = Field(
        default=None, description="that was active before; a roll-back activates it"
    )
    versions: int = 0
    flavor: str | None = Field(default=None, description="of the active version")
    changed: datetime = Field(
        description="when its latest version was imported; else when it was created"
    )


class Activation(Value):
    """One change of which version is active."""

    listed = ("activated", "before", "version", "how", "activated_by")

    number: int = Field(description="from 1 on, in the order in which they were")
    before: VersionId | None = Field(description="that was active until then; None: none was")
    version: VersionId | None = Field(description="that was active from then on; None: none")
    how: HowActivated = Field(
        description="'deleted': the version that was active went without another in its place; "
        "'bundled': a bundle of the project says so"
    )
    activated: datetime
    activated_by: str


class Lineage(Value):
    """Where a version comes from."""

    source: str = Field(description="what was given: a path or a URI")
    tracking_uri: str | None = None
    experiment_id: str | None = None
    experiment: str | None = None
    run_id: str | None = None
    run_name: str | None = None
    logged_model_id: str | None = None
    registered_model: str | None = None
    registry_version: str | None = None
    aliases: tuple[str, ...] = ()
    user: str | None = None
    git_commit: str | None = None
    train_dataset: str | None = Field(
        default=None, description="name of the dataset that the run logged as its training data"
    )
    test_dataset: str | None = Field(
        default=None, description="name of the one that it logged for testing or evaluation"
    )
    link: str | None = Field(default=None, description="web page of the run or registry version")


class FlavorFacts(Value):
    """One flavor that the MLmodel file declares."""

    name: str
    facts: dict[str, JsonValue] = {}


class ModelFile(Value):
    """What the MLmodel file says, any layout from MLflow 1 to 3."""

    mlflow_version: str | None = None
    model_uuid: str | None = None
    trained: datetime | None = Field(default=None, description="when MLflow saved the model")
    flavors: tuple[FlavorFacts, ...]
    loader_module: str | None = None
    python_version: str | None = None
    serialization_format: str | None = None
    run_id: str | None = None
    artifact_path: str | None = None
    inputs: ModelInputs | None = Field(
        default=None, description="the signature's inputs and params"
    )
    outputs: tuple[dict[str, JsonValue], ...] | None = Field(
        default=None, description="the signature's outputs as declared"
    )
    input_example: str | None = Field(default=None, description="path of the input example's file")
    metadata: dict[str, Any] = {}


class StoredFile(Value):
    """One file of a version."""

    path: str
    sha256: str
    size: int = Field(description="bytes")


class Finding(Value):
    """One thing the scan found in a file."""

    file: str
    verdict: Verdict
    what: str = Field(description="what was found: a global, an opcode, a kind of file")
    detail: str = ""


class Scan(Value):
    """The verdict on a version's files: the worst of its findings."""

    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    files_scanned: int
    scanner: str = Field(description="scanners and versions")


class Repair(Value):
    """One correction to what the signature says; never applied silently."""

    column: str | None = None
    kind: Literal[
        "optional", "wider_type", "categories", "datetime", "inferred", "from_user", "from_dataset"
    ]
    before: str
    after: str
    reason: str


class SignatureReport(Value):
    """What a caller must send, with what was repaired and why."""

    inputs: ModelInputs
    source: Literal["signature", "model", "dataset", "user", "none"]
    repairs: tuple[Repair, ...] = ()
    warnings: tuple[str, ...] = ()


class Feature(Value):
    """One feature of the core metadata; strings and booleans are categorical."""

    name: str
    type: str
    role: Literal["numeric", "categorical", "datetime", "text", "other"]


class CoreMetadata(Value):
    """What the model predicts, from what."""

    target: str | None = None
    classes: tuple[Label, ...] = Field(default=(), description="in the model's order")
    class_order: Literal["model", "user", "none"] = "none"
    features: tuple[Feature, ...] = ()
    threshold: float | None = Field(
        default=None, description="binary only: the second class from this probability up"
    )


class SampleRows(Value):
    """A few rows of a table as JSON values."""

    columns: tuple[str, ...]
    rows: tuple[tuple[JsonValue, ...], ...]


class Probe(Value):
    """What came out when the model first ran in its worker."""

    loaded: LoadedModel
    rows_from: RowsFrom
    rows: int
    raw: RawOutput | None = None
    direct: SampleRows | None = Field(
        default=None, description="the first rows of the output as the model returned it"
    )
    interpretation: Interpretation | None = None
    recognised: Interpretation | None = Field(
        default=None, description="what a user's interpretation took the place of"
    )
    read: SampleRows | None = Field(
        default=None, description="the first rows of the output as they are read"
    )
    problem: str | None = Field(
        default=None,
        description="why no prediction could be made, where that does not stop an import",
    )
    seconds: float
    load_seconds: float | None = Field(
        default=None, description="to start its worker and load the model in it"
    )
    answer_seconds: float | None = Field(
        default=None, description="to its first answer, for all the rows"
    )


class ExampleRows(Value):
    """Rows that a version can be asked with."""

    rows: tuple[Row, ...]
    rows_from: RowsFrom = Field(
        description="the model's own input example; made up from its signature; the dataset it was "
        "tried on; or none, where nothing is known of its inputs"
    )


class Golden(Value):
    """Predictions kept at import; a later load must reproduce them."""

    inputs: str = Field(description="sha256 of the Arrow file of input rows")
    outputs: str = Field(description="sha256 of the Arrow file of their outputs")
    rows: int
    rows_from: RowsFrom
    tolerance: float = 1e-5
    options: PredictOptions = Field(description="how they were asked for, in both output modes")


class Verification(Value):
    """One check that a load reproduces the golden predictions."""

    env: str
    host: str
    scoring_engine: str = "worker"
    checked: datetime
    rows: int
    matching: int
    largest_gap: float | None = Field(description="of numbers; none where labels differ")
    differing: tuple[int, ...] = Field(
        default=(), description="golden rows that differ, from 0, the first 100"
    )
    details: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every row matches."""
        return self.matching == self.rows


class VersionSummary(Value):
    """One line of a list of versions."""

    listed = ("version", "active", "flavor", "verdict", "size_mb", "imported", "description")

    version: VersionId
    active: bool
    flavor: str
    verdict: Verdict
    source: str
    trained: datetime | None
    imported: datetime
    size_mb: float
    size: int = Field(description="bytes")
    name: str = ""
    description: str = ""
    imported_by: str = ""


class ModelFacts(Value):
    """What is found out about a model when it is imported."""

    project: str
    model: str
    prediction_type: PredictionType
    digest: str = Field(description="sha256 over the paths and digests of all files")
    files: tuple[StoredFile, ...]
    lineage: Lineage
    model_file: ModelFile
    env: CodeEnv
    scan: Scan
    signature: SignatureReport
    core: CoreMetadata
    probe: Probe


class InputChange(Value):
    """One input that a model takes in another way than the active version does."""

    name: str
    before: str | None = Field(description="its type in the active version; None: it had none")
    after: str | None = Field(description="its type now; None: it is no longer taken")
    breaks: bool = Field(description="callers of the active version are refused because of it")


class Difference(Value):
    """How a model differs from the active version for those who call that one."""

    version: VersionId = Field(description="the active version")
    inputs: tuple[InputChange, ...] = ()
    classes: tuple[Label, ...] = Field(description="those of the active version")
    same_classes: bool = Field(description="they are the same, or not known yet")
    threshold: float | None = Field(description="that of the active version")
    breaks: bool = Field(description="its callers are refused, or read other columns")


class ProbedModel(ModelFacts):
    """A model as an import would keep it; nothing of it is kept yet."""

    golden_rows: int = Field(
        description="rows for which it answered the same twice, with made-up edge cases; an import "
        "keeps these answers"
    )
    difference: Difference | None = Field(
        default=None, description="from the active version, where there is one"
    )
    missing: tuple[str, ...] = Field(
        default=(), description="options that an import needs besides: classes"
    )
    warnings: tuple[str, ...] = ()


class ModelVersion(ModelFacts):
    """A version of a saved model: an imported MLflow model and all that is known of it."""

    id: str = Field(description="S-<project>-<model>-<version>")
    version: VersionId
    active: bool
    name: str = ""
    description: str = ""
    imported: datetime
    imported_by: str
    golden: Golden | None = None
    verifications: tuple[Verification, ...] = ()
    reference_evaluation: str | None = Field(
        default=None,
        description="id of the evaluation that stands for it, with which others are compared; "
        "None: the first one that is in no store",
    )
    reference_deleted: bool = Field(
        default=False,
        description="that evaluation was deleted: it is the first one in no store again",
    )


class VersionExport(Value):
    """Where a version was written to."""

    path: str
    files: int
    size: int = Field(description="bytes")
    digest: str


class VersionFileText(Value):
    """The beginning of a version's file, as text."""

    path: str
    size: int = Field(description="bytes of the whole file")
    sha256: str
    text: str
    left_out: int = Field(default=0, description="bytes of it after this text")


class VersionArchive(Value):
    """A version as one .zip."""

    size: int = Field(description="bytes of the archive")
    files: int
    digest: str = Field(description="that of the version")


class Usage(Value):
    """A recipe, or an endpoint of a service, that uses a saved model."""

    recipe: str | None = None
    service: str | None = None
    endpoint: str | None = None
    kind: str = Field(description="room and verb of the recipe, such as scoring run; or endpoint")
    version: VersionId | None = Field(default=None, description="none: whichever is active")
