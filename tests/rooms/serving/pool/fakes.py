"""Workers that are only thought of: they answer in this process, as a test tells them."""

from __future__ import annotations

import asyncio

from modelyard.serving.packages.types import PoolSettings
from modelyard.serving.pool import Pool


class Echo:
    """Gives every payload back, with the key that it came by; remembers each call."""

    memory_limit = 1 << 30

    def __init__(self, *, pause=0.0):
        self.calls = []
        self.pause = pause
        self.used = 0
        self.ended = False
        self.stopped = asyncio.get_running_loop().create_future()
        self.hurried = asyncio.get_running_loop().create_future()
        self.died_idle = None

    async def ask(self, key, payloads):
        self.calls.append((key, list(payloads)))
        await self.answer(payloads)
        return [(key, payload) for payload in payloads]

    async def answer(self, payloads):
        ends = [self.stopped, self.hurried]
        await asyncio.wait(ends, timeout=self.pause, return_when=asyncio.FIRST_COMPLETED)
        if self.stopped.done():
            self.stopped.result()

    def hurry(self):
        """Answer without a pause from now on."""
        self.hurried.set_result(None)

    def memory(self):
        return self.used

    def stop(self, lost):
        if not self.stopped.done():
            self.stopped.set_exception(lost)

    async def end(self):
        self.ended = True


class Company:
    """Makes the workers of a pool and keeps them all."""

    def __init__(self, make=Echo):
        self.make = make
        self.hired = []

    async def start(self, died_idle):
        worker = self.make()
        worker.died_idle = died_idle
        self.hired.append(worker)
        return worker


async def opened(make=Echo, **settings):
    """A pool of workers that `make` makes, and these."""
    company = Company(make)
    given = {"floor": 1, "cruise": 1, "ceil": 1, **settings}
    pool = Pool("the model", PoolSettings(**given), company.start)
    await pool.open()
    return pool, company.hired


async def refusals(*asked):
    """What became of queries: the value, or the reason why they were refused."""
    told = await asyncio.gather(*asked, return_exceptions=True)
    return [
        each.context.get("reason", each.code) if isinstance(each, Exception) else each.value
        for each in told
    ]
