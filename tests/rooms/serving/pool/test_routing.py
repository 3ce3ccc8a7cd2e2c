"""However queries are mixed, batched, slowed and lost, each gets its own answer or none."""

from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.serving.pool.fakes import Echo, opened

from modelyard import errors
from modelyard.runtime.process import Lost
from modelyard.serving.pool import pool as pools

QUERIES = 20_000


class Moody(Echo):
    """Answers sooner or later; sometimes it refuses a whole call, or dies over it."""

    def __init__(self, dice, odds):
        super().__init__()
        self.dice = dice
        self.odds = odds

    async def answer(self, payloads):
        for _ in range(self.dice.randrange(4)):
            await asyncio.sleep(0)
        mood = self.dice.random()
        if mood < self.odds:
            raise Lost("died", "was killed")
        if mood < 2 * self.odds:
            raise errors.Failed("in no mood")


async def ask_all(pool, queries, at_once):
    """Ask queries, `at_once` at a time; the number answered."""
    waiting = iter(queries)
    answered = 0

    async def caller():
        nonlocal answered
        for number, (key, size) in waiting:
            payload = [(number, row) for row in range(size)]
            try:
                done = await pool.ask(key, payload, size)
            except errors.ModelyardError:
                continue
            assert done.value == (key, payload)
            assert done.batch >= size
            answered += 1

    await asyncio.gather(*(caller() for _ in range(at_once)))
    return answered


def mixed(dice, count):
    """Queries of several keys; most have one row."""
    for number in range(count):
        yield number, (dice.choice("abc"), dice.choice((1, 1, 1, 1, 3, 100)))


def test_none_of_many_mixed_queries_gets_the_answer_of_another():
    async def run():
        dice = random.Random(11)
        pool, workers = await opened(
            lambda: Moody(dice, 0.0), floor=3, cruise=3, ceil=3, queue=1000, batch=16
        )
        answered = await ask_all(pool, mixed(dice, QUERIES), at_once=200)
        await pool.close()
        return answered, sum(len(worker.calls) for worker in workers)

    answered, calls = asyncio.run(run())
    assert answered == QUERIES
    assert calls < QUERIES / 2, "most of them shared a call"


@pytest.fixture(autouse=True, scope="module")
def _restless():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pools, "FIRST_PAUSE", 0.0)
        yield


@given(st.integers(0, 2**32), st.integers(1, 20), st.integers(1, 4))
def test_losses_and_refusals_mix_no_answers(seed, batch, workers):
    async def run():
        dice = random.Random(seed)
        pool, hired = await opened(
            lambda: Moody(dice, 0.02), floor=workers, cruise=4, ceil=4, queue=1000, batch=batch
        )
        answered = await ask_all(pool, mixed(dice, 100), at_once=30)
        status = pool.status()
        await pool.close()
        assert (status.waiting, status.busy, status.queued) == (0, 0, 0)
        assert all(worker.ended for worker in hired)
        return answered

    assert asyncio.run(run()) > 50
