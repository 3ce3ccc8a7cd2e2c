"""The workers of one endpoint: how many there are, who is asked next, what if one is lost."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Hashable, Sequence
from time import perf_counter
from typing import Any

from modelyard import errors
from modelyard.runtime.process import Lost
from modelyard.serving.asking import PoolStatus
from modelyard.serving.packages.types import PoolSettings
from modelyard.serving.pool.lines import Lines
from modelyard.serving.pool.query import Done, Query
from modelyard.serving.pool.worker import Place, Start

LOOKS_EVERY = 0.05
"""Seconds between two looks at who has waited too long, while anybody waits."""
QUIET_PASSES = 2
"""Passes of the event loop without another query: one reads what has arrived, one hands it on."""
GATHERS = 0.005
"""Seconds, at most, for which queries that arrive one after the other are gathered."""
PATIENCE = 0.1
"""Seconds that a query waits before one more worker is started, if there may be one."""
IDLE_AFTER = 60.0
"""Seconds without a call after which a worker beyond `cruise` is ended."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 30.0
"""Seconds until a worker is started after one was lost or did not start; twice as many after each
further time."""
ATTEMPTS = 2
"""How often a query is asked whose worker is lost over it."""
MEASURES_EVERY = 2.0
"""Seconds between two measurements of the workers' memory."""


class Pool:
    """Workers that answer queries; all of its methods belong to one event loop.

    A free worker takes at once whatever waits, up to a batch of rows with the same key. So a lone
    query waits for nothing, and the more there are, the more share a call. A query whose worker is
    lost is asked once more, alone.

    Args:
        name: what messages call that which is asked.
        settings: how many workers, how many calls may wait, and how long.
        start: starts a worker.
    """

    def __init__(self, name: str, settings: PoolSettings, start: Start) -> None:
        self._name = name
        self._settings = settings
        self._start_worker = start
        self._loop = asyncio.get_running_loop()
        self._timeout = settings.timeout / 1000
        self._lines = Lines(settings.batch)
        self._pending: deque[Query] = deque()
        self._places: set[Place] = set()
        self._free: list[Place] = []
        self._full: set[Place] = set()
        self._starting = 0
        self._failures = 0
        self._trouble: errors.ModelyardError | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._dispatching: asyncio.Handle | None = None
        self._arriving = False
        self._looking: asyncio.TimerHandle | None = None
        self._closed = False
        self._calls = self._lost = self._refused = 0

    async def open(self) -> None:
        """Start as many workers as there always are.

        Raises:
            ModelyardError: one does not start; none is left.
        """
        self._starting += self._settings.floor
        starts = (self._start_one() for _ in range(self._settings.floor))
        try:
            ends = await asyncio.gather(*starts, return_exceptions=True)
        except BaseException:
            await self.close()
            raise
        for failed in filter(None, ends):
            await self.close()
            raise failed
        self._task(self._measure())

    def status(self) -> PoolStatus:
        """How it is doing."""
        return PoolStatus(
            workers=len(self._places),
            busy=len(self._places) - len(self._free),
            starting=self._starting,
            waiting=len(self._lines),
            queued=self._lines.calls(),
            memory=sum(place.used for place in self._places),
            calls=self._calls,
            restarts=self._lost,
            refused=self._refused,
        )

    async def ask(self, key: Hashable, payload: Any, size: int) -> Done:
        """Have a worker answer.

        Args:
            key: queries of the same key may share a call.
            payload: what the worker is given.
            size: rows of it.

        Raises:
            Unavailable: too many wait (`reason` in its context: `full`), it waited too long
                (`late`), its worker took too long (`overdue`) or was lost (`lost`), no worker
                starts (`down`), or the pool is closed (`closed`).
            ModelyardError: what the worker itself answered.
        """
        answered: asyncio.Future[Done] = self._loop.create_future()
        query = Query(key, payload, size, self._loop.time(), perf_counter(), answered)
        self._admit(query)
        self._pending.append(query)
        self._lines.add(query)
        self._dispatch_soon()
        if self._looking is None:
            self._looking = self._loop.call_later(min(LOOKS_EVERY, self._timeout), self._look)
        return await query.answered

    async def close(self) -> None:
        """End every worker; queries under way fail."""
        self._closed = True
        if self._looking is not None:
            self._looking.cancel()
        for query in self._pending:
            self._refuse(query, "closed", f"the workers of {self._name} were ended")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        places, self._places, self._free = self._places, set(), []
        await asyncio.gather(*(place.worker.end() for place in places))

    def _admit(self, query: Query) -> None:
        if self._closed:
            raise _unavailable("closed", f"the workers of {self._name} were ended")
        if self._trouble is not None and not self._places:
            raise self._down(self._trouble)
        waiting = self._lines.calls(query) - len(self._free)
        if waiting > self._settings.queue:
            self._refused += 1
            raise _unavailable(
                "full",
                f"{self._name} is busy: {self._lines.calls():,} calls of its workers wait already, "
                "and more may not; try again",
            )

    # Who is asked

    def _dispatch_soon(self) -> None:
        """Hand out what waits when all that arrived at the same moment is there."""
        self._arriving = True
        if self._dispatching is None:
            until = self._loop.time() + GATHERS
            self._dispatching = self._loop.call_soon(self._gather, QUIET_PASSES, until)

    def _gather(self, quiet: int, until: float) -> None:
        """Let the loop read what has arrived, and hand out when its next passes bring no more.

        Nobody is waited for: a lone query loses only the passes themselves, some microseconds.
        """
        if self._arriving:
            self._arriving, quiet = False, QUIET_PASSES
        if quiet and self._free and self._loop.time() < until:
            self._dispatching = self._loop.call_soon(self._gather, quiet - 1, until)
        else:
            self._dispatch()

    def _dispatch(self) -> None:
        self._dispatching = None
        self._refuse_overdue()
        while self._free and (queries := self._lines.take()):
            self._task(self._call(self._free.pop(), queries))

    async def _call(self, place: Place, queries: list[Query]) -> None:
        began = perf_counter()
        hangs = Lost("overdue", f"did not answer within {self._timeout:g} s")
        watch = self._loop.call_later(self._timeout, place.worker.stop, hangs)
        try:
            values = await place.worker.ask(queries[0].key, [query.payload for query in queries])
            self._hand_out(queries, values, began)
        except Lost as lost:
            await self._lose(place, queries, lost)
            return
        except errors.ModelyardError as error:
            self._fail(queries, error)
        except Exception as exc:  # noqa: BLE001  a surprise may cost a worker, not the pool
            await self._lose(place, queries, Lost("garbled", f"was not understood ({exc!r})"))
            return
        finally:
            watch.cancel()
        self._calls += 1
        self._failures = 0
        self._release(place, many=len(queries) > 1)

    def _hand_out(self, queries: list[Query], values: Sequence[Any], began: float) -> None:
        ran = perf_counter() - began
        rows = sum(query.size for query in queries)
        for query, value in list(zip(queries, values, strict=True)):
            if not query.answered.done():
                query.answered.set_result(Done(value, began - query.arrived, ran, rows))

    def _fail(self, queries: list[Query], error: errors.ModelyardError) -> None:
        """Give an error to the one it is for; where several asked, ask again for each alone."""
        for query in queries:
            if len(queries) > 1:
                self._lines.put_back(query)
            elif not query.answered.done():
                query.answered.set_exception(error)

    def _release(self, place: Place, *, many: bool = False) -> None:
        """Have a free worker take what waits; `many` were just answered, and may ask again."""
        place.since = self._loop.time()
        if place in self._full and len(self._places) > 1:
            self._full.discard(place)
            self._places.discard(place)
            self._task(place.worker.end())
            self._keep_up()
            return
        self._free.append(place)
        if many:
            self._dispatch_soon()
        else:
            self._dispatch()

    # Who has waited too long

    def _look(self) -> None:
        self._looking = None
        self._refuse_overdue()
        self._pending = deque(query for query in self._pending if not query.answered.done())
        now = self._loop.time()
        if any(query.came + PATIENCE <= now for query in self._lines):
            self._grow()
        if self._pending:
            self._looking = self._loop.call_later(min(LOOKS_EVERY, self._timeout), self._look)

    def _refuse_overdue(self) -> None:
        """Refuse all that should have been answered by now; who came first is the first."""
        latest = self._loop.time() - self._timeout
        if not self._pending or self._pending[0].came > latest:
            return
        waiting = set(self._lines)
        while self._pending and self._pending[0].came <= latest:
            query = self._pending.popleft()
            if not query.answered.done():
                self._refuse_late(query, waits=query in waiting)
        self._lines.drop_answered()

    def _refuse_late(self, query: Query, *, waits: bool) -> None:
        within = f"within {self._timeout:g} s"
        if waits:
            self._refuse(query, "late", f"no worker of {self._name} was free {within}; try again")
        else:
            self._refuse(query, "overdue", f"{self._name} did not answer {within}")

    def _refuse(self, query: Query, reason: str, detail: str) -> None:
        if not query.answered.done():
            self._refused += 1
            query.answered.set_exception(_unavailable(reason, detail))

    # How many workers there are

    def _grow(self) -> None:
        """Start one more worker: beyond `cruise` only if more waits than one call could answer."""
        most = self._settings.ceil if self._lines.calls() > 1 else self._settings.cruise
        if self._starting == 0 and len(self._places) < most:
            self._start_soon()

    def _keep_up(self) -> None:
        """Replace what is missing of those that there always are."""
        there = len(self._places - self._full) + self._starting
        for _ in range(self._settings.floor - there):
            self._start_soon()

    def _start_soon(self) -> None:
        if not self._closed:
            self._starting += 1
            self._task(self._start_after_pause())

    async def _start_after_pause(self) -> None:
        """Start a worker, after a pause if the last ones were lost or did not start."""
        try:
            if self._failures:
                pause = FIRST_PAUSE * 2 ** min(self._failures - 1, 12)
                await asyncio.sleep(min(LONGEST_PAUSE, pause))
        except BaseException:
            self._starting -= 1
            raise
        try:
            await self._start_one()
        except errors.ModelyardError as error:
            self._failures += 1
            self._trouble = error
            if not self._places:
                self._refuse_all(error)
            self._keep_up()

    async def _start_one(self) -> None:
        """Start a worker that is counted among those that are starting."""
        places = list[Place]()
        try:
            worker = await self._start_worker(lambda: self._died_idle(places))
        finally:
            self._starting -= 1
        self._trouble = None
        place = Place(worker, self._loop.time())
        places.append(place)
        self._places.add(place)
        self._release(place)
        for full in [each for each in self._full if each in self._free]:
            self._free.remove(full)
            self._release(full)

    def _refuse_all(self, error: errors.ModelyardError) -> None:
        for query in self._lines:
            if not query.answered.done():
                query.answered.set_exception(self._down(error))
        self._lines.drop_answered()

    def _died_idle(self, places: list[Place]) -> None:
        for place in places:
            if place in self._free:
                self._free.remove(place)
                lost = Lost("died", "died while nobody asked it")
                self._task(self._lose(place, [], lost))

    async def _lose(self, place: Place, queries: Sequence[Query], lost: Lost) -> None:
        """Replace a worker, and ask its queries once more where that may help."""
        self._lost += 1
        self._failures += 1
        self._places.discard(place)
        self._full.discard(place)
        for query in queries:
            query.deaths += 1
            if lost.cause == "overdue":
                self._refuse(query, "overdue", f"{self._name} {lost.happened}; it was stopped")
            elif query.deaths < ATTEMPTS:
                self._lines.put_back(query)
            else:
                self._refuse(query, "lost", f"{self._name} {lost.happened} when it was asked")
        self._keep_up()
        self._dispatch()
        await place.worker.end()

    async def _measure(self) -> None:
        """Measure memory now and then, and end workers that are not needed."""
        while not self._closed:
            await asyncio.sleep(MEASURES_EVERY)
            for place in list(self._places):
                place.measured(await asyncio.to_thread(place.worker.memory))
                if place.used > place.worker.memory_limit:
                    used = f"used {place.used >> 20:,} MiB of memory"
                    self._give_up(place, Lost("memory", used))
                elif place.is_filling and place not in self._full:
                    self._full.add(place)
                    self._keep_up()
            self._shrink()

    def _give_up(self, place: Place, lost: Lost) -> None:
        if place in self._free:
            self._free.remove(place)
            self._task(self._lose(place, [], lost))
        elif place in self._places:
            place.worker.stop(lost)

    def _shrink(self) -> None:
        now = self._loop.time()
        idle = [place for place in self._free if place.since + IDLE_AFTER <= now]
        for place in idle[: max(0, len(self._places) - self._settings.cruise)]:
            self._free.remove(place)
            self._places.discard(place)
            self._task(place.worker.end())

    def _task(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _down(self, error: errors.ModelyardError) -> errors.Unavailable:
        return _unavailable("down", f"no worker of {self._name} starts: {error.detail}")


def _unavailable(reason: str, detail: str) -> errors.Unavailable:
    return errors.Unavailable(detail, reason=reason, retry_after=1)
