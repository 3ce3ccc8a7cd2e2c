"""Keys of a node: those with which services are asked, and those with which it is administered.

Only their hashes are kept. A secret holds 256 random bits, so a plain SHA-256 does.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from modelyard import errors
from modelyard.kernel.faults import invalid
from modelyard.kernel.values import Description, Name, OneLine, Value, now
from modelyard.serving.durable import write_whole

PREFIX = "mdn"


class NodeKey(Value):
    """A key: of a service or one of its endpoints, or of an administrator."""

    listed = ("id", "kind", "service", "endpoint", "label", "read_only", "created", "expires")

    id: str
    kind: Literal["service", "admin"]
    service: Name | None = Field(default=None, description="the service that it opens")
    endpoint: Name | None = Field(default=None, description="the only endpoint of it that it opens")
    read_only: bool = Field(default=False, description="admin: it looks, and changes nothing")
    label: OneLine = ""
    description: Description = ""
    created: datetime
    created_by: str = ""
    expires: datetime | None = None


class NewNodeKey(NodeKey):
    """A key that was just made; its secret is told here and nowhere else."""

    secret: str


class KeptKey(NodeKey):
    """A key as it is kept."""

    sha256: str


class KeptKeys(Value):
    """The file of keys."""

    keys: tuple[KeptKey, ...] = ()


class KeyRing:
    """The keys of a node, read anew whenever their file is another one."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: tuple[int, int] | None = None
        self._by_hash: dict[str, KeptKey] = {}

    def all(self) -> tuple[KeptKey, ...]:
        """Every key, the oldest first.

        Raises:
            Failed: the file cannot be read.
        """
        try:
            found = self._file.stat()
        except FileNotFoundError:
            self._seen, self._by_hash = None, {}
            return ()
        if self._seen != (found.st_ino, found.st_mtime_ns):
            try:
                kept = KeptKeys.model_validate_json(self._file.read_bytes())
            except ValidationError as exc:
                raise errors.Failed(f"{self._file}: {invalid(exc).detail}") from None
            self._by_hash = {key.sha256: key for key in kept.keys}
            self._seen = (found.st_ino, found.st_mtime_ns)
        return tuple(self._by_hash.values())

    def admin(self, secret: str) -> NodeKey:
        """The admin key with this secret.

        Raises:
            Unauthenticated: there is none, or it has expired.
        """
        key = self._valid(secret)
        if key is None or key.kind != "admin":
            raise errors.Unauthenticated(
                "this takes an admin key of the node, sent as Basic user name or Bearer; "
                "make one: modelyard node keys create"
            )
        return key

    def opener(self, secret: str, service: str, endpoint: str) -> NodeKey:
        """The key with this secret, which opens an endpoint.

        Raises:
            Unauthenticated: there is none, or it has expired.
            Forbidden: it opens another service or endpoint.
        """
        key = self._valid(secret)
        if key is None or key.kind != "service":
            raise errors.Unauthenticated(
                f"{service} takes a key, sent as Basic user name or Bearer; whoever administers "
                f"the node makes one: modelyard node keys create --service {service}"
            )
        if key.service != service or key.endpoint not in (None, endpoint):
            raise errors.Forbidden(
                f"the key {key.id} does not open {service}/{endpoint}", key=key.id
            )
        return key

    def _valid(self, secret: str) -> KeptKey | None:
        self.all()
        key = self._by_hash.get(_hash(secret))
        return None if key is None or (key.expires and key.expires <= now()) else key

    # The caller holds the lock of `keys` for these.

    def add(self, key: NodeKey) -> NewNodeKey:
        """Keep a key under a new secret, which is in the answer."""
        secret = f"{PREFIX}_{key.id}_{secrets.token_urlsafe(32)}"
        kept = KeptKey(**key.model_dump(), sha256=_hash(secret))
        self._write((*self.all(), kept))
        return NewNodeKey(**key.model_dump(), secret=secret)

    def remove(self, id_: str) -> NodeKey:
        """Forget a key, by its id or its secret; NotFound if there is none."""
        found = next((key for key in self.all() if id_ == key.id or _hash(id_) == key.sha256), None)
        if found is None:
            known = [key.id for key in self.all()]
            shown = "***" if id_.startswith(f"{PREFIX}_") else id_
            raise errors.NotFound.among("key", shown, known)
        self._write(tuple(key for key in self.all() if key.id != found.id))
        return found

    def _write(self, keys: tuple[KeptKey, ...]) -> None:
        text = KeptKeys(keys=keys).model_dump_json(indent=2)
        write_whole(self._file, text.encode(), mode=0o600)


def new_key_id() -> str:
    """An id for a new key."""
    return secrets.token_hex(6)


def without_hash(key: NodeKey) -> NodeKey:
    """A key as it may be told."""
    return NodeKey(**key.model_dump(include=set(NodeKey.model_fields)))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
