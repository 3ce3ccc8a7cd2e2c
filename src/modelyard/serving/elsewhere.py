"""Addresses and certificates of nodes that are elsewhere, as people give them."""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from modelyard import errors
from modelyard.serving.durable import write_whole


def address_of(url: str, own_path: str) -> str:
    """The address of a node without the path of its own that whoever copies it may take along.

    Raises:
        Invalid: it is none.
    """
    try:
        parts = urlsplit(url)
        named = parts.hostname and parts.port != 0
    except ValueError as exc:
        raise errors.Invalid(f"{url!r} is no address of a node: {exc}", field="address") from exc
    if not named:
        raise errors.Invalid(f"{url!r} names no host", field="address")
    if parts.username or parts.password:
        raise errors.Invalid("the URL holds a user or password; give --key", field="address")
    if parts.query or parts.fragment:
        raise errors.Invalid(f"{url!r} has more than an address and a path", field="address")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix(own_path)}"


def require_certificates(ca: str) -> str:
    """Certificates that are ones, or none; Invalid if they are not."""
    if ca.strip():
        try:
            ssl.create_default_context(cadata=ca)
        except (ssl.SSLError, ValueError, TypeError) as exc:
            raise errors.Invalid(
                "these are no certificates in PEM; give the text of the file that begins with "
                "-----BEGIN CERTIFICATE-----",
                field="ca",
            ) from exc
    return ca.strip()


def authorities_in(folder: Path, ca: str) -> str | None:
    """A file in a folder with the certificates believed of a node; None: the usual ones."""
    if not ca:
        return None
    file = folder / f"{hashlib.sha256(ca.encode()).hexdigest()}.pem"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, ca.encode())
    return str(file)
