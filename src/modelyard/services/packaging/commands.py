"""What one can ask of packages of services."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import Field, StringConstraints, model_validator

from modelyard.kernel.command import ProjectCommand
from modelyard.kernel.paging import Paged
from modelyard.kernel.values import LocalPath, Name
from modelyard.services.packaging.types import (
    Package,
    PackageArchive,
    PackageCheck,
    PackageDiff,
    PackageSummary,
)

R = TypeVar("R")
Notes = Annotated[str, StringConstraints(max_length=10_000)]


class OfPackages(ProjectCommand[R], Generic[R]):
    """What is about packages of a service."""

    needs = "services:read"
    arguments: ClassVar[tuple[str, ...]] = ("service", "package")

    service: Name = Field(description="name of the service", examples=["churn-api"])


class OfPackage(OfPackages[R], Generic[R]):
    """What is about one package of a service."""

    package: Name = Field(description="id of the package", examples=["p1"])


class CreatePackage(OfPackages[Package]):
    """Pack a service as it is now: its endpoints, models, envs, tables and test queries.

    An endpoint without a version gets the one that is active now. A package never changes, whatever
    is deleted afterwards. It is signed if the setting packages.sign_key names a key.
    """

    needs = "services:write"
    route = "POST /services/{service}/packages"
    title = "Pack {service} {package}"
    background = True

    package: Name = Field(
        description="id of the package, unique inside the service", examples=["p1"]
    )
    notes: Notes = Field(default="", description="release notes, for people")

    def exclusive_key(self) -> str:
        """One package of an id at a time."""
        return f"package {self.project}/{self.service}/{self.package}"


class ListPackages(OfPackages[list[PackageSummary]], Paged):
    """List the packages of a service, the newest first."""

    route = "GET /services/{service}/packages"
    arguments: ClassVar[tuple[str, ...]] = ("service",)


class ShowPackage(OfPackage[Package]):
    """Show what is in a package."""

    route = "GET /services/{service}/packages/{package}"


class DownloadPackage(OfPackage[PackageArchive]):
    """Fetch a package as the .zip that API nodes import."""

    route = "GET /services/{service}/packages/{package}/archive"
    receives = "output"

    output: Annotated[str, LocalPath("write")] = Field(
        default="", description="file to write [SERVICE-PACKAGE.zip in this folder]"
    )
    replace: bool = Field(default=False, description="replace a file that is there")

    @model_validator(mode="before")
    @classmethod
    def _is_named(cls, given: Any) -> Any:
        if isinstance(given, dict) and not given.get("output"):
            return {**given, "output": f"{given.get('service')}-{given.get('package')}.zip"}
        return given


class VerifyPackage(OfPackage[PackageCheck]):
    """Check that a package is whole: every file is read, and compared with its digest."""

    needs = "services:write"
    route = "POST /services/{service}/packages/{package}/verify"
    title = "Verify {service} {package}"
    background = True


class DiffPackages(OfPackages[PackageDiff]):
    """Tell in what two packages of a service differ: endpoints, versions, envs, tables, queries."""

    route = "GET /services/{service}/packages/{before}/diff/{after}"
    arguments: ClassVar[tuple[str, ...]] = ("service", "before", "after")

    before: Name = Field(description="id of the one package", examples=["p1"])
    after: Name = Field(description="id of the other package", examples=["p2"])


class DeletePackage(OfPackage[None]):
    """Delete a package; API nodes that have it keep it."""

    needs = "services:write"
    route = "DELETE /services/{service}/packages/{package}"
    guarded = True
