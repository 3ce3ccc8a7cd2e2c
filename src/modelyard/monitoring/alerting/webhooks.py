"""Sending by HTTP: signed as Standard Webhooks says, or as incoming webhooks of Slack take it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx2

from modelyard import errors
from modelyard.kernel.version import __version__
from modelyard.monitoring.alerting.reach import addresses

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
) -> None:
    """Send JSON to a webhook; redirections are not followed, and its answer is not read.

    Raises:
        Forbidden: the webhook is where alerts may not call.
        Invalid: its address is none.
        Unavailable: it cannot be reached, takes too long, or does not take the message.
        Failed: it says that it is gone for good.
    """
    where = addresses(url, allowed)
    try:
        with ThreadPoolExecutor(1) as apart:  # a notebook has a loop of its own in this thread
            sending = _posted(url, where, body, headers, seconds)
            status = apart.submit(asyncio.run, sending).result()
    except TimeoutError:
        raise errors.Unavailable(f"it did not answer within {seconds:g} s") from None
    except httpx2.InvalidURL as exc:
        raise errors.Invalid(f"that is no address of a webhook: {exc}") from exc
    except httpx2.TransportError as exc:
        raise errors.Unavailable(f"it cannot be reached: {_said(exc)}") from exc
    if status == GONE:
        raise errors.Failed("it answered 410: the webhook is gone for good")
    if not 200 <= status < 300:
        raise errors.Unavailable(f"it answered {status}")


async def _posted(
    url: str, where: Sequence[str], body: bytes, headers: Mapping[str, str], seconds: float
) -> int:
    """The status of the answer, from the first address that can be connected to."""
    named = httpx2.URL(url)
    sent = {
        "content-type": "application/json",
        "user-agent": f"modelyard/{__version__}",
        "host": named.netloc.decode("ascii"),
        **headers,
    }
    # A proxy of the environment would look names up by itself; the whole takes `seconds` at most.
    async with asyncio.timeout(seconds), httpx2.AsyncClient(trust_env=False, timeout=None) as http:
        for place, address in enumerate(where):
            request = http.build_request(
                "POST",
                named.copy_with(host=address),
                content=body,
                headers=sent,
                extensions={"sni_hostname": named.host},
            )
            try:
                answer = await http.send(request, stream=True, follow_redirects=False)
            except httpx2.ConnectError:
                if place + 1 == len(where):
                    raise
                continue
            await answer.aclose()
            return answer.status_code
    raise httpx2.ConnectError("it has no address")


def _said(exc: Exception) -> str:
    return str(exc) or type(exc).__name__
