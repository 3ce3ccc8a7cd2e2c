"""What a pool asks of a worker, and what it remembers of one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, Protocol

from modelyard.runtime.process import Lost

FULL = 0.9
"""A worker that grows beyond this part of its memory is replaced when another one is there."""


class Worker(Protocol):
    """What a pool asks, one call at a time."""

    memory_limit: int
    """Bytes."""

    async def ask(self, key: Hashable, payloads: Sequence[Any]) -> Sequence[Any]:
        """Answer the payloads of some queries, each with one value, in their order.

        Raises:
            Lost: the worker is gone.
            ModelyardError: nothing can be told of any.
        """
        ...

    def memory(self) -> int:
        """Bytes that it uses; called from a thread."""
        ...

    def stop(self, lost: Lost) -> None:
        """Make the call that is under way fail with `lost`, and end at once."""
        ...

    async def end(self) -> None:
        """End; more than once is harmless."""
        ...


Start = Callable[[Callable[[], None]], Awaitable[Worker]]
"""Starts a worker; what it is given is to be called if the worker dies while nobody asks it."""


class Place:
    """A worker in its pool."""

    def __init__(self, worker: Worker, now: float) -> None:
        self.worker = worker
        self.since = now
        """When it was last asked."""
        self.used = 0
        """Bytes of memory when it was last measured."""
        self.at_first = 0
        """The same when it was measured first."""

    def measured(self, used: int) -> None:
        """Remember how much memory the worker uses."""
        self.used = used
        self.at_first = self.at_first or used

    @property
    def is_filling(self) -> bool:
        """Whether it has grown since it started, and is nearly as large as it may be."""
        limit = self.worker.memory_limit
        return self.used > FULL * limit and self.used - self.at_first > (1 - FULL) * limit
