"""What can be done with the files of a project."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from modelyard.files.types import StoredFile
from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import LocalPath


class PutFile(ProjectCommand[StoredFile]):
    """Put a file among the project's files; it appears only when it is whole.

    Commands name it by its path there: over HTTP as it is, everywhere as files://PATH.
    """

    needs = "files:write"
    route = "PUT /files/{path}"
    guarded = True
    arguments = ("file", "path")
    sends = "file"

    file: Annotated[str, LocalPath("read")] = Field(
        description="the file", examples=["flights.csv"]
    )
    path: str = Field(
        default="",
        description="path among the project's files, such as data/flights.csv [its name]",
        examples=["data/flights.csv"],
    )
    replace: bool = Field(default=False, description="replace a file that is at this path")

    @model_validator(mode="before")
    @classmethod
    def _is_named(cls, given: Any) -> Any:
        if isinstance(given, dict) and isinstance(given.get("file"), str) and not given.get("path"):
            return {**given, "path": Path(given["file"]).name}
        return given


class ListFiles(Paged, ProjectCommand[list[StoredFile]]):
    """List the project's files, by path.

    What was sent for one command waits in the folder transit, which is listed if it is asked for.
    """

    needs = "files:read"
    route = "GET /files"
    arguments = ("folder",)

    folder: str = Field(default="", description="only files in this folder of the project's files")


class ShowFile(ProjectCommand[StoredFile]):
    """Show a file's size and the sha256 of its content."""

    needs = "files:read"
    route = "GET /files/{path}"
    arguments = ("path",)

    path: str = Field(
        min_length=1,
        description="path among the project's files",
        examples=["data/flights.csv"],
    )


class GetFile(ProjectCommand[StoredFile]):
    """Fetch a file of the project's."""

    needs = "files:read"
    route = "GET /files/{path}/content"
    arguments = ("path", "to")
    receives = "to"

    path: str = Field(
        min_length=1,
        description="path among the project's files",
        examples=["data/flights.csv"],
    )
    to: Annotated[str, LocalPath("write")] = Field(
        default="", description="file to write [its name, in this folder]"
    )
    replace: bool = Field(default=False, description="replace a file that is there")

    @model_validator(mode="before")
    @classmethod
    def _is_named(cls, given: Any) -> Any:
        if isinstance(given, dict) and isinstance(given.get("path"), str) and not given.get("to"):
            return {**given, "to": Path(given["path"]).name}
        return given


class DeleteFile(ProjectCommand[None]):
    """Delete a file of the project's, or a folder of them with --recursive."""

    needs = "files:write"
    route = "DELETE /files/{path}"
    guarded = True
    arguments = ("path",)

    path: str = Field(
        min_length=1,
        description="path among the project's files",
        examples=["data/flights.csv"],
    )
    recursive: bool = Field(default=False, description="a folder with all that is in it")
