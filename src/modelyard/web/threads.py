"""Where commands run: a bounded number of threads, and a bounded queue before them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from modelyard import errors

P = ParamSpec("P")
R = TypeVar("R")


class Threads:
    """Runs functions off the event loop."""

    def __init__(self, count: int, waiting: int) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="command")
        self._most = count + waiting
        self._asked = 0

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run it in a thread and give back what it returns.

        Raises:
            Unavailable: too many wait already.
        """
        if self._asked >= self._most:
            raise errors.Unavailable("the server has more to do than it can; try again later")
        self._asked += 1
        try:
            future = self._pool.submit(function, *args, **kwargs)
            return await asyncio.wrap_future(future)
        finally:
            self._asked -= 1

    def close(self) -> None:
        """Let what runs end, and forget what waits."""
        self._pool.shutdown(wait=True, cancel_futures=True)
