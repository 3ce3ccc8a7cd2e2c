"""The public keys of an issuer: fetched, held, and fetched again for a token that names a new one.

Nothing here waits for the issuer in the event loop, and an issuer that is away takes no key away.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key

from modelyard import errors
from modelyard.serving.tokens.types import TokenTrust

LOG = logging.getLogger("modelyard.node.auth")
LARGEST = 1 << 20
"""Bytes of a set of keys."""
SHORTEST_RSA = 342
"""Letters of a modulus of 2,048 bits; keys that are shorter sign nothing that can be believed."""
FILE_EVERY = 2.0
"""Seconds after which a file is read again."""
AGAIN_AFTER = 10.0
"""Seconds after which an issuer is asked again that did not answer."""
NEW_KEY_AFTER = 30.0
"""Seconds between two looks for keys that tokens name and nobody knows."""
NEVER = float("-inf")
READERS = ThreadPoolExecutor(4, "modelyard-issuers")

Clock = Callable[[], float]


class IssuerKeys:
    """The keys of one issuer, in one event loop; `version` counts the sets that were seen."""

    def __init__(self, trust: TokenTrust, clock: Clock = time.monotonic) -> None:
        self.version = 0
        self._trust = trust
        self._clock = clock
        self._every = FILE_EVERY if trust.jwks_file else 60 * trust.refresh_minutes
        self._between = FILE_EVERY if trust.jwks_file else NEW_KEY_AFTER
        self._keys: tuple[Key, ...] = ()
        self._text = b""
        self._read_at = self._tried_at = NEVER
        self._problem = ""
        self._reading: asyncio.Future[None] | None = None

    async def find(self, id_: str | None, algorithm: str) -> Key:
        """The key that a token names.

        Raises:
            Unauthenticated: there is none.
            Unavailable: no key is known yet, since the issuer does not answer.
        """
        if not self._keys:
            await self._first()
        self.freshen()
        found = named(self._keys, id_, algorithm)
        if found is None and self._clock() - self._tried_at >= self._between:
            await asyncio.shield(self._read())
            found = named(self._keys, id_, algorithm)
        if found is None:
            raise errors.Unauthenticated(unknown(self._trust, id_, algorithm))
        return found

    def freshen(self) -> None:
        """Have the keys fetched again if it is time; nobody waits for it."""
        now = self._clock()
        if now - self._read_at >= self._every and now - self._tried_at >= AGAIN_AFTER:
            self._read()

    async def _first(self) -> None:
        if self._reading is not None or self._clock() - self._tried_at >= AGAIN_AFTER:
            await asyncio.shield(self._read())
        if not self._keys:
            raise errors.Unavailable(
                f"no token can be checked now: {self._problem}", retry_after=AGAIN_AFTER
            )

    def _read(self) -> asyncio.Future[None]:
        """Read them in a thread; whoever comes meanwhile waits for the same."""
        if self._reading is None:
            self._reading = asyncio.ensure_future(self._read_now())
        return self._reading

    async def _read_now(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            text = await loop.run_in_executor(READERS, read_text, self._trust)
            if text != self._text:
                self._keys, self._text = keys_in(text, self._trust), text
                self.version += 1
            self._read_at, self._problem = self._clock(), ""
        except errors.ModelyardError as exc:
            if exc.detail != self._problem:
                known = "; those that are known hold on" if self._keys else ""
                LOG.warning("%s%s", exc.detail, known)
            self._problem = exc.detail
        finally:
            self._tried_at = self._clock()
            self._reading = None


def unknown(trust: TokenTrust, id_: str | None, algorithm: str) -> str:
    """That an issuer has no such key."""
    if id_ is None:
        return f"the token names no key, and {trust.issuer} has not exactly one for {algorithm}"
    return (
        f"{trust.issuer} has no key {id_[:100]!r} for {algorithm}, with which the token is signed"
    )


def named(keys: Sequence[Key], id_: str | None, algorithm: str) -> Key | None:
    """The key that a token names; without an id the only one that it could be."""
    kind = "EC" if algorithm.startswith("ES") else "RSA"
    fitting = [key for key in keys if key.key_type == kind and key.alg in (None, algorithm)]
    if id_ is None:
        return fitting[0] if len(fitting) == 1 else None
    return next((key for key in fitting if key.kid == id_), None)


def read_text(trust: TokenTrust) -> bytes:
    """The set of keys as it is written; this blocks.

    Raises:
        Unavailable: the issuer does not answer, or the file cannot be read.
    """
    place = trust.jwks or trust.jwks_file
    try:
        if trust.jwks_file:
            with Path(trust.jwks_file).open("rb") as file:
                text = file.read(LARGEST + 1)
        else:
            text = _fetched(trust)
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as exc:
        said = str(exc).strip() or type(exc).__name__
        raise errors.Unavailable(
            f"the keys of {trust.issuer} cannot be read from {place}: {said}"
        ) from exc
    if len(text) > LARGEST:
        raise errors.Unavailable(f"{place} holds more than {LARGEST >> 20} MiB, so it is no JWKS")
    return text


def _fetched(trust: TokenTrust) -> bytes:
    """Fetch the keys, all of them within the time."""
    until, text = time.monotonic() + trust.timeout, b""
    with (
        httpx2.Client(timeout=trust.timeout) as http,
        http.stream("GET", trust.jwks, headers={"accept": "application/json"}) as answer,
    ):
        if answer.status_code != httpx2.codes.OK:
            raise errors.Unavailable(
                f"the keys of {trust.issuer} cannot be read from {trust.jwks}: it answers "
                f"{answer.status_code}"
            )
        for part in answer.iter_bytes():
            text += part
            if len(text) > LARGEST:
                break
            if time.monotonic() > until:
                raise httpx2.ReadTimeout(f"it took longer than {trust.timeout:g} seconds")
    return text


def keys_in(text: bytes, trust: TokenTrust) -> tuple[Key, ...]:
    """The keys of a set that check signatures of RSA and elliptic curves; others are passed over.

    Raises:
        Unavailable: it is no set of keys, or holds none of these.
    """
    place = trust.jwks or trust.jwks_file
    try:
        told = json.loads(text)["keys"]
        found = tuple(key for key in map(_key, told) if key is not None)
    except (ValueError, KeyError, TypeError, RecursionError) as exc:
        raise errors.Unavailable(
            f"what {place} holds is no set of keys (JWKS); look whether it is the right address"
        ) from exc
    if not found:
        raise errors.Unavailable(
            f"{place} holds no key that checks signatures of {', '.join(trust.algorithm)}"
        )
    return found


def _key(told: object) -> Key | None:
    if not isinstance(told, dict) or told.get("use", "sig") != "sig":
        return None
    if "verify" not in told.get("key_ops", ["verify"]) or told.get("kty") not in ("RSA", "EC"):
        return None
    if told["kty"] == "RSA" and len(str(told.get("n", ""))) < SHORTEST_RSA:
        return None
    try:
        return import_key(told)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
