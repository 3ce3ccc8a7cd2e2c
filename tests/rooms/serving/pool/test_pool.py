"""How many workers there are, who waits how long, and what happens when one is lost."""

from __future__ import annotations

import asyncio

import pytest
from tests.rooms.serving.pool.fakes import Company, Echo, opened, refusals

from modelyard import errors
from modelyard.runtime.process import Lost
from modelyard.serving.packages.types import PoolSettings
from modelyard.serving.pool import Pool
from modelyard.serving.pool import pool as pools


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    """What takes seconds takes moments."""
    for name, seconds in {
        "LOOKS_EVERY": 0.01,
        "PATIENCE": 0.02,
        "IDLE_AFTER": 0.05,
        "FIRST_PAUSE": 0.001,
        "MEASURES_EVERY": 0.01,
    }.items():
        monkeypatch.setattr(pools, name, seconds)


async def until(condition):
    """Wait until something holds."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.002)


def asking(pool, *payloads, key="k"):
    return [asyncio.ensure_future(pool.ask(key, payload, 1)) for payload in payloads]


class Fatal(Echo):
    """Dies of the payload `poison`."""

    async def answer(self, payloads):
        await asyncio.sleep(0)
        if "poison" in payloads:
            raise Lost("died", "was killed")


async def busied(pool, payload, busy=1):
    """A query that a worker is at, which makes so many busy."""
    asked = asking(pool, payload)
    await until(lambda: pool.status().waiting == 0 and pool.status().busy == busy)
    return asked


def test_a_lone_query_waits_for_nothing_and_those_behind_it_share_a_call():
    async def run():
        pool, (worker,) = await opened(lambda: Echo(pause=1000))
        first = await busied(pool, 0)
        more = [*asking(pool, 1, 2, 3), *asking(pool, 4, key="other")]
        await asyncio.sleep(0)
        worker.hurry()
        await asyncio.gather(*first, *more)
        await pool.close()
        return worker.calls

    assert asyncio.run(run()) == [("k", [0]), ("k", [1, 2, 3]), ("other", [4])]


def test_what_arrives_at_once_shares_a_call_and_says_so():
    async def run():
        pool, _ = await opened(batch=4)
        done = await asyncio.gather(*asking(pool, *range(6)))
        await pool.close()
        return [each.batch for each in done]

    assert asyncio.run(run()) == [4, 4, 4, 4, 2, 2]


def test_more_calls_than_may_wait_are_refused_at_once():
    async def run():
        pool, (worker,) = await opened(lambda: Echo(pause=1000), queue=2, batch=3)
        await busied(pool, "busy")
        more = asking(pool, *range(8))
        await until(lambda: pool.status().refused)
        queued = pool.status().queued
        worker.hurry()
        told = await refusals(*more)
        await pool.close()
        return told, queued

    told, queued = asyncio.run(run())
    assert told == [("k", number) for number in range(6)] + ["full", "full"]
    assert queued == 2


def test_with_no_queue_whoever_finds_no_free_worker_is_refused():
    async def run():
        two = {"queue": 0, "floor": 2, "cruise": 2, "ceil": 2}
        pool, workers = await opened(lambda: Echo(pause=1000), **two)
        first = await busied(pool, 0)
        second = await busied(pool, 1, busy=2)
        (third,) = await refusals(*asking(pool, 2))
        for worker in workers:
            worker.hurry()
        told = await refusals(*first, *second)
        await pool.close()
        return told, third

    assert asyncio.run(run()) == ([("k", 0), ("k", 1)], "full")


def test_who_waits_too_long_is_refused_and_a_worker_that_hangs_is_replaced():
    async def run():
        pool, workers = await opened(lambda: Echo(pause=1000), timeout=50, batch=1)
        told = await refusals(*asking(pool, 1, 2))
        await until(lambda: pool.status().restarts and pool.status().workers == 1)
        workers[-1].pause = 0
        (fine,) = await refusals(*asking(pool, 3))
        await pool.close()
        return told, fine, [worker.ended for worker in workers]

    told, fine, ended = asyncio.run(run())
    assert told == ["overdue", "late"]
    assert fine == ("k", 3)
    assert ended == [True, True]


def test_a_query_that_kills_two_workers_is_refused_and_those_beside_it_are_answered():
    async def run():
        pool, workers = await opened(Fatal)
        told = await refusals(*asking(pool, 1, "poison", 2))
        await pool.close()
        return told, len(workers)

    told, workers = asyncio.run(run())
    assert told == [("k", 1), "lost", ("k", 2)]
    assert workers == 3


def test_a_call_that_fails_for_one_is_made_for_each_alone():
    class Strict(Echo):
        async def answer(self, payloads):
            if "bad" in payloads:
                raise errors.Invalid("bad")

    async def run():
        pool, (worker,) = await opened(Strict)
        told = await refusals(*asking(pool, 1, "bad", 2))
        await pool.close()
        return told, worker.calls[1:]

    told, calls = asyncio.run(run())
    assert told == [("k", 1), "invalid", ("k", 2)]
    assert calls == [("k", [1]), ("k", ["bad"]), ("k", [2])]


def test_a_worker_that_answers_nonsense_is_replaced():
    class Odd(Echo):
        async def ask(self, key, payloads):
            return []

    async def run():
        pool, workers = await opened(Odd)
        told = await refusals(*asking(pool, 1))
        await pool.close()
        return told, len(workers)

    assert asyncio.run(run()) == (["lost"], 2)


def test_there_are_more_workers_while_queries_wait_and_fewer_when_it_is_calm():
    async def run():
        pool, workers = await opened(lambda: Echo(pause=0.2), ceil=3, cruise=2, batch=1)
        asked = asking(pool, *range(12))
        await until(lambda: pool.status().workers == 3)
        await asyncio.gather(*asked)
        await until(lambda: pool.status().workers == 2)
        await asyncio.sleep(0.1)
        calm = pool.status().workers
        await pool.close()
        return calm, len(workers)

    assert asyncio.run(run()) == (2, 3)


def test_what_one_call_could_answer_calls_for_no_more_workers_than_cruise():
    async def run():
        pool, workers = await opened(lambda: Echo(pause=1000), ceil=3, cruise=2, queue=100)
        asked = asking(pool, *range(5))
        await until(lambda: pool.status().busy == 1)
        more = asking(pool, *range(5))
        await until(lambda: pool.status().busy == 2)
        last = asking(pool, *range(5))
        await asyncio.sleep(0.2)
        there = pool.status().workers
        for worker in workers:
            worker.hurry()
        await asyncio.gather(*asked, *more, *last)
        await pool.close()
        return there, len(workers)

    assert asyncio.run(run()) == (2, 2)


def test_a_worker_that_dies_while_nobody_asks_is_replaced():
    async def run():
        pool, workers = await opened()
        workers[0].died_idle()
        (told,) = await refusals(*asking(pool, 1))
        await pool.close()
        return told, [worker.ended for worker in workers], pool.status().restarts

    assert asyncio.run(run()) == (("k", 1), [True, True], 1)


def test_a_worker_that_grows_nearly_full_is_replaced_when_another_is_there():
    async def run():
        pool, workers = await opened()
        workers[0].used = int(0.5 * Echo.memory_limit)
        await until(lambda: pool.status().memory == workers[0].used)
        workers[0].used = int(0.95 * Echo.memory_limit)
        await until(lambda: workers[0].ended)
        (told,) = await refusals(*asking(pool, 1))
        status = pool.status()
        await pool.close()
        return told, len(workers), status.restarts

    assert asyncio.run(run()) == (("k", 1), 2, 0)


def test_a_model_that_is_large_from_the_start_stays():
    async def run():
        pool, workers = await opened()
        workers[0].used = int(0.95 * Echo.memory_limit)
        await until(lambda: pool.status().memory == workers[0].used)
        await asyncio.sleep(0.05)
        await pool.close()
        return len(workers)

    assert asyncio.run(run()) == 1


def test_a_worker_that_uses_too_much_is_stopped_and_its_query_asked_again():
    pauses = iter((1000, 0))

    async def run():
        pool, workers = await opened(lambda: Echo(pause=next(pauses)))
        asked = asking(pool, 1)
        await until(lambda: workers[0].calls)
        workers[0].used = 2 * Echo.memory_limit
        (told,) = await refusals(*asked)
        await pool.close()
        return told, [worker.ended for worker in workers]

    assert asyncio.run(run()) == (("k", 1), [True, True])


class Broken(Company):
    """Starts no more workers once told."""

    broken = False

    async def start(self, died_idle):
        if self.broken:
            raise errors.Failed("the model does not load")
        return await super().start(died_idle)


def test_what_does_not_start_is_told_at_once_and_tried_again():
    async def run():
        company = Broken()
        pool = Pool("the model", PoolSettings(cruise=1, ceil=1), company.start)
        await pool.open()
        company.broken = True
        company.hired[0].died_idle()
        waited = await refusals(*asking(pool, 1))
        at_once = await refusals(*asking(pool, 2))
        company.broken = False
        await until(lambda: pool.status().workers == 1)
        fine = await refusals(*asking(pool, 3))
        await pool.close()
        return waited, at_once, fine

    assert asyncio.run(run()) == (["down"], ["down"], [("k", 3)])


def test_a_pool_whose_workers_do_not_start_does_not_open():
    async def run():
        company = Broken()
        company.broken = True
        pool = Pool("the model", PoolSettings(floor=2), company.start)
        with pytest.raises(errors.Failed, match="does not load"):
            await pool.open()
        return await refusals(*asking(pool, 1))

    assert asyncio.run(run()) == ["closed"]


def test_of_workers_of_which_one_does_not_start_none_is_left():
    class Lame(Company):
        async def start(self, died_idle):
            if not self.hired:
                await super().start(died_idle)
                await asyncio.sleep(0.02)
                return self.hired[0]
            raise errors.Failed("there is room for one")

    async def run():
        company = Lame()
        pool = Pool("the model", PoolSettings(floor=2), company.start)
        with pytest.raises(errors.Failed, match="room for one"):
            await pool.open()
        return [worker.ended for worker in company.hired]

    assert asyncio.run(run()) == [True]


def test_closing_refuses_what_is_under_way_and_ends_all():
    async def run():
        pool, workers = await opened(lambda: Echo(pause=1000), batch=1)
        asked = asking(pool, 1, 2)
        await until(lambda: workers[0].calls)
        await pool.close()
        return await refusals(*asked, *asking(pool, 3)), workers[0].ended

    assert asyncio.run(run()) == (["closed"] * 3, True)


def test_whose_caller_has_gone_is_not_asked():
    async def run():
        pool, (worker,) = await opened(lambda: Echo(pause=1000))
        first = await busied(pool, 0)
        gone, kept = asking(pool, 1, 2)
        await asyncio.sleep(0)
        gone.cancel()
        worker.hurry()
        await asyncio.gather(*first, kept)
        await pool.close()
        return worker.calls

    assert asyncio.run(run()) == [("k", [0]), ("k", [2])]


def test_callers_who_were_answered_together_are_asked_together_again():
    async def run():
        pool, (worker,) = await opened()

        async def caller(number):
            for turn in range(5):
                await pool.ask("k", (number, turn), 1)
                for _ in range(number % 2):  # some take a turn of the loop more to ask again
                    await asyncio.sleep(0)

        await asyncio.gather(*map(caller, range(8)))
        await pool.close()
        return [len(payloads) for _, payloads in worker.calls]

    assert asyncio.run(run()) == [8] * 5
