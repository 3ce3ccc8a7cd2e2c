"""Looking into the inbox of a node now and then."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

LOG = logging.getLogger("modelyard.node")


class Inbox:
    """Calls `take`, which may block, every few seconds."""

    def __init__(self, seconds: float, take: Callable[[], None]) -> None:
        self._seconds = seconds
        self._take = take
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.ensure_future(self._look())

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            try:
                await asyncio.to_thread(self._take)
            except Exception:
                LOG.exception("the inbox could not be read")
