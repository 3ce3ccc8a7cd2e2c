"""Doors that tokens open, one for each service; a token is verified once, until it expires."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

from modelyard.serving.tokens.keys import IssuerKeys
from modelyard.serving.tokens.types import TokenTrust
from modelyard.serving.tokens.verifying import Verified, names_key, verify

MOST_REMEMBERED = 10_000
VERIFIERS = ThreadPoolExecutor(2, "modelyard-tokens")


class Door:
    """Opens one service to whoever shows a token that it believes."""

    def __init__(self, service: str, trust: TokenTrust) -> None:
        self.trust = trust
        self.keys = IssuerKeys(trust)
        self._service = service
        self._remembered: dict[bytes, Verified] = {}
        self._version = 0

    def known(self, token: str) -> str | None:
        """Whom a token names that was verified before; None: it was not, or has expired."""
        self.keys.freshen()
        self._notice_new_keys()
        found = self._remembered.get(_digest(token))
        return found.caller if found and found.until > time.time() else None

    async def caller(self, token: str) -> str:
        """Whom a token names; it is verified in a thread.

        Raises:
            Unauthenticated: it cannot be believed.
            Forbidden: it is that of a caller who may not ask this service.
            Unavailable: no key of the issuer is known yet, and it does not answer.
        """
        key = await self.keys.find(*names_key(token, self.trust))
        version = self.keys.version
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(VERIFIERS, verify, token, key, self.trust, self._service)
        self._notice_new_keys()
        if version == self._version:
            if len(self._remembered) >= MOST_REMEMBERED:
                self._forget_some()
            self._remembered[_digest(token)] = found
        return found.caller

    def _notice_new_keys(self) -> None:
        """Forget what was verified by keys that may be gone."""
        if self._version != self.keys.version:
            self._version = self.keys.version
            self._remembered.clear()

    def _forget_some(self) -> None:
        """Forget those that have expired, else the half that was verified first."""
        now = time.time()
        left = {name: each for name, each in self._remembered.items() if each.until > now}
        if len(left) >= MOST_REMEMBERED:
            left = dict(list(left.items())[MOST_REMEMBERED // 2 :])
        self._remembered = left


class Doors:
    """The doors of a process's services."""

    def __init__(self) -> None:
        self._by_service: dict[str, Door] = {}

    def of(self, service: str, trust: TokenTrust) -> Door:
        """The door of a service; a new one if what it believes was changed."""
        door = self._by_service.get(service)
        if door is None or (door.trust is not trust and door.trust != trust):
            door = self._by_service[service] = Door(service, trust)
        return door


def _digest(token: str) -> bytes:
    """No token stays in memory longer than its query."""
    return sha256(token.encode()).digest()
