"""The words of project files."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from modelyard.kernel.values import Value


class StoredFile(Value):
    """A file of a project."""

    listed: ClassVar[tuple[str, ...]] = ("path", "size", "modified")

    project: str
    path: str = Field(description="where it is among the project's files, with /")
    size: int = Field(description="bytes")
    modified: datetime
    sha256: str | None = Field(
        default=None, description="of its content; not told in lists, nor of large files fetched"
    )
