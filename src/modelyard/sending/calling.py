"""Calls what projects name, over HTTP: at the addresses that were judged, and in time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx2

from modelyard import errors
from modelyard.kernel.version import __version__
from modelyard.sending.reach import addresses


@dataclass(frozen=True)
class Called:
    """What was answered."""

    status: int
    body: bytes = b""


def call(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    allowed: Sequence[str],
    setting: str,
    seconds: float,
    content: bytes = b"",
    most: int = 0,
) -> Called:
    """Send a request; redirections are not followed, and proxies of the environment not used.

    Args:
        method: of HTTP.
        url: begins with http:// or https://.
        headers: beside those that say who asks.
        allowed: hosts that may be called, as the setting says.
        setting: what that setting is called.
        seconds: that the whole may take.
        content: what is sent.
        most: bytes of the answer that are read; 0: it is not read.

    Raises:
        Forbidden: it is where nothing may be called.
        Invalid: the address is none.
        Unavailable: it cannot be reached, or takes too long.
        Failed: it answers with more than is read.
    """
    where = addresses(url, allowed, setting)
    try:
        with ThreadPoolExecutor(1) as apart:  # a notebook has a loop of its own in this thread
            sending = _sent(method, url, where, headers, content, seconds, most)
            return apart.submit(asyncio.run, sending).result()
    except TimeoutError:
        raise errors.Unavailable(f"it did not answer within {seconds:g} s") from None
    except httpx2.InvalidURL as exc:
        raise errors.Invalid(f"that is no address: {exc}") from exc
    except httpx2.TransportError as exc:
        raise errors.Unavailable(f"it cannot be reached: {_said(exc)}") from exc


async def _sent(
    method: str,
    url: str,
    where: Sequence[str],
    headers: Mapping[str, str],
    content: bytes,
    seconds: float,
    most: int,
) -> Called:
    """The answer from the first address that can be connected to."""
    named = httpx2.URL(url)
    sent = {
        "user-agent": f"modelyard/{__version__}",
        "host": named.netloc.decode("ascii"),
        **headers,
    }
    # A proxy of the environment would look names up by itself; the whole takes `seconds` at most.
    async with asyncio.timeout(seconds), httpx2.AsyncClient(trust_env=False, timeout=None) as http:
        for place, address in enumerate(where):
            request = http.build_request(
                method,
                named.copy_with(host=address),
                content=content,
                headers=sent,
                extensions={"sni_hostname": named.host},
            )
            try:
                answer = await http.send(request, stream=True, follow_redirects=False)
            except httpx2.ConnectError:
                if place + 1 == len(where):
                    raise
                continue
            body = await _read(answer, most)
            await answer.aclose()
            return Called(answer.status_code, body)
    raise httpx2.ConnectError("it has no address")


async def _read(answer: httpx2.Response, most: int) -> bytes:
    body = b""
    if most:
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > most:
                raise errors.Failed(f"it answered with more than {most >> 20} MiB")
    return body


def _said(exc: Exception) -> str:
    return str(exc) or type(exc).__name__
