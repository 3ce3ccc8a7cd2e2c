"""The words of bundles: what is in one, and what is told of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from modelyard.archives.types import ArchivedFile
from modelyard.data.types import ConnectionKind
from modelyard.kernel.values import Json, Name, ProjectKey, Value
from modelyard.models.types import VersionId
from modelyard.runtime.types import CodeEnv, PredictionType

FORMAT = 1
"""Version of the layout of bundles; one that is newer than is known here is refused."""
ROWS, ARTIFACTS, DATA, FILES = "rows/", "artifacts/", "data/", "files/"

Origin = Literal["made", "imported"]
ChangeKind = Literal["added", "changed", "removed"]
DataPlace = Literal["files", "connection", "path"]
TableName = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,63}$")]


class BundledVersion(Value):
    """A version of a saved model that is in a bundle."""

    version: VersionId
    flavor: str
    digest: str = Field(description="sha256 over the paths and digests of its files")
    env: str = Field(description="id of the code env that it runs in")
    active: bool = False
    metrics: dict[str, float] = Field(
        default={}, description="of the evaluation that stands for it, by code"
    )


class BundledModel(Value):
    """A saved model, and those of its versions that are in a bundle."""

    model: Name
    prediction_type: PredictionType
    active: VersionId | None = Field(
        default=None,
        description="the version that is active; None: none, or it is not in the bundle",
    )
    versions: tuple[BundledVersion, ...] = ()


class BundledConnection(Value):
    """A connection that something in a bundle is read or written through."""

    listed = ("name", "kind", "used_by")

    name: Name
    kind: ConnectionKind | None = Field(
        default=None, description="None: there was none of this name"
    )
    used_by: tuple[str, ...] = Field(description="such as dataset flights, recipe daily")


class BundledDataset(Value):
    """A dataset whose definition is in a bundle, and where its data was."""

    name: Name
    connection: Name | None = None
    place: DataPlace | None = Field(
        default=None,
        description="its files are in the project's files, below the folder of a connection, or at "
        "a path of the machine; None: it is no file",
    )
    path: str | None = Field(default=None, description="file, folder or glob pattern")
    with_data: bool = False
    files: dict[str, str] = Field(
        default={},
        description="its data: files of the archive, each with where it was below the folder of "
        "the connection or among the project's files; of a path of the machine its name",
    )


class BundledRows(Value):
    """The rows of a table that are in a bundle."""

    table: TableName
    rows: int = Field(ge=0)


class BundleContent(Value):
    """What is in a bundle."""

    kind: Literal["modelyard-bundle"] = "modelyard-bundle"
    format: int = FORMAT
    made_with: str = Field(description="version of Modelyard")
    revision: str = Field(description="of the tables that its rows are of")
    project: ProjectKey = Field(description="of which it was made")
    bundle: Name
    notes: str = Field(default="", description="release notes")
    models: tuple[BundledModel, ...] = ()
    stores: tuple[Name, ...] = Field(
        default=(), description="evaluation stores whose evaluations are in it"
    )
    datasets: tuple[BundledDataset, ...] = ()
    connections: tuple[BundledConnection, ...] = ()
    envs: tuple[CodeEnv, ...] = Field(
        default=(), description="that its versions and functions run in"
    )
    env_names: dict[str, str] = Field(
        default={}, description="names of code envs that functions use, each with the id of its env"
    )
    tables: tuple[BundledRows, ...] = ()


class BundleManifest(BundleContent):
    """What is in a bundle, and every file of it."""

    files: tuple[ArchivedFile, ...] = Field(description="every file but the manifest itself")

    @model_validator(mode="after")
    def _is_closed(self) -> Self:
        """Refuse what names a part that is not in it, and parts that no bundle has."""
        paths = {file.path for file in self.files}
        rows = {f"{ROWS}{each.table}.jsonl" for each in self.tables}
        data = {file for dataset in self.datasets for file in dataset.files}
        if len(paths) < len(self.files):
            raise ValueError("it names a file twice")
        if missing := (rows | data) - paths:
            raise ValueError(f"it refers to {min(missing)!r}, which it does not hold")
        for file in self.files:
            known = file.path in rows or file.path in data or file.path.startswith(FILES)
            if not known and file.path != f"{ARTIFACTS}{file.sha256}":
                raise ValueError(f"it holds {file.path!r}, which no bundle does")
        if strays := {file for file in data if not file.startswith(DATA)}:
            raise ValueError(f"it calls {min(strays)!r} data")
        return self


class BundleSummary(Value):
    """One line of a list of bundles."""

    listed = ("bundle", "origin", "created", "created_by", "versions", "size", "notes")

    project: str
    bundle: Name
    origin: Origin = Field(description="made of this project, or imported into it")
    of_project: str = Field(description="the project that it was made of")
    notes: str = Field(default="", description="release notes")
    models: int = Field(description="saved models")
    versions: int = Field(description="versions of saved models that are in it with their files")
    datasets: int = Field(description="definitions of datasets")
    with_data: tuple[Name, ...] = Field(default=(), description="datasets whose data is in it")
    created: datetime = Field(description="when it was made or imported here")
    created_by: str
    size: int = Field(description="bytes of the .zip")
    digest: str = Field(description="sha256 of the .zip")
    signed_by: str | None = Field(default=None, description="id of the key; None: not signed")


class Bundle(BundleSummary):
    """A bundle: a project as it was when the bundle was made."""

    manifest: BundleManifest

    def summary(self) -> BundleSummary:
        """The same without what is in it."""
        return BundleSummary(**{name: getattr(self, name) for name in BundleSummary.model_fields})


class BundleArchive(Value):
    """A bundle that was fetched."""

    bundle: Name
    size: int = Field(description="bytes of the .zip")
    digest: str = Field(description="sha256 of the .zip")
    signed_by: str | None = Field(default=None, description="id of the key; None: not signed")


class BundleCheck(Value):
    """That a bundle is whole: every file of it was read, and every row."""

    bundle: Name
    of_project: str
    made_with: str
    files: int
    rows: int
    content: int = Field(description="bytes of its files, unpacked")
    size: int = Field(description="bytes of the .zip")
    digest: str = Field(description="sha256 of the .zip")
    signed_by: str | None = Field(default=None, description="id of the key; None: not signed")
    trusted: bool = Field(description="it was signed by a key that is trusted here")


class BundleChange(Value):
    """One thing in which two bundles differ."""

    listed: ClassVar[tuple[str, ...]] = ("kind", "name", "change", "field", "before", "after")

    kind: str = Field(description="what it is: saved model, version, dataset, recipe, ...")
    name: str
    change: ChangeKind
    field: str = Field(default="", description="that changed, with dots where it is inside others")
    before: Json = None
    after: Json = None


class BundleDiff(Value):
    """In what two bundles differ."""

    before: str = Field(description="the one bundle")
    after: str = Field(description="the other bundle")
    changes: tuple[BundleChange, ...]
    left_out: int = Field(default=0, description="further changes, of which there are too many")
