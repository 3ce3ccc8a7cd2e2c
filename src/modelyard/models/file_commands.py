"""What one can ask of a version's files."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Any, Generic, TypeVar

from pydantic import Field, model_validator

from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.values import LocalPath, Name
from modelyard.models.types import StoredFile, VersionArchive, VersionFileText, VersionId

R = TypeVar("R")


class FileRequest(ProjectCommand[R], Generic[R]):
    """What names one file of a version."""

    model: Name = Field(description="name of the saved model")
    version: VersionId = Field(description="id of the version")
    path: str = Field(
        min_length=1,
        description="what the version calls it, such as code/prepare.py",
        examples=["MLmodel"],
    )


class ReadVersionFile(FileRequest[VersionFileText]):
    """Show the beginning of a version's file as text: its MLmodel, what it requires, its code."""

    needs = "models:read"
    route = "GET /models/{model}/versions/{version}/files/{path}"
    arguments = ("model", "version", "path")


class GetVersionFile(FileRequest[StoredFile]):
    """Fetch one file of a version."""

    needs = "models:read"
    route = "GET /models/{model}/versions/{version}/files/{path}/content"
    arguments = ("model", "version", "path", "to")
    receives = "to"

    to: Annotated[str, LocalPath("write")] = Field(
        default="", description="file to write [its name, in this folder]"
    )
    replace: bool = Field(default=False, description="replace a file that is there")

    @model_validator(mode="before")
    @classmethod
    def _is_named(cls, given: Any) -> Any:
        if isinstance(given, dict) and isinstance(given.get("path"), str) and not given.get("to"):
            return {**given, "to": PurePosixPath(given["path"]).name}
        return given


class DownloadVersion(ProjectCommand[VersionArchive]):
    """Fetch a version as one .zip, an MLflow model; what is very large, better export it."""

    needs = "models:read"
    route = "GET /models/{model}/versions/{version}/archive"
    arguments = ("model", "version", "to")
    receives = "to"

    model: Name = Field(description="name of the saved model")
    version: VersionId = Field(description="id of the version")
    to: Annotated[str, LocalPath("write")] = Field(
        default="", description="file to write [MODEL-VERSION.zip in this folder]"
    )
    replace: bool = Field(default=False, description="replace a file that is there")

    @model_validator(mode="before")
    @classmethod
    def _is_named(cls, given: Any) -> Any:
        if isinstance(given, dict) and not given.get("to"):
            return {**given, "to": f"{given.get('model')}-{given.get('version')}.zip"}
        return given
