"""What one can ask of saved models and their versions."""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import Field

from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import DIGEST_PATTERN, EMPTIED, Description, LocalPath, Name
from modelyard.models.importance_types import OwnImportances
from modelyard.models.types import (
    Activation,
    ExampleRows,
    ModelVersion,
    ProbedModel,
    SavedModel,
    Usage,
    Verification,
    VersionExport,
    VersionId,
    VersionSummary,
)
from modelyard.runtime.types import Interpretation, Label, PredictionType

R = TypeVar("R")

TrackingUri = Annotated[
    str | None,
    LocalPath("read", "store"),
    Field(description="MLflow server to read from, or connection://NAME; else MLFLOW_TRACKING_URI"),
]
RegistryUri = Annotated[
    str | None,
    LocalPath("read", "store"),
    Field(description="MLflow model registry, where it is another server"),
]


class CreateModel(ProjectCommand[SavedModel]):
    """Create a saved model that has no version yet."""

    needs = "models:write"
    route = "POST /models"
    arguments = ("name",)

    name: Name = Field(description="unique name inside the project")
    prediction_type: PredictionType = Field(
        description="what its versions predict; 'other' scores but is not interpreted"
    )
    description: Description = Field(default="", description="one line for people")


class ListModels(ProjectCommand[list[SavedModel]], Paged):
    """List the saved models of a project."""

    needs = "models:read"
    route = "GET /models"

    search: str = Field(default="", description="only names or descriptions that contain this")
    prediction_type: PredictionType | None = Field(
        default=None, description="only models that predict this"
    )
    sort: Literal["name", "changed"] = Field(
        default="name", description="first in the alphabet or last changed comes first"
    )


class ShowModel(ProjectCommand[SavedModel]):
    """Show a saved model."""

    needs = "models:read"
    route = "GET /models/{name}"
    arguments = ("name",)

    name: Name = Field(description="name of the saved model")


class UpdateModel(ProjectCommand[SavedModel]):
    """Change what people say of a saved model."""

    needs = "models:write"
    route = "PATCH /models/{name}"
    guarded = True
    arguments = ("name",)

    name: Name = Field(description="name of the saved model")
    description: Description = Field(description="one line for people")


class DeleteModel(ProjectCommand[None]):
    """Delete a saved model with all its versions."""

    needs = "models:write"
    route = "DELETE /models/{name}"
    guarded = True
    arguments = ("name",)

    name: Name = Field(description="name of the saved model")
    force: bool = Field(
        default=False, description="even if it has versions, or recipes or services use it"
    )


class ListUsages(ProjectCommand[list[Usage]], Paged):
    """List the recipes and the endpoints of services that use a saved model."""

    needs = "models:read"
    route = "GET /models/{name}/usages"
    arguments = ("name",)

    name: Name = Field(description="name of the saved model")


class ModelRequest(ProjectCommand[R], Generic[R]):
    """What is said of a model that is tried: where it is, how it runs, what it predicts."""

    model: Name = Field(description="saved model that it is meant for")
    source: Annotated[str, LocalPath("read", "model")] = Field(
        min_length=1,
        description="folder, zip, tar.gz, connection://NAME/path, runs:/, models:/ or "
        "mlflow-artifacts:/ URI of an MLflow model",
    )
    tracking_uri: TrackingUri = None
    registry_uri: RegistryUri = None
    env: str = Field(
        default="inherit",
        description="code env: 'model' builds what the model asks for, 'local' is the running "
        "Python, 'inherit' the default of the settings; or the name of an env",
    )
    target: str | None = Field(default=None, description="column that the model predicts")
    classes: tuple[Label, ...] = Field(
        default=(), description="class labels in the model's own order (binary: negative, positive)"
    )
    threshold: float | None = Field(
        default=None, ge=0, le=1, description="binary: positive from this probability up [0.5]"
    )
    interpretation: Interpretation | None = Field(
        default=None, description="how raw output is read, as JSON, instead of how it looks"
    )
    dataset: Annotated[str | None, LocalPath("read", "data")] = Field(
        default=None, description="dataset or path to read features and trial rows from"
    )
    dataset_rows: int = Field(
        default=500, ge=1, lt=2**63, description="rows of the dataset, from its head, to look at"
    )
    features: tuple[str, ...] = Field(
        default=(), description="features as name or name:type, when no dataset is given"
    )
    golden_rows: int = Field(
        default=200,
        ge=1,
        le=10_000,
        description="rows of the dataset to keep golden predictions for",
    )
    tolerance: float = Field(
        default=1e-5, ge=0, description="gap at which a golden prediction counts as reproduced"
    )

    def called(self) -> str:
        """What messages and logs call the model."""
        return self.model


class ProbeVersion(ModelRequest[ProbedModel]):
    """Try a model as an import would, and keep nothing.

    The model is copied, scanned, given its code env, loaded in a worker and asked. Its files wait a
    while for an import with the same words and the --digest of the answer.
    """

    needs = "models:write"
    route = "POST /models/{model}/probe"
    title = "Try {source} for {model}"
    background = True
    queue = "imports"
    arguments = ("model", "source")


class ImportVersion(ModelRequest[ModelVersion]):
    """Import an MLflow model as a version of a saved model.

    The model is copied, scanned, given its code env and tried in a worker before anything is kept.
    Importing under the id of an existing version replaces that version.
    """

    needs = "models:write"
    route = "POST /models/{model}/versions"
    title = "Import {model} {version}"
    background = True
    queue = "imports"
    arguments = ("model", "version", "source")

    version: VersionId = Field(description="id of the version, such as v1")
    activate: bool = Field(default=True, description="make it the active version")
    name: str = Field(default="", description="a name for people")
    description: Description = Field(default="", description="one line for people")
    digest: str | None = Field(
        default=None,
        pattern=DIGEST_PATTERN,
        description="import just what a probe gave this digest to, without fetching it again if "
        "it is still here",
    )

    def exclusive_key(self) -> str:
        """One import of a version at a time."""
        return f"version {self.project}/{self.model}/{self.version}"

    def called(self) -> str:
        """What messages and logs call the model."""
        return f"{self.model} {self.version}"


class ListVersions(ProjectCommand[list[VersionSummary]], Paged):
    """List the versions of a saved model."""

    needs = "models:read"
    route = "GET /models/{model}/versions"
    arguments = ("model",)

    model: Name = Field(description="name of the saved model")
    search: str = Field(default="", description="only ids, names or descriptions that contain this")
    sort: Literal["imported", "trained", "version", "size"] = Field(
        default="imported", description="newest, largest or first in the alphabet comes first"
    )


class ShowVersion(ProjectCommand[ModelVersion]):
    """Show all that is known of a version."""

    needs = "models:read"
    route = "GET /models/{model}/versions/{version}"
    arguments = ("model", "version")

    model: Name = Field(description="name of the saved model")
    version: VersionId | None = Field(
        default=None, description="id of the version; else the active"
    )


class ShowExample(ProjectCommand[ExampleRows]):
    """Give some rows that a version can be asked with: those it was tried on at import."""

    needs = "models:read"
    route = "GET /models/{model}/versions/{version}/example"
    arguments = ("model", "version")

    model: Name = Field(description="name of the saved model")
    version: VersionId | None = Field(
        default=None, description="id of the version; else the active"
    )
    rows: int = Field(default=1, ge=1, le=200, description="how many at most")


class UpdateVersion(ProjectCommand[ModelVersion]):
    """Change what people say of a version: what it is called, predicts and takes, how it is read.

    What changes how its output is read is tried on its golden rows before it is kept.
    """

    needs = "models:write"
    route = "PATCH /models/{model}/versions/{version}"
    guarded = True
    arguments = ("model", "version")

    model: Name = Field(description="name of the saved model")
    version: VersionId = Field(description="id of the version")
    name: str | None = Field(default=None, description="a name for people")
    description: Description | None = Field(default=None, description="one line for people")
    target: str | None = Field(
        default=None, description="column that the model predicts; an empty text forgets it"
    )
    classes: tuple[Label, ...] | None = Field(
        default=None,
        description="class labels in the model's own order (binary: negative, positive)",
    )
    threshold: float | None = Field(
        default=None, ge=0, le=1, description="binary: positive from this probability up"
    )
    interpretation: Annotated[Interpretation | None, EMPTIED] = Field(
        default=None,
        description="how raw output is read, as JSON; null: as the model and its output tell",
    )
    optional: tuple[str, ...] = Field(
        default=(),
        description="input columns that may hold missing values although not declared so",
    )
    reference_evaluation: Annotated[str | None, EMPTIED] = Field(
        default=None,
        description="id of its evaluation that others are compared with; empty: the first one that "
        "is in no store",
    )


class ActivateVersion(ProjectCommand[SavedModel]):
    """Make a version the active one, which scoring and serving use by default."""

    needs = "models:write"
    route = "POST /models/{model}/versions/{version}/activate"
    arguments = ("model", "version")

    model: Name = Field(description="name of the saved model")
    version: VersionId = Field(description="id of the version")


class RollBack(ProjectCommand[SavedModel]):
    """Make the version active again that was active before, as `versions activations` tells.

    Once more goes back another step; versions that were deleted are passed over.
    """

    needs = "models:write"
    route = "POST /models/{model}/rollback"
    arguments = ("model",)

    model: Name = Field(description="name of the saved model")


class ListActivations(ProjectCommand[list[Activation]], Paged):
    """List which versions of a saved model were active: who changed it, when, the newest first."""

    needs = "models:read"
    route = "GET /models/{model}/activations"
    arguments = ("model",)

    model: Name = Field(description="name of the saved model")


class VerifyVersion(ProjectCommand[Verification]):
    """Check a version's files, and that a fresh load reproduces its golden predictions."""

    needs = "models:write"
    route = "POST /models/{model}/versions/{version}/verify"
    title = "Verify {model} {version}"
    background = True
    queue = "imports"
    arguments = ("model", "version")

    model: Name = Field(description="name of the saved model")
    version: VersionId | None = Field(
        default=None, description="id of the version; else the active"
    )
    env: str | None = Field(default=None, description="another code env to load it in")


class ReadImportances(ProjectCommand[OwnImportances]):
    """Tell what a version itself says of its features: importances of trees, or coefficients.

    They are read off the model that its libraries load, in a worker of its code env, for
    scikit-learn, XGBoost, LightGBM, CatBoost and statsmodels. Of a pipeline the last step is asked.
    """

    needs = "models:read"
    route = "POST /models/{model}/versions/{version}/importances"
    title = "Own importances of {model} {version}"
    background = True
    queue = "scoring"
    arguments = ("model", "version")

    model: Name = Field(description="name of the saved model")
    version: VersionId | None = Field(
        default=None, description="id of the version; else the active"
    )
    most: int = Field(
        default=100, ge=1, le=10_000, description="features that are told at most, by their weight"
    )


class ExportVersion(ProjectCommand[VersionExport]):
    """Write a version's files out as an MLflow model: a folder, or a .zip."""

    needs = "models:read"
    route = "POST /models/{model}/versions/{version}/export"
    title = "Export {model} {version}"
    background = True
    arguments = ("model", "version", "to")

    model: Name = Field(description="name of the saved model")
    version: VersionId = Field(description="id of the version")
    to: Annotated[str, LocalPath("write", "model")] = Field(
        default="", description="new folder or .zip file [MODEL-VERSION in this folder]"
    )


class DeleteVersions(ProjectCommand[list[VersionId]]):
    """Delete versions; the active one, and one that a recipe or service uses, with --force."""

    needs = "models:write"
    route = "POST /models/{model}/versions/delete"
    arguments = ("model", "versions")

    model: Name = Field(description="name of the saved model")
    versions: tuple[VersionId, ...] = Field(min_length=1, description="ids of the versions")
    force: bool = Field(
        default=False, description="even the active version, or one that recipes or services use"
    )
