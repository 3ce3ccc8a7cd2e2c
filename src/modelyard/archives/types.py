"""The words of archives: their files, and who signed them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from modelyard.kernel.values import DIGEST_PATTERN, Value

MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"


class ArchivedFile(Value):
    """One file of an archive."""

    path: str
    sha256: str = Field(pattern=DIGEST_PATTERN)
    size: int = Field(ge=0, description="bytes")


class Signature(Value):
    """What says that somebody with a certain key made an archive."""

    algorithm: Literal["ed25519"] = "ed25519"
    key: str = Field(pattern=r"^[0-9a-f]{16}$", description="id of the key")
    signature: str = Field(description="over the bytes of the manifest, base64")
