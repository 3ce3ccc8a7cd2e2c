"""What one can ask of bundles."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import Field, StringConstraints, model_validator

from modelyard.deployments.bundling.types import (
    Bundle,
    BundleArchive,
    BundleCheck,
    BundleDiff,
    BundleSummary,
)
from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import LocalPath, Name

R = TypeVar("R")
Notes = Annotated[str, StringConstraints(max_length=10_000)]
CHOICE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,126}(:[A-Za-z0-9][A-Za-z0-9._-]{0,126})?$"
Choice = Annotated[str, StringConstraints(pattern=CHOICE_PATTERN)]


class OfBundles(ProjectCommand[R], Generic[R]):
    """What is about bundles of a project."""

    needs = "bundles:read"
    arguments: ClassVar[tuple[str, ...]] = ("bundle",)


class OfBundle(OfBundles[R], Generic[R]):
    """What is about one bundle of a project."""

    bundle: Name = Field(description="id of the bundle", examples=["b1"])


class CreateBundle(OfBundles[BundleSummary]):
    """Put a project as it is now into one file that never changes.

    In it are its description, variables, datasets' definitions, saved models, recipes, stores with
    their checks, comparisons, scenarios and services; of versions, evaluations and data what is
    chosen. Evaluations in no store come along with their version. Connections are named, not
    held, and so is nothing secret. The same state makes the same bytes. It is signed if the setting
    packages.sign_key names a key.
    """

    needs = "bundles:write"
    route = "POST /bundles"
    title = "Bundle {bundle}"
    background = True

    bundle: Name = Field(description="id of the bundle, unique in the project", examples=["b1"])
    models: tuple[Choice, ...] = Field(
        default=("active",),
        min_length=1,
        description="versions that it holds: 'all', those that are 'active', 'none', or MODEL (all "
        "of its versions) and MODEL:VERSION",
    )
    stores: tuple[Name, ...] = Field(
        default=("none",),
        min_length=1,
        description="stores whose evaluations it holds: 'all', 'none', or names",
    )
    data: tuple[Name, ...] = Field(default=(), description="datasets whose data it holds")
    files: tuple[str, ...] = Field(
        default=(), description="files and folders of the project's files that it holds"
    )
    notes: Notes = Field(default="", description="release notes, for people")
    output: Annotated[str, LocalPath("write")] = Field(
        default="", description="file to write a copy to, a zip archive"
    )
    replace: bool = Field(default=False, description="replace a file that is there")

    def exclusive_key(self) -> str:
        """One bundle of an id at a time."""
        return f"bundle {self.project}/{self.bundle}"


class ListBundles(OfBundles[list[BundleSummary]], Paged):
    """List the bundles of a project, the newest first."""

    route = "GET /bundles"
    arguments: ClassVar[tuple[str, ...]] = ()


class ShowBundle(OfBundle[Bundle]):
    """Show what is in a bundle."""

    route = "GET /bundles/{bundle}"


class DownloadBundle(OfBundle[BundleArchive]):
    """Fetch a bundle as the .zip that automation nodes import."""

    route = "GET /bundles/{bundle}/archive"
    receives = "output"

    output: Annotated[str, LocalPath("write")] = Field(
        default="", description="file to write [BUNDLE.zip in this folder]"
    )
    replace: bool = Field(default=False, description="replace a file that is there")

    @model_validator(mode="before")
    @classmethod
    def _is_named(cls, given: Any) -> Any:
        if isinstance(given, dict) and not given.get("output"):
            return {**given, "output": f"{given.get('bundle')}.zip"}
        return given


class VerifyBundle(OfBundles[BundleCheck]):
    """Check that a bundle is whole: every file and row is read, the signature compared.

    Nothing but the file is needed, and the settings bundles.trusted_keys and bundles.signed_only.
    """

    needs = "bundles:write"
    route = "POST /bundles/verify"
    title = "Verify {file}"
    background = True
    arguments: ClassVar[tuple[str, ...]] = ("file",)

    file: Annotated[str, LocalPath("read")] = Field(
        description="the .zip; or the id of a bundle that the project has", examples=["b1.zip"]
    )


class DiffBundles(OfBundles[BundleDiff]):
    """Tell in what two bundles differ, field by field; and by which metrics active versions do."""

    route = "GET /bundles/{before}/diff/{after}"
    arguments: ClassVar[tuple[str, ...]] = ("before", "after")

    before: Name = Field(description="id of the one bundle", examples=["b1"])
    after: Name = Field(description="id of the other bundle", examples=["b2"])


class DeleteBundle(OfBundle[None]):
    """Delete a bundle; what was made of it stays."""

    needs = "bundles:write"
    route = "DELETE /bundles/{bundle}"
    guarded = True
