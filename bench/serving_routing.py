"""A million mixed queries through a pool, some workers lost: does each get its own answer?

    python bench/serving_routing.py [--queries 1000000]

The workers are in this process and give back what they are given. A query has 1, 3 or 100 rows and
one of three keys; 2,000 are asked at once. Every thousandth call kills its worker.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any

import uvloop

from modelyard import errors
from modelyard.runtime.process import Lost
from modelyard.serving.packages.types import PoolSettings
from modelyard.serving.pool import Pool
from modelyard.serving.pool import pool as pools

ASKED_AT_ONCE = 2_000
DICE = random.Random(7)


class Echo:
    """Gives payloads back with their key, after a moment; or dies."""

    memory_limit = 1 << 60

    async def ask(self, key: Hashable, payloads: Sequence[Any]) -> Sequence[Any]:
        """Give them back."""
        for _ in range(DICE.randrange(4)):
            await asyncio.sleep(0)
        if DICE.random() < 0.001:
            raise Lost("died", "was killed")
        return [(key, payload) for payload in payloads]

    def memory(self) -> int:
        """Nothing worth telling."""
        return 0

    def stop(self, lost: Lost) -> None:
        """It never hangs."""

    async def end(self) -> None:
        """It has nothing to end."""


async def hire(_died: Callable[[], None]) -> Echo:
    """Start a worker."""
    return Echo()


def mixed(count: int) -> Iterator[tuple[int, str, int]]:
    """Queries: a number, a key, so many rows."""
    for number in range(count):
        yield number, DICE.choice("abc"), DICE.choice((1, 1, 1, 1, 1, 1, 3, 100))


async def main() -> None:
    """Ask, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--queries", type=int, default=1_000_000)
    count = parser.parse_args().queries
    pools.FIRST_PAUSE = 0.0
    settings = PoolSettings(floor=4, cruise=4, ceil=4, queue=100_000, timeout=600_000)
    pool = Pool("echo", settings, hire)
    await pool.open()
    waiting = mixed(count)
    told = {"its own answer": 0, "another's answer": 0, "refused": 0}

    async def caller() -> None:
        for number, key, size in waiting:
            payload = [(number, row) for row in range(size)]
            try:
                done = await pool.ask(key, payload, size)
            except errors.Unavailable:
                told["refused"] += 1
                continue
            told["its own answer" if done.value == (key, payload) else "another's answer"] += 1

    started = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(ASKED_AT_ONCE)))
    status = pool.status()
    await pool.close()
    spent = time.perf_counter() - started
    print(f"{count:,} queries in {spent:.0f} s by {status.calls:,} calls, {status.restarts} lost")
    print(", ".join(f"{what}: {many:,}" for what, many in told.items()))


if __name__ == "__main__":
    uvloop.run(main())
