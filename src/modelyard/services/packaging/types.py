"""The words of packages on the design side."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from modelyard.kernel.values import Name, Value
from modelyard.serving.packages.types import Manifest

ChangedPart = Literal["service", "endpoint", "version", "env", "table", "test query"]


class PackageSummary(Value):
    """One line of a list of packages."""

    listed = ("package", "created", "created_by", "endpoints", "versions", "size", "notes")

    project: str
    service: Name
    package: Name = Field(description="its id; on an API node that of the generation")
    notes: str = Field(default="", description="release notes")
    endpoints: tuple[Name, ...]
    versions: tuple[str, ...] = Field(description="of saved models, as model:version")
    created: datetime
    created_by: str
    size: int = Field(description="bytes of the .zip")
    digest: str = Field(description="sha256 of the .zip")
    signed_by: str | None = Field(default=None, description="id of the key; None: not signed")


class Package(PackageSummary):
    """A package: a service as it was when the package was made, with all that it needs."""

    manifest: Manifest


class PackageArchive(Value):
    """A package that was fetched."""

    package: Name
    size: int = Field(description="bytes of the .zip")
    digest: str = Field(description="sha256 of the .zip")
    signed_by: str | None = Field(default=None, description="id of the key; None: not signed")


class PackageCheck(Value):
    """That a package is whole."""

    package: Name
    files: int
    content: int = Field(description="bytes of its files, unpacked")
    digest: str = Field(description="sha256 of the .zip")
    signed_by: str | None = Field(default=None, description="id of the key; None: not signed")


class PackageChange(Value):
    """One thing in which two packages differ."""

    listed = ("part", "name", "before", "after")

    part: ChangedPart
    name: str = Field(description="of the endpoint, model, env or table")
    before: str | None = Field(default=None, description="None: it was not there")
    after: str | None = Field(default=None, description="None: it is no longer there")


class PackageDiff(Value):
    """In what two packages of a service differ."""

    service: Name
    before: Name
    after: Name
    changes: tuple[PackageChange, ...]
