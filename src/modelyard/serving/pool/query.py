"""One query on its way through a pool."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple


class Done(NamedTuple):
    """What became of a query."""

    value: Any
    """What the worker answered to it."""
    waited: float
    """Seconds until a worker took it."""
    ran: float
    """Seconds that the worker's call took."""
    batch: int
    """Rows of that call, its own among them."""


@dataclass(slots=True, eq=False)
class Query:
    """Rows that are asked for together, and whoever waits for the answer."""

    key: Hashable
    """Queries of the same key may be answered by one call."""
    payload: Any
    size: int
    """Rows."""
    came: float
    """When, by the clock of the event loop."""
    arrived: float
    """The same by a clock that tells microseconds, as the loop's need not."""
    answered: asyncio.Future[Done]
    deaths: int = 0
    """Workers that were lost over it."""
    alone: bool = False
    """It shares no call, as one that it shared went wrong."""
