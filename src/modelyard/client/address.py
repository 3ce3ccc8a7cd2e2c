"""Which server a client speaks to, as whom, and how patiently."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from modelyard import errors

URL = "MODELYARD_URL"
API_KEY = "MODELYARD_API_KEY"
CA_FILE = "MODELYARD_CA_FILE"
EXAMPLE = "such as https://modelyard.example.org or http://127.0.0.1:8470"


@dataclass(frozen=True)
class Address:
    """A server, the key that is shown to it, and how long it may take.

    `timeout` is how many seconds it may be silent within an answer, `patience` for how many a
    request is sent again while the server is away or busy. `acting_as` is the user whom the key is
    to act for; empty: its own.
    """

    url: str
    api_key: str | None
    ca_file: str | None
    timeout: float
    patience: float
    acting_as: str = ""

    def __repr__(self) -> str:
        return f"Address({self.url!r})"


def address_of(
    url: str | None,
    api_key: str | None,
    *,
    ca_file: str | Path | None,
    timeout: float,
    patience: float,
) -> Address:
    """The address from what was given, else from the environment.

    Raises:
        Invalid: no server is named, or this is no address of one.
    """
    chosen = (url or os.environ.get(URL) or "").strip()
    if not chosen:
        raise errors.Invalid(f"no server is named; give its URL, or set {URL}, {EXAMPLE}")
    try:
        parts = urlsplit(chosen)
        named = parts.hostname and parts.port != 0
    except ValueError as exc:
        raise errors.Invalid(f"{chosen!r} is no URL of a server: {exc}") from exc
    if parts.scheme not in ("http", "https") or not named:
        raise errors.Invalid(f"{chosen!r} is no URL of a server; write one {EXAMPLE}")
    if parts.username or parts.password:
        raise errors.Invalid(
            f"the URL of the server holds a user or password; take them out and set {API_KEY}"
        )
    if parts.query or parts.fragment:
        raise errors.Invalid(f"{chosen!r} has more than an address and a path; leave the rest out")
    key = (api_key if api_key is not None else os.environ.get(API_KEY, "")).strip()
    if not key.isascii() or not key.isprintable():
        raise errors.Invalid("the API key holds letters that no key has; copy it once more")
    ca = ca_file or os.environ.get(CA_FILE) or None
    path = parts.path.rstrip("/").removesuffix("/api/v1")
    server = f"{parts.scheme}://{parts.netloc}{path}"
    return Address(server, key or None, str(ca) if ca else None, timeout, patience)
