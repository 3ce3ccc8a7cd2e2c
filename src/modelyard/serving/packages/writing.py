"""Writing a package."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from modelyard.archives.signing import SigningKey
from modelyard.archives.types import ArchivedFile
from modelyard.archives.writing import NONE, Content, write_archive
from modelyard.serving.packages.types import Manifest, PackageContent


def write_package(
    target: Path,
    told: PackageContent,
    contents: Mapping[str, Content],
    *,
    digests: Mapping[str, str] = NONE,
    key: SigningKey | None = None,
) -> Manifest:
    """Write a package, and give back its manifest with the digests of all its files.

    Args:
        target: the file, which must not be there yet; where it fails, none is left.
        told: what is in the package.
        contents: every file by its path; a part of it is in memory at a time.
        digests: what the sha256 of some of the files has to be, by path.
        key: that signs it; None: nobody does.

    Raises:
        Invalid: a path is none that a package may hold.
        Failed: the disk is full, or a content cannot be read or has another digest.
    """

    def described(files: tuple[ArchivedFile, ...]) -> Manifest:
        return Manifest(**dict(told), files=files)

    return write_archive(target, "package", described, contents, digests=digests, key=key)
