"""A generation in memory: its endpoints, and how many queries it is answering."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from modelyard import errors
from modelyard.serving.asking import LoadedEndpoint
from modelyard.serving.packages.types import Manifest


class Loaded:
    """A generation that is ready to answer; all of it happens in one event loop."""

    def __init__(self, manifest: Manifest, endpoints: Mapping[str, LoadedEndpoint]) -> None:
        self.manifest = manifest
        self.name = manifest.package
        self.endpoints = endpoints
        self.under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def endpoint(self, name: str) -> LoadedEndpoint:
        """One of its endpoints; NotFound if it has none of this name."""
        try:
            return self.endpoints[name]
        except KeyError:
            what = f"endpoint in generation {self.name} of {self.manifest.service} named"
            raise errors.NotFound.among(what, name, self.endpoints) from None

    def enter(self) -> None:
        """Stay loaded until `leave`."""
        self.under_way += 1
        self._idle.clear()

    def leave(self) -> None:
        """Say that a query is over."""
        self.under_way -= 1
        if not self.under_way:
            self._idle.set()

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Stay loaded until the block ends."""
        self.enter()
        try:
            yield
        finally:
            self.leave()

    async def retire(self) -> None:
        """Answer what is under way, then end; nothing new may be given to it any more."""
        await self._idle.wait()
        await close_all(self.endpoints.values())


async def close_all(endpoints: Iterable[LoadedEndpoint]) -> None:
    """End the workers of endpoints."""
    for endpoint in endpoints:
        await endpoint.close()
