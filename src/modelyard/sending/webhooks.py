"""Sending by HTTP: signed as Standard Webhooks says, or as incoming webhooks of Slack take it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence

from modelyard import errors
from modelyard.sending.calling import call

SECRET_PREFIX = "whsec_"  # noqa: S105  what every secret begins with
SECRET_BYTES = 32
GONE = 410


def new_secret() -> str:
    """A secret for signing, as Standard Webhooks writes it."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed(secret: str, key: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers that tell the receiver who sent a body, and when.

    HMAC-SHA256 over "key.timestamp.body" (https://www.standardwebhooks.com).

    Args:
        secret: as `new_secret` gives it.
        key: of the message, the same each time that it is sent.
        timestamp: seconds since 1970.
        body: what is sent.
    """
    known = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    digest = hmac.digest(known, f"{key}.{timestamp}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": key,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    allowed: Sequence[str],
    seconds: float,
    most: int = 0,
) -> bytes:
    """Send JSON to a webhook; redirections are not followed. Gives at most so many bytes of answer.

    Raises:
        Forbidden: the webhook is where alerts may not call.
        Invalid: its address is none.
        Unavailable: it cannot be reached, takes too long, or does not take the message.
        Failed: it says that it is gone for good, or more than is read.
    """
    sent = {"content-type": "application/json", **headers}
    answer = call(
        "POST",
        url,
        headers=sent,
        allowed=allowed,
        setting="alerts.webhooks",
        seconds=seconds,
        content=body,
        most=most,
    )
    if answer.status == GONE:
        raise errors.Failed("it answered 410: the webhook is gone for good")
    if not 200 <= answer.status < 300:
        raise errors.Unavailable(f"it answered {answer.status}")
    return answer.body
