"""Signatures of archives: who made one, shown by an Ed25519 key.

Keys are files in PEM, as `openssl genpkey -algorithm ed25519` makes them and `openssl pkey -pubout`
takes the public half of. The library that knows them is loaded when there is a key: it takes ten
megabytes, and most nodes have none.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from modelyard import errors
from modelyard.archives.types import Signature
from modelyard.kernel.settings import Settings

HOW = "make one by: openssl genpkey -algorithm ed25519 -out key.pem"
LONGEST_KEY = 100_000


class SecretHalf(Protocol):
    """An Ed25519 key that signs."""

    def sign(self, data: bytes) -> bytes:
        """The signature over some bytes."""
        ...

    def public_key(self) -> PublicHalf:
        """Its other half."""
        ...


class PublicHalf(Protocol):
    """An Ed25519 key that shows who signed."""

    def verify(self, signature: bytes, data: bytes) -> None:
        """Raise InvalidSignature if it is not that of its other half."""
        ...

    def public_bytes_raw(self) -> bytes:
        """Its 32 bytes."""
        ...


@dataclass(frozen=True)
class SigningKey:
    """The secret half of a key."""

    id: str
    private: SecretHalf

    @property
    def public(self) -> str:
        """The 32 bytes of its public half, base64."""
        return base64.b64encode(self.private.public_key().public_bytes_raw()).decode()

    def sign(self, manifest: bytes) -> Signature:
        """The signature over the bytes of a manifest."""
        made = base64.b64encode(self.private.sign(manifest)).decode()
        return Signature(key=self.id, signature=made)


@dataclass(frozen=True)
class TrustedKeys:
    """The public halves of keys whose archives are taken, by id.

    With `insist`, no others are; without it, those that are not signed are taken, too.
    """

    keys: dict[str, PublicHalf]
    insist: bool = False

    def check(self, manifest: bytes, signature: Signature | None) -> None:
        """Refuse an archive that nobody signed who is trusted.

        Where no key is trusted and none insisted on, every archive is taken: nothing can be told
        of a signature then.

        Raises:
            Blocked: it is not signed, though it has to be; or by a key that is not trusted.
            Invalid: the signature is not that of this archive.
        """
        if signature is None:
            if self.insist:
                raise errors.Blocked("it is not signed, and only what is signed is taken here")
            return
        if not self.keys and not self.insist:
            return
        key = self.keys.get(signature.key)
        if key is None:
            known = ", ".join(sorted(self.keys)) or "none"
            raise errors.Blocked(
                f"it is signed by the key {signature.key}, which is not trusted here; "
                f"those that are: {known}"
            )
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415

        try:
            key.verify(base64.b64decode(signature.signature, validate=True), manifest)
        except (InvalidSignature, binascii.Error, ValueError) as exc:
            raise errors.Invalid(
                f"its signature is not the one that the key {signature.key} makes of it: "
                "it was changed after it was signed"
            ) from exc


ANYBODY = TrustedKeys({})


def signing_key(file: Path) -> SigningKey:
    """Read the secret half of a key.

    Raises:
        NotFound: there is no such file.
        Invalid: it holds no Ed25519 key, or one with a password.
    """
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        found = load_pem_private_key(_text(file), password=None)
    except TypeError as exc:
        raise errors.Invalid(
            f"the key in {file} has a password, which nobody is asked for; take it off by: "
            "openssl pkey -in KEY -out key.pem"
        ) from exc
    except ValueError as exc:
        raise errors.Invalid(f"{file} holds no secret key in PEM; {HOW}") from exc
    if not isinstance(found, ed25519.Ed25519PrivateKey):
        raise errors.Invalid(f"the key in {file} is of another kind than Ed25519; {HOW}")
    return SigningKey(key_id(found.public_key()), found)


def workspace_key(settings: Settings) -> SigningKey | None:
    """The key that signs what a workspace makes; None: nothing is signed; errors as above."""
    file = settings.packages.sign_key
    return signing_key(Path(file)) if file else None


def trusted_keys(files: Iterable[Path], *, insist: bool = False) -> TrustedKeys:
    """Read the public halves of keys; errors as in `signing_key`."""
    found = (public_key(_text(file), str(file)) for file in files)
    return TrustedKeys({key_id(key): key for key in found}, insist)


def public_key(pem: bytes, name: str) -> PublicHalf:
    """The public half of a key; `name` is what messages call it.

    Raises:
        Invalid: it is none, or of another kind than Ed25519.
    """
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    try:
        found = load_pem_public_key(pem)
    except ValueError as exc:
        raise errors.Invalid(
            f"{name} holds no public key in PEM; take it of the secret one by: "
            "openssl pkey -in key.pem -pubout -out key.pub.pem"
        ) from exc
    if not isinstance(found, ed25519.Ed25519PublicKey):
        raise errors.Invalid(f"the key in {name} is of another kind than Ed25519; {HOW}")
    return found


def told_key(text: str) -> PublicHalf:
    """The public half of a key that an archive itself tells, as `SigningKey.public` does.

    Raises:
        Invalid: it is none.
    """
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415

    try:
        return ed25519.Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError) as exc:
        raise errors.Invalid("the public key that it tells is none") from exc


def key_id(key: PublicHalf) -> str:
    """What a key is called: the first 16 hex digits of the sha256 of its 32 bytes."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def signature_in(text: bytes) -> Signature:
    """Read a signature; Invalid if it cannot be read."""
    try:
        return Signature.model_validate_json(text)
    except ValidationError as exc:
        raise errors.Invalid("its signature cannot be read") from exc


def _text(file: Path) -> bytes:
    try:
        with file.open("rb") as source:
            return source.read(LONGEST_KEY)
    except FileNotFoundError as exc:
        raise errors.NotFound(f"there is no file {file}") from exc
    except OSError as exc:
        raise errors.Invalid(f"{file} cannot be read: {exc.strerror or exc}") from exc
