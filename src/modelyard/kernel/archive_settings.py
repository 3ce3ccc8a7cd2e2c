"""Settings of archives: what they may hold, who signs them, whose are taken."""

from __future__ import annotations

from pydantic import Field

from modelyard.kernel.sections import Section


class ArchiveSettings(Section):
    """How much an archive may unpack to."""

    max_files: int = Field(default=20_000, ge=1, description="files in one archive")
    max_mb: int = Field(default=51_200, ge=1, description="all files together, MiB")
    max_ratio: int = Field(
        default=200,
        ge=2,
        description="how much larger than itself an archive may unpack, beyond its first 100 MiB",
    )


class PackageSettings(Section):
    """How packages of services, and bundles, are made."""

    sign_key: str = Field(
        default="",
        description="file with the secret Ed25519 key (PEM) that signs new packages and bundles; "
        "empty: they are not signed",
    )


class BundleSettings(Section):
    """Which bundles of projects are taken."""

    trusted_keys: tuple[str, ...] = Field(
        default=(),
        description="files with the public keys (Ed25519, PEM) of those whose bundles are trusted",
    )
    signed_only: bool = Field(
        default=False, description="take only bundles that a trusted key signed"
    )
