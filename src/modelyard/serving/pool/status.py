"""How a pool is doing, for those who watch it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PoolStatus:
    """A moment of a pool; the counts are since it was opened."""

    workers: int = 0
    """Those that can be asked."""
    busy: int = 0
    starting: int = 0
    waiting: int = 0
    """Queries that wait for a worker."""
    queued: int = 0
    """Calls of a worker that those make: what `queue` limits."""
    memory: int = 0
    """Bytes that the workers used when it was looked last."""
    calls: int = 0
    """Calls that workers answered; one may answer many queries."""
    lost: int = 0
    """Workers that died, hung or took too much memory, and were replaced."""
    refused: int = 0
    """Queries that were refused since too many waited, or for too long."""
