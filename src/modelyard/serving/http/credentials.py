"""The key that a request shows."""

from __future__ import annotations

import base64
import binascii

from modelyard import errors
from modelyard.serving.http.requests import Request

TICKET = b"x-dku-apiticket"


def key_in(request: Request) -> str | None:
    """The key that a request shows, if it shows one.

    It is the user of Basic with an empty password (or the password of a user that has none), a
    Bearer token, or in the header `X-DKU-APITicket`.

    Raises:
        Unauthenticated: the header cannot be read.
    """
    given = request.headers.get(b"authorization")
    if given is None:
        ticket = request.headers.get(TICKET)
        return ticket.decode("latin-1").strip() or None if ticket else None
    scheme, _, rest = given.decode("latin-1").strip().partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip() or None
    if scheme.lower() == "basic":
        return _basic(rest.strip())
    raise errors.Unauthenticated(
        f"Authorization is Basic, with the key as user and no password, or Bearer; not {scheme!r}"
    )


def _basic(encoded: str) -> str | None:
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise errors.Unauthenticated("what Authorization holds is not Basic") from None
    user, _, password = text.partition(":")
    return user or password or None
