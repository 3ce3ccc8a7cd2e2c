"""Where commands run: a bounded number of threads, and a bounded queue before them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from modelyard import errors

P = ParamSpec("P")
R = TypeVar("R")

BUSY = "the server has more to do than it can; try again later"


class Threads:
    """Runs functions off the event loop."""

    def __init__(self, count: int, *, waiting: int, patience: float) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="command")
        self._most = count + waiting
        self._patience = patience
        self._under_way: set[Future[Any]] = set()

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run it in a thread and give back what it returns.

        Raises:
            Unavailable: too many wait already, or its turn does not come.
        """
        if len(self._under_way) >= self._most:
            raise errors.Unavailable(BUSY)
        future = self._pool.submit(function, *args, **kwargs)
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        # Cancelling does nothing to what has begun.
        too_late = asyncio.get_running_loop().call_later(self._patience, future.cancel)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError as exc:
            if _is_cancelled():
                raise
            raise errors.Unavailable(BUSY) from exc
        finally:
            too_late.cancel()

    def close(self) -> None:
        """Forget what waits, and begin nothing more; what runs may end."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _is_cancelled() -> bool:
    """Whether it is the asking task that was cancelled, rather than what it asked for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
